# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What the workers of a Ray cluster run in the tests."""

import os
import signal
import time

from mocap23_ros.errors import InputError


def stub(path, configuration):
    """Kills its worker once where the name says so, and always where it says that."""
    import ray
    first = path.parent / f'{path.name}.seen'
    if path.name == 'always' or path.name.startswith('once') and not first.exists():
        first.write_text('')
        os.kill(os.getpid(), signal.SIGKILL)
    if path.name.startswith('slow'):
        first.write_text('')
        time.sleep(1.5)
    if path.name == 'bad':
        raise InputError('cannot be read')
    return {'recording': path.name, 'node': ray.get_runtime_context().get_node_id()}
