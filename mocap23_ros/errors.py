# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The one exception that means "the input is wrong", shared by every part."""


class InputError(ValueError):
    """Input that cannot be used; the message is one line: what is wrong and how to mend it.

    The command line prints it and exits with status 2; the node reports it in its diagnostics.
    """
