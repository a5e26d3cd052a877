# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Options of ``mocap23 lift``."""

import argparse
from pathlib import Path

from mocap23_ros.cli.bag_arguments import add_bag_source
from mocap23_ros.cli.batch_arguments import add_batch_options
from mocap23_ros.cli.viewer_arguments import add_viewers
from mocap23_ros.engines.backends import BACKEND_NAMES
from mocap23_ros.engines.graph_precision import PRECISIONS
from mocap23_ros.lifting.lifters import LIFTERS

DEFAULT_TIER = 's'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``mocap23 lift``."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument('--keypoints', type=Path, metavar='IN',
                        help='keypoint file, or a folder: every *.npz in it is lifted; or what '
                             'OpenPose, Pose2Sim, Sports2D, AlphaPose, MMPose, rtmlib, MediaPipe '
                             'and writers of COCO results wrote')
    source.add_argument('--video', type=Path, metavar='FILE',
                        help='video of a fixed camera; the detector runs first')
    source.add_argument('--bag', type=Path, metavar='BAG',
                        help='rosbag2 recording (sqlite3 or MCAP) of images, CameraInfo and TF; '
                             'every image is lifted as the node would')
    source.add_argument('--bags', type=Path, metavar='FOLDER|LIST',
                        help='all bags below a folder, or in a text file, one a line, by several '
                             'processes; a killed run goes on where it was')
    add_batch_options(parser)
    parser.add_argument('--camera', type=Path, metavar='CAMERA.yaml',
                        help='with --video and keypoints of other programs: ROS calibration plus '
                             'world_T_camera, floor_height; with --bag: in place of '
                             'CameraInfo, and of TF where it has a pose')
    add_bag_source(parser)
    parser.add_argument('--fps', type=float, metavar='RATE',
                        help="with --video: frames per second, in place of the file's own stamps; "
                             'with keypoints of other programs: of their video')
    parser.add_argument('--rectified', action='store_true',
                        help='not with npz files: the images are rectified; the projection '
                             'matrix is used, and no distortion')
    parser.add_argument('--out', type=Path, required=True, metavar='OUT.npz',
                        help='result; a folder when --keypoints is one of *.npz, and with --bags')
    parser.add_argument('--lifter', choices=sorted(LIFTERS),
                        help='default: diffusion where its exported graphs are, else geometric')
    # No defaults: whether an option was given decides what may be used instead.
    parser.add_argument('--tier', help=f'size of the learned lifter (default: {DEFAULT_TIER})')
    parser.add_argument('--backend', choices=BACKEND_NAMES, metavar='NAME',
                        help='inference engine of the learned lifter: '
                             f'{", ".join(BACKEND_NAMES)} (default: auto)')
    parser.add_argument('--precision', choices=PRECISIONS,
                        help='numbers of the learned lifter (default: fp16 in TensorRT, fp32 '
                             'elsewhere)')
    parser.add_argument('--steps', type=int, metavar='N',
                        help='diffusion steps (default: those that the tier is exported with)')
    parser.add_argument('--mode', choices=('streaming', 'offline'), default='streaming',
                        help='streaming: frame i uses frames up to i + lag; offline: all '
                             '(default: streaming)')
    parser.add_argument('--lag', type=int, default=0, metavar='FRAMES',
                        help='streaming: frames of delay (default: 0)')
    parser.add_argument('--without', nargs='+', default=(), metavar='STEP',
                        help='leave out steps that refine the lifted joints: smoothing, bones, '
                             'contact (offline only bones is taken)')
    parser.add_argument('--camera-sd', type=float, nargs=3, metavar=('RAD', 'M', 'S'),
                        help="how far off the camera's pose may be, which widens the covariance: "
                             'standard deviations of its rotation, of its place, and of the time '
                             'between images and poses (default: 0.0035 0.01 0.01)')
    parser.add_argument('--feet', action='store_true',
                        help='also place heels and toes, where the detector or the file knows '
                             'them: 23 joints in place of 19')
    parser.add_argument('--body-fit', action='store_true',
                        help='fit rigid bodies afterwards (uses all frames): constant bone '
                             'lengths, joint angles as quaternions')
    parser.add_argument('--bvh', type=Path, metavar='FOLDER|FILE.bvh',
                        help='also write the fitted bodies as BVH files, one per person')
    parser.add_argument('--bvh-unit', choices=('m', 'cm'), default='m',
                        help='lengths in BVH files: m for Blender, cm for Maya (default: m)')
    parser.add_argument('--save-keypoints', type=Path, metavar='FILE.npz',
                        help='also write the keypoints of the detector or of other programs, as '
                             '--keypoints and training take them')
    parser.add_argument('--smpl-model', type=Path, metavar='FILE.npz',
                        help='your own SMPL, SMPL-H or SMPL-X model: also write its parameters '
                             'beside OUT.npz, one file per person')
    parser.add_argument('--smpl-mesh', type=int, metavar='FRAME',
                        help='with --smpl-model: also write the meshes of this frame (from 0) as '
                             'PLY')
    add_viewers(parser)
    parser.add_argument('--detector',
                        help='with --video or --bag (default: blazepose); external: the keypoints '
                             'in the bag (default where it holds no images)')
    parser.add_argument('--detector-noise', metavar='FILE|NAME',
                        help='how the detector errs, by which its confidence is calibrated: a '
                             'file of mocap23 detector-noise, or none (default: the one that ships '
                             'for the detector, if any)')
    parser.add_argument('--detector-model', type=Path, metavar='FILE',
                        help='with --video or --bag: weights of the detector')
