# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Hours of people who come and go before the node, over DDS. Run it as a script; it is no test.

    python test/ros/soak.py [--minutes 5] [--people 1] [--rate 15] [--stay 10] [--lifter diffusion]

Prints a row of a Markdown table for each twentieth of the time, and at the end what grew.
"""

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault('ROS_DOMAIN_ID', '99')
os.environ.setdefault('FASTDDS_BUILTIN_TRANSPORTS', 'LARGE_DATA')

from node_harness import Feeder, NodeProcess, Peer
from synthetic_scene import camera_info, camera_transform, keypoints_message, person
from tf2_msgs.msg import TFMessage

SECOND = 10**9
COLUMNS = ('minute', 'resident MB', 'threads', 'handles', 'CPU %', 'people so far', 'sent',
           'published', 'dropped', 'p50 ms', 'p95 ms', 'p99 ms', 'state')


class Process:
    """What the system says about the node."""

    def __init__(self, pid):
        self._folder = Path(f'/proc/{pid}')
        self._last = (time.monotonic(), self._cpu())

    def _cpu(self):
        fields = (self._folder / 'stat').read_text().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def figures(self):
        """Resident memory, threads, handles, and CPU since the last call."""
        status = dict(line.split(':', 1) for line in (
            self._folder / 'status').read_text().splitlines() if ':' in line)
        now = (time.monotonic(), self._cpu())
        cpu = 100.0 * (now[1] - self._last[1]) / (now[0] - self._last[0])
        self._last = now
        return [round(int(status['VmRSS'].split()[0]) / 1024, 1), int(status['Threads']),
                len(list((self._folder / 'fd').iterdir())), round(cpu)]


def crowd(stamp, people, stay):
    """Each stands somewhere for ``stay`` seconds, then somebody else stands elsewhere."""
    present = []
    for i in range(people):
        turn = int((1e-9 * stamp + stay * i / people) // stay)
        place = 1.4 * ((3 * turn + 2 * i) % 5 - 2)
        present.append(person(4.0 + 0.9 * (i // 4) + (turn % 2) * 2.0, place))
    return present


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--minutes', type=float, default=5.0)
    parser.add_argument('--people', type=int, default=1)
    parser.add_argument('--rate', type=float, default=15.0)
    parser.add_argument('--stay', type=float, default=10.0)
    parser.add_argument('--lifter', default='diffusion')
    arguments = parser.parse_args()
    node = NodeProcess(detector='external', lifter=arguments.lifter)
    peer = Peer()
    ids = set()

    def send(stamp):
        peer.tf.sendTransform(camera_transform(stamp))
        peer.camera_info.publish(camera_info(stamp))
        peer.keypoints.publish(keypoints_message(
            crowd(stamp, arguments.people, arguments.stay), stamp))

    peer.listen(TFMessage, '/tf')  # as others on a robot do
    try:
        with Feeder(peer, send, arguments.rate) as feeder:
            peer.wait_for('skeletons', lambda m: m.skeletons, node=node)
            process = Process(node.pid)
            print('| ' + ' | '.join(COLUMNS) + ' |\n' + '|---' * len(COLUMNS) + '|')
            began, rows = time.monotonic(), []
            for step in range(1, 21):
                time.sleep(max(0.0, began + 3.0 * arguments.minutes * step - time.monotonic()))
                status = peer.wait_for_status(lambda s: 'lifter_node' in s.name, 'status', node)
                values = {v.key: v.value for v in status.values}
                ids |= {s.id for m in peer.received['skeletons'] for s in m.skeletons}
                for kept in peer.received.values():
                    kept.clear()
                rows.append([
                    round((time.monotonic() - began) / 60, 1), *process.figures(), len(ids),
                    feeder.sent, values['images published'],
                    values['images dropped (newer one came)'],
                    *(values[f'capture to publish p{p} [ms]'] for p in (50, 95, 99)),
                    status.message.split(':')[0][:40]])
                print('| ' + ' | '.join(map(str, rows[-1])) + ' |', flush=True)
        first, last = rows[len(rows) // 4], rows[-1]
        print(f'since minute {first[0]}: {last[1] - first[1]:+.1f} MB, {last[2] - first[2]:+d} '
              f'threads, {last[3] - first[3]:+d} handles, {last[5] - first[5]} new people')
        print(f'exit status {node.stop()}')
    finally:
        peer.close()
        node.stop()


if __name__ == '__main__':
    main()
