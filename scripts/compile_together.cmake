# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
# Each library of a message package compiles as one file: half of the time is in parsing the same
# headers for each message. Sources of rosidl_generator_c repeat names, and stay apart.
function(compile_together)
  get_property(targets DIRECTORY PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target ${targets})
    if(target MATCHES "rosidl_typesupport|rosidl_generator_py")
      set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
    endif()
  endforeach()
endfunction()
cmake_language(DEFER CALL compile_together)
