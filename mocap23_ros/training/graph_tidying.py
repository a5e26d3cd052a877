# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Tidies an exported graph before it is written."""

import onnx
from onnxscript import optimizer

# Of folded constants, in values; a concatenated weight of the largest tier has 3 * 512 * 512.
_FOLD_LIMIT = 1 << 21


def tidy_graph(model: onnx.ModelProto) -> onnx.ModelProto:
    """Compute what depends on weights alone, and drop the exporter's notes.

    The notes (source paths and stack traces of every node) make up to a third of the file and
    say where the exporting machine keeps its files.
    """
    folded = optimizer.optimize(model, input_size_limit=_FOLD_LIMIT, output_size_limit=_FOLD_LIMIT)
    assert isinstance(folded, onnx.ModelProto)
    folded.doc_string = ''
    del folded.metadata_props[:]
    for graph_or_node in (folded.graph, *folded.graph.node, *folded.graph.initializer,
                          *folded.graph.input, *folded.graph.output):
        graph_or_node.doc_string = ''
        del graph_or_node.metadata_props[:]
    del folded.graph.value_info[:]
    return folded
