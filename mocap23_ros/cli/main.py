# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Entry point of the ``mocap23`` command: a table of sub-commands, imported only when used."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from mocap23_ros import __version__
from mocap23_ros.blas_threads import one_blas_thread
from mocap23_ros.errors import InputError

DESCRIPTION = (
    'Metric 3D skeletons of people from one calibrated camera, from videos and 2D keypoints. '
    'mocap23 COMMAND --help says more of a command.')

# name -> (module below mocap23_ros.cli, one line of help). Each module offers
# add_arguments(parser) and run(arguments) -> exit status.
COMMANDS = {
    'lift': ('lift', 'lift 2D keypoints or a video to metric 3D motion'),
    'calibrate': ('calibrate', 'camera pose from people, targets or points; intrinsics from a '
                  'board'),
    'check': ('check', 'name mistakes in a set-up, from what the camera sees of people'),
    'evaluate': ('evaluate', 'metrics of motion against truth, all methods side by side'),
    'demo': ('demo', 'real video through the ROS node, with a report against the truth'),
    'bench': ('bench', 'latency, throughput and memory of every stage on this machine'),
    'export-motion': ('export_motion', 'lifted motion as BVH, glTF, TRC, C3D, CSV or TUM'),
    'train': ('train', 'train the lifter: pretrain, finetune, distill'),
    'ablate': ('ablate', 'the ablation table at a reduced budget'),
    'evaluate-steps': ('evaluate_steps', 'denoising steps, forms of triangulation and precisions'),
    'evaluate-detectors': ('evaluate_detectors', 'detectors side by side on people who are known'),
    'detector-noise': ('fit_detector_noise', 'how a 2D detector errs, for training and lifting'),
    'draw-samples': ('draw_samples', 'draw what the network is fed in training'),
    'sample-motion': ('sample_motion', 'draw 2D motion from the network of stage 1'),
    'export': ('export', 'write the ONNX graph of a trained tier'),
    'build-engine': ('build_engine', 'compile a TensorRT engine for this machine'),
    'fetch-weights': ('fetch_weights', 'download detector weights and check their sha256'),
}


class _Parser(argparse.ArgumentParser):
    """A parser, and with it those of the commands, whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, without the usage, and exit with status 2."""
        self.exit(2, f'{self.prog}: {_one_line(message)}; see {self.prog} --help\n')


def _one_line(text: object) -> str:
    return ' '.join(str(text).split('\n'))


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command; returns its exit status (2 for bad arguments or input)."""
    one_blas_thread()
    words = list(sys.argv[1:] if argv is None else argv)
    parser = _Parser(prog='mocap23', description=DESCRIPTION)
    parser.add_argument('--version', action='version', version=f'mocap23 {__version__}')
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    # Only the chosen command is imported: some need torch or ROS, most do not.
    chosen = next((word for word in words if word in COMMANDS), None)
    parsers: dict[str, _Parser] = {}
    for name, (module_name, summary) in COMMANDS.items():
        sub = parsers[name] = commands.add_parser(name, help=summary, description=summary)
        if name == chosen:
            try:
                module = importlib.import_module(f'mocap23_ros.cli.{module_name}')
            except ImportError as error:
                print(f'mocap23 {name}: {_one_line(error)}; install what it needs '
                      '(see docs/INSTALL.md, "Optional parts")', file=sys.stderr)
                return 2
            module.add_arguments(sub)
            sub.set_defaults(run=module.run)
    arguments, unknown = parser.parse_known_args(words)
    if unknown:  # argparse would print the usage of the main parser
        parsers[arguments.command].error(f'unrecognized arguments: {" ".join(unknown)}')
    try:
        return int(arguments.run(arguments) or 0)
    except InputError as error:
        print(f'mocap23 {arguments.command}: {_one_line(error)}', file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader went away (``| head``): nothing to say, and nothing more to write on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        print(f'mocap23 {arguments.command}: interrupted', file=sys.stderr)
        return 130


if __name__ == '__main__':
    sys.exit(main())
