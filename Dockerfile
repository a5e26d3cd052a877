# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
# ROS 2 with this package built in, without RViz:
#   docker build -t mocap23 .
#   docker run --rm --network host --ipc host mocap23 \
#       ros2 launch mocap23_ros lifter.launch.py image:=/camera/image_raw
ARG ROS_DISTRO=jazzy
FROM ros:${ROS_DISTRO}-ros-base

SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /ws

# The packages first: they change less often than the sources.
COPY package.xml src/mocap23_ros/package.xml
COPY mocap23_msgs/package.xml src/mocap23_ros/mocap23_msgs/package.xml
# Debian's versions are those of the image's snapshot.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3-venv \
    && rosdep update --rosdistro "${ROS_DISTRO}" \
    && rosdep install -y --ignore-src --skip-keys rviz2 \
        --dependency-types build --dependency-types buildtool --dependency-types exec \
        --from-paths src src/mocap23_ros/mocap23_msgs \
    && rm -rf /var/lib/apt/lists/*

COPY requirements src/mocap23_ros/requirements
COPY scripts/workspace_venv.sh src/mocap23_ros/scripts/workspace_venv.sh
RUN PIP_NO_CACHE_DIR=1 sh src/mocap23_ros/scripts/workspace_venv.sh

COPY . src/mocap23_ros
RUN . "/opt/ros/${ROS_DISTRO}/setup.sh" \
    && . venv/bin/activate \
    && ln -s src/mocap23_ros/colcon_defaults.yaml . \
    && python3 "$(command -v colcon)" build \
    && rm -rf build log

# The weights of the detector, of which the licences are in docs/DETECTORS.md.
ENV MOCAP23_CACHE=/ws/cache
RUN . install/setup.sh && ros2 run mocap23_ros mocap23 fetch-weights blazepose

ENTRYPOINT ["/bin/bash", "-c", "source /ws/install/setup.bash && exec \"$@\"", "--"]
CMD ["ros2", "launch", "mocap23_ros", "lifter.launch.py"]
