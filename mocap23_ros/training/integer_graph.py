# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The int8 form of an exported graph: linear layers of the transformer in int8, the rest FP32.

Quantise and dequantise nodes stand around each product, so that ONNX Runtime and TensorRT take
the same file. Attention, norms, softmax, embeddings, heads and all geometry are untouched.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

from mocap23_ros.atomic_files import replacing
from mocap23_ros.errors import InputError
from mocap23_ros.training.stream_windows import Arrays

# Activations are symmetric, as TensorRT demands; weights have a scale for each output channel.
# They have seven bits: with eight, sums of two products overflow 16 bits on a CPU without VNNI, and
# joints move by centimetres. Outputs stay FP32: what follows a layer is a sum or a norm.
_OPTIONS = {'ActivationSymmetric': True, 'WeightSymmetric': True, 'QuantizeBias': False,
            'OpTypesToExcludeOutputQuantization': ['Gemm']}


class _Reader(CalibrationDataReader):
    """Hands out the arrays of one batch after the other."""

    def __init__(self, batches: Iterable[Arrays]) -> None:
        self._batches: Iterator[Arrays] = iter(batches)

    def get_next(self) -> Arrays | None:
        """The next batch, None at the end."""
        return next(self._batches, None)


def quantise_graph(graph: Path, target: Path, batches: Iterable[Arrays]) -> int:
    """Write the int8 form of a graph, atomically; returns how many layers are in int8.

    batches: inputs from which the ranges of the activations are taken (their largest
    magnitudes). Raises InputError where the graph has no linear layers.
    """
    model = onnx.load(graph)
    names = _separate_biases(model)
    if not names:
        raise InputError(f'{graph} has no linear layers to quantise; export the tier again')
    # What the library would otherwise ask for, loudly; tidy_graph has folded the graph already.
    model.metadata_props.add(key='onnx.quant.pre_process', value='onnxruntime.quant')
    with replacing(target, keep_suffix=True) as temporary:
        quantize_static(model, temporary, _Reader(batches), quant_format=QuantFormat.QDQ,
                        op_types_to_quantize=['Gemm'], nodes_to_quantize=names, per_channel=True,
                        activation_type=QuantType.QInt8, weight_type=QuantType.QInt8,
                        reduce_range=True, calibrate_method=CalibrationMethod.MinMax,
                        extra_options=_OPTIONS)
        result = onnx.load(temporary)
        result.producer_name, result.producer_version = model.producer_name, model.producer_version
        del result.metadata_props[:]
        del result.graph.value_info[:]
        onnx.checker.check_model(result)
        onnx.save(result, temporary)
    return len(names)


def _separate_biases(model: onnx.ModelProto) -> list[str]:
    """Split every linear layer into a product and a sum; returns the names of the products.

    The exporter writes the transformer's layers, and nothing else, as Gemm. Their biases cannot
    stay in it: TensorRT dequantises no int32, and ONNX Runtime joins an int8 product only with
    an int32 bias.
    """
    weights = {tensor.name for tensor in model.graph.initializer}
    nodes, names = [], []
    for node in model.graph.node:
        if node.op_type != 'Gemm' or node.input[1] not in weights:
            nodes.append(node)
            continue
        product = f'{node.output[0]}_product'
        attributes = {attribute.name: onnx.helper.get_attribute_value(attribute)
                      for attribute in node.attribute if attribute.name != 'beta'}
        nodes.append(onnx.helper.make_node('Gemm', node.input[:2], [product], node.name,
                                           **attributes))
        nodes.append(onnx.helper.make_node('Add', [product, node.input[2]], node.output,
                                           f'{node.name}_bias'))
        names.append(node.name)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return names
