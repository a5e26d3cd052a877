# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Write the graphs in mocap23_ros/detection/graphs: how published networks are wired, no weights.

A graph takes its weights from the publisher's own file (.tflite) beside it, by offset, so that
weights are neither copied nor converted. Needed only when a network is added or changed, in an
environment of its own:

    pip install tf2onnx==1.17.0 tensorflow-cpu==2.18.1 onnx==1.17.0 tflite==2.18.0

    python scripts/wire_published_networks.py blazepose pose_landmark_full.tflite
    python scripts/wire_published_networks.py movenet movenet.tflite
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import tflite
from onnx import TensorProto, helper, numpy_helper

GRAPHS = Path(__file__).parents[1] / 'mocap23_ros' / 'detection' / 'graphs'
# network -> name of the graph, outputs: new name -> how the name in the .tflite begins
NETWORKS = {
    'blazepose': ('blazepose_full', {
        'landmarks': 'Identity', 'presence': 'Identity_1', 'heatmaps': 'Identity_3'}),
    'movenet': ('movenet_multipose', {
        'centres': 'Sigmoid', 'sizes': 'box_scale_0/conv2d',
        'centre_offsets': 'box_offset_0/conv2d', 'keypoints': 'kpt_regress_0/conv2d'}),
}
LARGEST_INLINE = 16  # values; more are weights
ENGINE_SIDE = 1024  # px; engines need a fixed input where ONNX Runtime takes any


def main() -> None:
    """Convert, cut, refer to the weights, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('network', choices=NETWORKS)
    parser.add_argument('weights', type=Path)
    arguments = parser.parse_args()
    name, outputs = NETWORKS[arguments.network]
    data = arguments.weights.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'converted.onnx'
        subprocess.run([sys.executable, '-m', 'tf2onnx.convert', '--opset', '17', '--tflite',
                        str(arguments.weights), '--output', str(path)], check=True)
        model = onnx.load(str(path))
    graph = cut(model.graph, outputs, arguments.network)
    refer_to_weights(graph, data, arguments.weights.name)
    shorten_names(graph, set(outputs) | {'images'})
    write(graph, name, arguments.weights.name, data)
    if arguments.network == 'movenet':
        fix_size(graph)
        write(graph, f'{name}_{ENGINE_SIDE}', arguments.weights.name, data)


def write(graph: onnx.GraphProto, name: str, weights: str, data: bytes) -> None:
    """Write a graph that names its weights and their sha256."""
    wired = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8,
                              producer_name='mocap23')
    for key, value in (('weights', weights), ('weights_sha256', hashlib.sha256(data).hexdigest())):
        entry = wired.metadata_props.add()
        entry.key, entry.value = key, value
    GRAPHS.mkdir(exist_ok=True)
    target = GRAPHS / f'{name}.onnx'
    target.write_bytes(wired.SerializeToString(deterministic=True))
    print(target, target.stat().st_size, 'bytes')


def fix_size(graph: onnx.GraphProto) -> None:
    """Give the input one size, in place."""
    sides = {'height': ENGINE_SIDE, 'width': ENGINE_SIDE,
             'rows': ENGINE_SIDE // 4, 'columns': ENGINE_SIDE // 4}
    for value in [*graph.input, *graph.output]:
        for dimension in value.type.tensor_type.shape.dim:
            if dimension.dim_param in sides:
                dimension.dim_value = sides[dimension.dim_param]


def cut(graph: onnx.GraphProto, outputs: dict[str, str], network: str) -> onnx.GraphProto:
    """Keep what leads from a BGR image to the outputs, all with a free number of images."""
    makers = {output: node for node in graph.node for output in node.output}
    given = graph.input[0].name
    heads = {}
    for new, start in outputs.items():
        names = [name for name in makers if name == start] or [
            name for name, node in makers.items()
            if node.op_type == 'Conv' and name.startswith(start)]
        if len(names) != 1:
            raise SystemExit(f'{start}: {names}')
        heads[new] = names[0]
    # Heads in NHWC are taken before their transposition.
    for new, old in heads.items():
        if makers[old].op_type == 'Transpose':
            heads[new] = makers[old].input[0]
    wanted, kept = list(heads.values()), set()
    while wanted:
        name = wanted.pop()
        if name in makers and name not in kept:
            kept.update(makers[name].output)
            wanted.extend(makers[name].input)
    nodes = [node for node in graph.node if set(node.output) & kept]
    constants = {item.name: item for item in graph.initializer}
    head = [helper.make_node('Cast', ['images'], ['bgr'], to=TensorProto.FLOAT),
            helper.make_node('Gather', ['bgr', 'reversed'], ['rgb'], axis=3)]
    constants['reversed'] = numpy_helper.from_array(np.array([2, 1, 0], np.int64), 'reversed')
    if network == 'blazepose':  # takes 0..1
        head.append(helper.make_node('Mul', ['rgb', 'unit'], ['rgb_unit']))
        constants['unit'] = numpy_helper.from_array(np.float32(1 / 255), 'unit')
    first = head[-1].output[0]
    tidy = []
    for node in nodes:
        if node.op_type == 'Cast' and given in node.input:
            given = node.output[0]  # ours is above
            continue
        node.input[:] = [first if name == given else name for name in node.input]
        tidy.append(node)
    for new, old in heads.items():
        tidy.append(helper.make_node('Identity', [old], [new]))
    for node in tidy:  # Reshapes to one image are to keep the number of images.
        if node.op_type == 'Resize':
            node.input[:] = [  # what is not used is given as an empty list
                '' if name in constants and 0 in constants[name].dims else name
                for name in node.input]
        if node.op_type == 'Reshape':
            shape = numpy_helper.to_array(constants[node.input[1]]).copy()
            if shape[0] not in (1, -1):
                raise SystemExit(f'a Reshape to {shape}')
            shape[0] = -1
            key = f'{node.input[1]}_free'
            constants[key] = numpy_helper.from_array(shape, key)
            node.input[1] = key
    used = {name for node in head + tidy for name in node.input}
    side = 256 if network == 'blazepose' else None
    size = [side or 'height', side or 'width']
    values = [helper.make_tensor_value_info(new, TensorProto.FLOAT, shape_of(new, bool(side)))
              for new in heads]
    image = helper.make_tensor_value_info('images', TensorProto.UINT8, ['people' if side else 1,
                                                                       *size, 3])
    return helper.make_graph(head + tidy, 'network', [image], values,
                             [item for name, item in constants.items() if name in used])


def shape_of(output: str, crops: bool) -> list[int | str]:
    """Shape of an output; names are free."""
    if crops:
        return {'landmarks': ['people', 195], 'presence': ['people', 1],
                'heatmaps': ['people', 39, 64, 64]}[output]
    channels = {'centres': 1, 'sizes': 2, 'centre_offsets': 2, 'keypoints': 34}
    return [1, channels[output], 'rows', 'columns']


def refer_to_weights(graph: onnx.GraphProto, data: bytes, file_name: str) -> None:
    """Replace weights by tensors in the publisher's file and their conversion to FP32 OIHW."""
    tables = read_tables(data)
    kept, fresh = [], []
    for item in graph.initializer:
        values = numpy_helper.to_array(item)
        if values.size <= LARGEST_INLINE:
            kept.append(item)
            continue
        offset, shape, turn = find(values, tables, item.name)
        stored = TensorProto(name=f'{item.name}_stored', data_type=TensorProto.FLOAT16,
                             dims=shape, data_location=TensorProto.EXTERNAL)
        for key, value in (('location', file_name), ('offset', offset),
                           ('length', 2 * values.size)):
            entry = stored.external_data.add()
            entry.key, entry.value = key, str(value)
        kept.append(stored)
        name = item.name if turn is None else f'{item.name}_turned'
        fresh.append(helper.make_node('Cast', [stored.name], [name], to=TensorProto.FLOAT))
        if turn is not None:
            fresh.append(helper.make_node('Transpose', [name], [item.name], perm=turn))
    nodes = list(graph.node)
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(fresh + nodes)


