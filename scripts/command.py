# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Running a child process quietly: its output is shown only when it fails."""

import subprocess
import sys


class SetUpError(Exception):
    """The set-up cannot go on; the message says why and how to mend it."""


def progress(message):
    """Print one progress line."""
    print(f'[set-up] {message}', file=sys.stderr, flush=True)


def run_quietly(command, *, failure, environment=None, directory=None):
    """Run a command and return its output; print its end and raise SetUpError if it fails."""
    done = subprocess.run(
        [str(word) for word in command], env=environment, cwd=directory, text=True,
        errors='replace', stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        print('\n'.join(done.stdout.splitlines()[-40:]), file=sys.stderr, flush=True)
        raise SetUpError(failure)
    return done.stdout
