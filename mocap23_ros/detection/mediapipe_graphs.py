# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The two stages of MediaPipe's pose solution as separate graphs.

The packaged solution follows one person. Its stages do not share that limit: the detection graph
returns everybody it finds, and the landmark graph takes the region of any person.
"""

import os
import platform
from collections.abc import Callable, Sequence
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.detection.regions import PersonLandmarks, PersonRegion
from mocap23_ros.errors import InputError

_DETECTION = """
input_stream: "image"
output_stream: "detections"
node {
  calculator: "PoseDetectionCpu"
  input_stream: "IMAGE:image"
  output_stream: "DETECTIONS:detections"
}
"""
_LANDMARKS = """
input_stream: "image"
input_stream: "region"
output_stream: "landmarks"
output_stream: "alignment"
node {
  calculator: "PoseLandmarkByRoiCpu"
  input_side_packet: "MODEL_COMPLEXITY:model_complexity"
  input_stream: "IMAGE:image"
  input_stream: "ROI:region"
  output_stream: "LANDMARKS:landmarks"
  output_stream: "AUXILIARY_LANDMARKS:alignment"
}
"""
# As in requirements/mediapipe.txt.
_VERSION = '0.10.18' if platform.machine() == 'aarch64' else '0.10.21'
INSTALL_HINT = f'pip install --no-deps mediapipe=={_VERSION}'


class PoseDetectionGraph:
    """Finds people in a whole image."""

    def __init__(self) -> None:
        self._mp = _mediapipe()
        self._results: list[Any] = []
        self._graph = self._mp.CalculatorGraph(graph_config=_DETECTION)
        self._graph.observe_output_stream('detections', _append_to(self._results), True)
        self._graph.start_run()
        self._time = 0

    def run(self, image_rgb: NDArray[np.uint8]) -> list[tuple[PersonRegion, float]]:
        """Return the regions of people in px and their scores 0.5..1, the best first."""
        self._time += 1
        self._results.clear()
        packet = _image_packet(self._mp, image_rgb)
        self._graph.add_packet_to_input_stream('image', packet.at(self._time))
        self._graph.wait_until_idle()
        if not self._results or self._results[-1].is_empty():
            return []
        height, width = image_rgb.shape[:2]
        people = []
        for detection in self._mp.get_proto_list(self._results[-1]):
            hips, top = detection.location_data.relative_keypoints[:2]
            region = PersonRegion.from_alignment(
                hips.x * width, hips.y * height, top.x * width, top.y * height)
            people.append((region, float(detection.score[0])))
        return sorted(people, key=lambda person: -person[1])

    def close(self) -> None:
        """Stop the graph's threads."""
        self._graph.close()


