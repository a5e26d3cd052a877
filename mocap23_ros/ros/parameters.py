# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The table of ``Settings`` as parameters of a node."""

import dataclasses

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
from mocap23_ros.ros.settings import (
    ParameterEntry,
    Settings,
    misspelt_parameters,
    parameter_table,
)


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
    # rclpy keeps what was given at start to itself, and ignores what nobody declares.
    for name, near in misspelt_parameters(getattr(node, '_parameter_overrides', {})).items():
        node.get_logger().warning(
            f'there is no parameter {name}, and what was given for it has no effect; {near} may be '
            'meant')


def read_settings(node: Node) -> Settings:
    """Return the present values; cheap enough to be called for every frame."""
    names = [entry.name for entry in dataclasses.fields(Settings)]
    return Settings(**{name: node.get_parameter(name).value for name in names})


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
