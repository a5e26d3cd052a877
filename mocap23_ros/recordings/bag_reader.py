# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Messages of a rosbag2 recording: sqlite3 or MCAP, compressed or not, in one file or several."""

import heapq
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mocap23_ros.errors import InputError, one_line
from mocap23_ros.optional_packages import optional_module
from mocap23_ros.recordings.serialised_headers import header_stamp

if TYPE_CHECKING:
    from rosbags.typesys.store import Typestore

STORAGE = ('.mcap', '.db3')
"""How files of a recording end."""
MESSAGES_PACKAGE = 'mocap23_msgs'
_REORDERED = 8  # messages: networks let images overtake each other by a few
ANOTHER_RUN = 1_000_000_000  # ns; stamps that go back by more are of another time


# Messages of others that are read; many bags of sqlite do not hold their definitions.
_FURTHER_TYPES = {
    'mocap4r2_msgs/msg/Marker': 'int8 USE_NAME=0\nint8 USE_INDEX=1\nint8 USE_BOTH=2\n'
                                'int8 id_type\nint32 marker_index\nstring marker_name\n'
                                'geometry_msgs/Point translation\n',
    'mocap4r2_msgs/msg/Markers': 'std_msgs/Header header\nuint32 frame_number\n'
                                 'mocap4r2_msgs/Marker[] markers\n'}


class BagMessage(NamedTuple):
    """received: ns, when it was recorded. message: with the fields of its ROS type."""

    topic: str
    received: int
    message: Any


class BagReader:
    """An open bag: a folder, or one .mcap or .db3 file. Needs no ROS.

    topics: their types, such as ``sensor_msgs/msg/Image``; only those with messages. shortfall:
    what to say about messages that could not be read, '' for nothing; known after reading.
    """

    def __init__(self, path: Path) -> None:
        """Raises InputError for what is not a bag, or one without messages."""
        rosbags = optional_module('rosbags.highlevel', 'rosbags', 'reading a bag needs the package')
        self._path = path = Path(path)
        self.shortfall = ''
        files = _find(path)
        self._store = message_types()
        self._stack = ExitStack()
        try:
            self._reader = self._stack.enter_context(
                rosbags.AnyReader(files, default_typestore=self._store))
        # Errors of sqlite, of compressions and of the format come through as they are.
        except Exception as error:
            raise _unreadable(path, error) from None
        self.topics = {c.topic: c.msgtype for c in self._reader.connections if c.msgcount}
        if not self.topics:
            self.close()
            raise InputError(f'{path} holds no messages: nothing was recorded')

    def __enter__(self) -> 'BagReader':
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files."""
        self._stack.close()

    def of_type(self, *types: str) -> list[str]:
        """Return the topics of these types, sorted."""
        return sorted(topic for topic, kind in self.topics.items() if kind in types)

    def count(self, topic: str) -> int:
        """Return how many messages the bag says it has of a topic."""
        return sum(c.msgcount for c in self._reader.connections if c.topic == topic)

    @property
    def end(self) -> int:
        """When the last message was recorded, ns."""
        return int(self._reader.end_time)

    def messages(self, topics: Collection[str], by_stamp: bool = False) -> Iterator[BagMessage]:
        """Read all messages of some topics in the order in which they were recorded.

        by_stamp: messages that begin with a header, and were overtaken by a few others on their
        way, are put into the order of their stamps. Where the bag breaks off, so does this; see
        ``shortfall``. Raises InputError for messages that are not what their type says, and where
        nothing can be read at all.
        """
        raw = self.serialised(topics)
        for topic, kind, received, data in _sorted_by_stamp(raw) if by_stamp else raw:
            types = (self._reader.typestore if kind in self._reader.typestore.fielddefs
                     else self._store)
            try:
                message: Any = types.deserialize_cdr(data, kind)
            except Exception as error:
                raise InputError(f'{self._path}: a message of {topic} is not a {kind}, or its '
                                 f'definition is missing in the bag ({one_line(error)})') from None
            yield BagMessage(topic, received, message)

    def serialised(self, topics: Collection[str]) -> Iterator[tuple[str, str, int, bytes]]:
        """Read (topic, type, received [ns], CDR) in the order of recording, as ``messages``."""
        wanted = [c for c in self._reader.connections if c.topic in topics]
        number = 0
        messages = self._reader.messages(wanted) if wanted else iter(())
        while True:
            try:
                connection, received, data = next(messages)
            except StopIteration:
                break
            except Exception as error:
                if not number:
                    raise _unreadable(self._path, error) from None
                self.shortfall = (f'{number} of {sum(c.msgcount for c in wanted)} messages could '
                                  f'be read: the bag is damaged or breaks off ({one_line(error)})')
                break
            number += 1
            yield connection.topic, connection.msgtype, received, data


def message_types() -> 'Typestore':
    """Return the types of ROS 2 and of mocap23_msgs, for bags that do not hold their own."""
    from rosbags.typesys import Stores, get_types_from_msg, get_typestore
    store = get_typestore(Stores.LATEST)
    types: dict[str, Any] = {}
    for path in sorted(_messages_folder().glob('*.msg')):
        types |= get_types_from_msg(path.read_text(encoding='utf-8'),
                                    f'{MESSAGES_PACKAGE}/msg/{path.stem}')
    for name, text in _FURTHER_TYPES.items():
        types |= get_types_from_msg(text, name)
    store.register(types)
    return store


def _messages_folder() -> Path:
    beside = Path(__file__).resolve().parents[2] / MESSAGES_PACKAGE / 'msg'
    if beside.is_dir():
        return beside
    from ament_index_python.packages import get_package_share_directory
    return Path(get_package_share_directory(MESSAGES_PACKAGE)) / 'msg'


def _find(path: Path) -> list[Path]:
    """Find the files to open."""
    if not path.exists():
        raise InputError(f'{path}: no such bag')
    if path.suffix == '.bag':
        raise InputError(f'{path} is a bag of ROS 1; convert it: rosbags-convert --src '
                         f'{path.name} --dst {path.stem}')
    if path.is_file():
        if path.suffix not in STORAGE:
            raise InputError(f'{path} is not a bag; give its folder, or a .mcap or .db3 file')
        return [path]
    if (path / 'metadata.yaml').exists():
        return [path]
    files = sorted((p for p in path.iterdir() if p.suffix in STORAGE and p.is_file()),
                   key=lambda p: (len(p.name), p.name))
    if not files:
        raise InputError(f'{path} is not a bag: it holds neither metadata.yaml nor .mcap or .db3 '
                         'files')
    return files


def _sorted_by_stamp(raw: Iterator[tuple[str, str, int, bytes]]
                     ) -> Iterator[tuple[str, str, int, bytes]]:
    waiting: list[tuple[int, int, tuple[str, str, int, bytes]]] = []
    newest = 0
    for number, item in enumerate(raw):
        stamp = header_stamp(item[3])
        another_run = stamp < newest - ANOTHER_RUN
        newest = stamp if another_run else max(newest, stamp)
        while waiting and (another_run or len(waiting) >= _REORDERED):
            yield heapq.heappop(waiting)[2]
        heapq.heappush(waiting, (stamp, number, item))
    while waiting:
        yield heapq.heappop(waiting)[2]


def _unreadable(path: Path, error: Exception) -> InputError:
    return InputError(f'{path} cannot be read as a bag: {one_line(error)}; where the recording was '
                      'cut off, "mcap recover" saves a part of a .mcap, "sqlite3 FILE .recover" of '
                      'a .db3, and "ros2 bag reindex" writes metadata.yaml')