class PoseLandmarkGraph:
    """Finds the landmarks of the person in each of several regions of one image."""

    def __init__(self, model_complexity: int = 1) -> None:
        self._mp = _mediapipe()
        self._results: dict[tuple[str, int], Any] = {}
        self._graph = self._mp.CalculatorGraph(graph_config=_LANDMARKS)
        for name in ('landmarks', 'alignment'):
            self._graph.observe_output_stream(name, _keep_by_time(self._results), False)
        self._graph.start_run({'model_complexity': self._mp.create_int(model_complexity)})
        self._time = 0

    def run(
        self, requests: Sequence[tuple[NDArray[np.uint8], PersonRegion]]
    ) -> list[PersonLandmarks | None]:
        """Return one entry per request (RGB image, region in it).

        None where the network sees no person. An image that occurs again is handed over once.
        """
        self._results.clear()
        packets: dict[int, Any] = {}
        first = self._time + 1
        # All are queued before waiting, so that the graph's threads overlap them.
        for image_rgb, region in requests:
            self._time += 1
            packet = packets.get(id(image_rgb))
            if packet is None:
                packet = packets[id(image_rgb)] = _image_packet(self._mp, image_rgb)
            height, width = image_rgb.shape[:2]
            rectangle = self._mp.NormalizedRect(
                x_center=region.x / width, y_center=region.y / height,
                width=region.side / width, height=region.side / height, rotation=region.rotation)
            self._graph.add_packet_to_input_stream('image', packet.at(self._time))
            self._graph.add_packet_to_input_stream(
                'region', self._mp.create_proto(rectangle).at(self._time))
        self._graph.wait_until_idle()
        return [self._person(first + index, image_rgb.shape[1], image_rgb.shape[0])
                for index, (image_rgb, _) in enumerate(requests)]

    def _person(self, time: int, width: int, height: int) -> PersonLandmarks | None:
        landmarks = self._results.get(('landmarks', time))
        alignment = self._results.get(('alignment', time))
        if landmarks is None or alignment is None or landmarks.is_empty():
            return None
        rows = np.array([(mark.x * width, mark.y * height, mark.visibility, mark.presence)
                         for mark in self._mp.get_proto(landmarks).landmark])
        hips, top = self._mp.get_proto(alignment).landmark[:2]
        region = PersonRegion.from_alignment(
            hips.x * width, hips.y * height, top.x * width, top.y * height)
        if not np.isfinite(rows).all() or not 1.0 < region.side < 64.0 * max(width, height):
            return None
        return PersonLandmarks(rows, region)

    def close(self) -> None:
        """Stop the graph's threads."""
        self._graph.close()


# A graph holds its callbacks where Python's collector cannot look: one that led back to the
# graph, as a method of its owner does, would keep it and its threads for ever.
def _append_to(results: list[Any]) -> Callable[[str, Any], None]:
    return lambda name, packet: results.append(packet)


def _keep_by_time(results: dict[tuple[str, int], Any]) -> Callable[[str, Any], None]:
    def keep(name: str, packet: Any) -> None:
        results[name, packet.timestamp.value] = packet
    return keep


def _image_packet(mp: SimpleNamespace, image_rgb: NDArray[np.uint8]) -> Any:
    # A read-only array is handed over without a copy.
    image_rgb.flags.writeable = False
    return mp.create_image_frame(image_format=mp.ImageFormat.SRGB, data=image_rgb)


@lru_cache(maxsize=1)
def _mediapipe() -> SimpleNamespace:
    """Return the names used here; raises InputError where the package is absent or too new."""
    os.environ.setdefault('GLOG_minloglevel', '2')
    try:
        import mediapipe
        from mediapipe.framework.formats import rect_pb2
        from mediapipe.python import packet_creator, packet_getter
        from mediapipe.python._framework_bindings import (
            calculator_graph,
            image_frame,
            resource_util,
        )

        # Importing a solution links its sub-graphs; their networks lie in the package's folder.
        from mediapipe.python.solutions import pose  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.split('.')[0] == 'mediapipe':
            found = '' if error.name == 'mediapipe' else ' of another version is installed and'
            raise InputError(f'the mediapipe detector needs the package mediapipe, which{found} '
                             f'lacks {error.name}: {INSTALL_HINT}' if found else
                             f'the mediapipe detector needs the package mediapipe: {INSTALL_HINT}'
                             ) from None
        raise InputError(f'mediapipe needs the package {error.name}: pip install '
                         f'{error.name}') from None
    except ImportError as error:
        raise InputError(f'mediapipe cannot be loaded ({error}); {INSTALL_HINT}') from None
    resource_util.set_resource_dir(os.path.dirname(os.path.dirname(mediapipe.__file__)))
    return SimpleNamespace(
        CalculatorGraph=calculator_graph.CalculatorGraph,
        ImageFormat=image_frame.ImageFormat,
        NormalizedRect=rect_pb2.NormalizedRect,
        create_image_frame=packet_creator.create_image_frame,
        create_int=packet_creator.create_int,
        create_proto=packet_creator.create_proto,
        get_proto=packet_getter.get_proto,
        get_proto_list=packet_getter.get_proto_list)