def read_tables(data: bytes) -> dict[int, list[tuple[int, np.ndarray]]]:
    """All FP16 tensors of a .tflite by their number of values: offset in the file, values."""
    model = tflite.Model.GetRootAsModel(data, 0)
    graph = model.Subgraphs(0)
    whole = np.frombuffer(data, np.uint8)
    tables: dict[int, list[tuple[int, np.ndarray]]] = {}
    for index in range(graph.TensorsLength()):
        tensor = graph.Tensors(index)
        raw = model.Buffers(tensor.Buffer()).DataAsNumpy()
        if (tensor.Type() != tflite.TensorType.FLOAT16 or isinstance(raw, int)
                or raw.nbytes <= 2 * LARGEST_INLINE):
            continue
        offset = raw.__array_interface__['data'][0] - whole.__array_interface__['data'][0]
        values = raw.view(np.float16).reshape(np.atleast_1d(tensor.ShapeAsNumpy()))
        tables.setdefault(values.size, []).append((int(offset), values))
    return tables


def find(values: np.ndarray, tables: dict, name: str) -> tuple[int, tuple, list[int] | None]:
    """The tensor that, cast and transposed, is ``values``: offset, shape as stored, turn."""
    for offset, stored in tables.get(values.size, []):
        turns = [[0, 3, 1, 2], [3, 0, 1, 2]] if values.ndim == stored.ndim == 4 else [None]
        for turn in turns:
            turned = stored if turn is None else stored.transpose(turn)
            if turn is None:
                turned = stored.reshape(values.shape)
            if turned.shape == values.shape and (turned.astype(np.float32) == values).all():
                shape = values.shape if turn is None else stored.shape
                return offset, shape, turn
    raise SystemExit(f'{name} {values.shape}: not in the weights as they are')


def shorten_names(graph: onnx.GraphProto, keep: set[str]) -> None:
    """Replace the converter's long names."""
    short: dict[str, str] = {}

    def rename(name: str) -> str:
        return name if name in keep or not name else short.setdefault(name, f't{len(short)}')

    for item in graph.initializer:
        item.name = rename(item.name)
    for number, node in enumerate(graph.node):
        node.name, node.doc_string = f'n{number}', ''
        node.input[:] = [rename(name) for name in node.input]
        node.output[:] = [rename(name) for name in node.output]


if __name__ == '__main__':
    main()
