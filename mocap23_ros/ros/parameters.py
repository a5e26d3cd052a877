# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The table of ``Settings`` as parameters of a node."""

import dataclasses
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.exceptions import (
    InvalidParameterTypeException,
    InvalidParameterValueException,
    ParameterUninitializedException,
)
from rclpy.node import Node
from rclpy.parameter import Parameter

from mocap23_ros.errors import InputError
from mocap23_ros.ros.parameter_entries import ParameterEntry, misspelt_parameters, parameter_table
from mocap23_ros.ros.settings import Settings
from mocap23_ros.yaml_files import read_yaml


def declare_parameters(node: Node) -> None:
    """Declare the table on a node; raises InputError where a given value cannot be used."""
    entries = {entry.name: entry for entry in parameter_table()}

    def check(parameters: list[Parameter]) -> SetParametersResult:
        for parameter in parameters:
            entry = entries.get(parameter.name)
            reason = entry.check(parameter.value) if entry else ''
            if reason:
                return SetParametersResult(successful=False, reason=reason)
        return SetParametersResult(successful=True)

    # Added first: it then judges the values given at start as well.
    node.add_on_set_parameters_callback(check)
    for entry in entries.values():
        try:
            node.declare_parameter(entry.name, entry.default, _descriptor(entry))
        except InvalidParameterTypeException as error:
            hint = ' (write 5.0, not 5)' if entry.type_name == 'double' else ''
            raise InputError(
                f'parameter {entry.name} must be of type {entry.type_name}{hint}: {error}'
            ) from error
        except (InvalidParameterValueException, ParameterUninitializedException) as error:
            raise InputError(
                f'parameter {entry.name} ({entry.range_text or entry.type_name}): {error}'
            ) from error
    # rclpy hides the values given at start, and ignores those that nobody declares.
    for name, near in misspelt_parameters(getattr(node, '_parameter_overrides', {})).items():
        node.get_logger().warning(
            f'there is no parameter {name}, and what was given for it has no effect; {near} may be '
            'meant')


def read_settings(node: Node) -> Settings:
    """Return the present values; cheap enough to be called for every frame."""
    names = [entry.name for entry in dataclasses.fields(Settings)]
    return Settings(**{name: node.get_parameter(name).value for name in names})


def warn_of_other_files(node: Node, arguments: Sequence[str]) -> None:
    """Warn of parameter files that are meant for this node and give it nothing.

    arguments: of the command line. rcl leaves out what is keyed by the name of another node.
    """
    names, own = {entry.name for entry in parameter_table()}, node.get_fully_qualified_name()
    for option, path in zip(arguments, arguments[1:], strict=False):
        if option != '--params-file':
            continue
        try:
            sections = list(_sections(read_yaml(Path(path))))
        except InputError:  # rcl takes more of yaml, and has read it
            continue
        meant = [key for key, parameters in sections
                 if 2 * len(names & parameters) > len(parameters)]
        if meant and not any(_is_key_of(key, own) for key, _ in sections):
            keys = ', '.join(f'"{key}"' for key in meant)
            node.get_logger().warning(f'{path} has no effect: its parameters are those of {keys}, '
                                      f'and this node is {own}; key them "/**"')


def _is_key_of(key: str, node_name: str) -> bool:
    """Whether a key matches as in rcl: * is one part of a full name, ** any number of them."""
    pattern = re.escape('/' + key.lstrip('/')).replace(r'/\*\*', '(/.+)?').replace(r'\*', '[^/]+')
    return re.fullmatch(pattern, node_name) is not None


def _sections(content: Any, name: str = '') -> Iterator[tuple[str, set[str]]]:
    """Names of nodes in a parameter file, and the names of their parameters."""
    for key, value in content.items() if isinstance(content, dict) else ():
        if key == 'ros__parameters' and isinstance(value, dict):
            yield name, set(value)
        else:
            yield from _sections(value, f'{name}/{key}' if name else str(key))


def _descriptor(entry: ParameterEntry) -> ParameterDescriptor:
    """What ``ros2 param describe`` shows."""
    descriptor = ParameterDescriptor(description=entry.description, read_only=entry.read_only)
    if entry.choices:
        descriptor.additional_constraints = 'one of: ' + ', '.join(entry.choices)
    if entry.minimum is not None and entry.maximum is not None:
        if entry.type_name == 'double':
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=entry.minimum, to_value=entry.maximum)]
        else:
            descriptor.integer_range = [
                IntegerRange(from_value=int(entry.minimum), to_value=int(entry.maximum))]
    return descriptor
