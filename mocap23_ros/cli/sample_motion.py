# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 sample-motion``: 2D motion that the network of stage 1 draws by itself."""

import argparse
import sys
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from mocap23_ros.cli.option_checks import check_numbers
from mocap23_ros.errors import InputError

if TYPE_CHECKING:  # torch is only imported when the command runs
    from numpy.typing import NDArray

    from mocap23_ros.experiments.motion_sampling import SampledScene
    from mocap23_ros.skeletons.skeleton_format import SkeletonFormat

_VIEWS = ('real', 'virtual', 'virtual1', 'virtual2', 'virtual3')
_GENERATED = 'generated'
_LARGEST_PICTURE = 24  # strips


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument('--weights', type=Path, required=True,
                        help='of stage 1 (mocap23 train pretrain); of later stages the view '
                        'attention is left out')
    parser.add_argument('--out', type=Path, required=True,
                        help='folder for motion.npz and motion.png')
    parser.add_argument('--views', nargs='+', choices=_VIEWS,
                        help='virtual: all three (default: all four; with a recording real, in '
                        'which alone it was seen)')
    parser.add_argument('--samples', type=int, default=4, metavar='N',
                        help='draws, 1 to 256 (default %(default)s)')
    parser.add_argument('--steps', type=int, default=50, metavar='N',
                        help='denoising steps, 1 to 1000 (default %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='of the draws, and of generated motion')
    parser.add_argument('--inpaint', metavar='KEYPOINTS.npz|generated',
                        help='keep what a recording (as mocap23 lift takes it) or motion made by '
                        'rules shows, and imagine the rest')
    parser.add_argument('--hide', nargs='+', metavar='PART|JOINT',
                        help='of --inpaint, not shown: legs, arms, head, late (the second half '
                        'of the time) or joints (default: nothing; of generated motion legs)')
    parser.add_argument('--threads', type=int, help='CPU threads of torch')


def run(arguments: argparse.Namespace) -> int:
    """Draw, write both files; raises InputError for bad arguments."""
    check_numbers(arguments, samples=(1, 256), steps=(1, 1000), seed=(0, 2 ** 31),
                  threads=(1, inf))
    if arguments.hide and arguments.inpaint is None:
        raise InputError('--hide goes with --inpaint')
    recorded = arguments.inpaint not in (None, _GENERATED)
    names = _views(arguments.views or (['real'] if recorded else ['real', 'virtual']))
    if recorded and names != ['real']:
        raise InputError('a recording is seen in the real view alone: leave --views out')

    import numpy as np
    import torch

    from mocap23_ros.atomic_files import write_npz
    from mocap23_ros.experiments.motion_sampling import VIEW_NAMES, load_motion_model, sample_motion
    from mocap23_ros.writable_places import check_output_folder, check_writable

    check_output_folder(arguments.out)
    archive, picture = arguments.out / 'motion.npz', arguments.out / 'motion.png'
    for path in (archive, picture):
        check_writable(path)
    if arguments.threads is not None:
        torch.set_num_threads(arguments.threads)
    model, card = load_motion_model(arguments.weights)
    if card.get('stage') != 'pretrain':
        print(f'these weights are of stage {card.get("stage")}: their view attention is left out, '
              'and training for few steps taught them the mean, so that draws differ little; '
              'stage 1 (pretrain) is meant', file=sys.stderr)
    scene = _scene(arguments, model.tier.window_length, model.tier.rate, model.skeleton)
    kinds = [VIEW_NAMES.index(name) for name in names]
    points = sample_motion(model, scene, kinds, arguments.samples, arguments.steps,
                           arguments.seed).numpy()
    views = scene.views
    given = torch.cat([scene.point, scene.confidence[..., None]], dim=-1)[kinds].numpy()
    length = model.tier.window_length
    write_npz(archive, {
        'points': points, 'given': given, 'views': np.array(names),
        'stamps': np.arange(length) / model.tier.rate,
        'joint_names': np.array(model.skeleton.joint_names),
        'skeleton': np.array(model.skeleton.name), 'view_axes': views.axes[0, kinds].numpy(),
        'view_centre': views.centre[0, kinds].numpy(), 'anchor': scene.anchor.numpy(),
        'steps': np.array(arguments.steps), 'seed': np.array(arguments.seed),
        'stage': np.array(str(card.get('stage')))})
    _draw(picture, points, given[..., 2] > 0, names, model.skeleton)
    share = 'unconditional' if arguments.inpaint is None else \
        f'{float((given[..., 2] > 0).mean()):.0%} of the joints given'
    print(f'{arguments.samples} samples of {length / model.tier.rate:.1f} s in {", ".join(names)}, '
          f'{share} -> {archive}, {picture}')
    return 0


def _views(words: list[str]) -> list[str]:
    """Names of views, each once, in the order of the rig."""
    chosen = {name for word in words
              for name in (_VIEWS[2:] if word == 'virtual' else (word,))}
    return [name for name in _VIEWS if name in chosen]


def _scene(arguments: argparse.Namespace, length: int, rate: float,
           skeleton: 'SkeletonFormat') -> 'SampledScene':
    from mocap23_ros.datasets.training_windows import WindowSpec
    from mocap23_ros.experiments.sampled_scenes import (
        empty_scene,
        generated_scene,
        hide,
        recorded_scene,
    )

    window = WindowSpec(length, rate)
    if arguments.inpaint is None:
        return empty_scene(window, skeleton)
    if arguments.inpaint == _GENERATED:
        return hide(generated_scene(window, skeleton, arguments.seed),
                    arguments.hide or ['legs'], skeleton)
    path = Path(arguments.inpaint)
    scene = hide(recorded_scene(path, window, skeleton), arguments.hide or [], skeleton)
    if not bool((scene.confidence[0] > 0).any()):
        raise InputError(f'nothing of {path} is left to be shown; hide less with --hide')
    if bool((scene.confidence[0] > 0).all()):
        raise InputError(f'{path} shows every joint all the time, so there is nothing to imagine; '
                         'give --hide legs, arms, head, late or joints')
    return scene


def _draw(path: Path, points: 'NDArray', known: 'NDArray', names: list[str],
          skeleton: 'SkeletonFormat') -> None:
    import numpy as np

    from mocap23_ros.atomic_files import write_picture
    from mocap23_ros.datasets.motion_strips import draw_strips

    samples, count = points.shape[:2]
    # View by view, so that the draws of one stand below each other.
    order = [(n, v) for v in range(count) for n in range(max(1, min(
        samples, _LARGEST_PICTURE // count)))]
    write_picture(path, draw_strips(np.stack([points[n, v] for n, v in order]),
                                    np.stack([known[v] for _, v in order]),
                                    [f'{names[v]} {n}' for n, v in order], skeleton))
