// Copyright 2026 The mocap23 authors
// SPDX-License-Identifier: Apache-2.0
// The joint that may come nearest to a point, from the packed arrays of a SkeletonArray.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include <mocap23_msgs/msg/skeleton_array.hpp>

struct Nearest
{
  std::uint32_t id;   // of the person
  std::size_t joint;  // index into SkeletonInfo.joint_names
  double distance;    // metres between the point and the joint's mean
  double sd;          // of that distance, metres; NaN where no covariance is known
  double least;       // distance - sigmas * sd, not below 0; 0 where sd is NaN: nothing is sure
};

// point: metres, in the frame of the message's header. Empty where nobody has a joint.
inline std::optional<Nearest> nearest(
  const mocap23_msgs::msg::SkeletonArray & people, const std::array<double, 3> & point,
  double sigmas = 3.0)
{
  std::optional<Nearest> found;
  for (const auto & person : people.skeletons) {
    if (person.state == mocap23_msgs::msg::Skeleton::LOST) {
      continue;
    }
    for (std::size_t joint = 0; 3 * joint + 2 < person.joints.size(); ++joint) {
      std::array<double, 3> ray;
      for (std::size_t axis = 0; axis < 3; ++axis) {
        ray[axis] = person.joints[3 * joint + axis] - point[axis];
      }
      const double distance = std::hypot(ray[0], ray[1], ray[2]);
      if (!std::isfinite(distance)) {
        continue;  // no estimate of this joint
      }
      double sd = std::numeric_limits<double>::quiet_NaN();
      if (6 * joint + 5 < person.covariance.size()) {
        const float * c = &person.covariance[6 * joint];  // xx xy xz yy yz zz
        const auto [x, y, z] = ray;
        const double variance = x * x * c[0] + y * y * c[3] + z * z * c[5] +
          2 * (x * y * c[1] + x * z * c[2] + y * z * c[4]);
        sd = std::sqrt(variance) / std::max(distance, 1e-9);
      }
      const double least = std::isnan(sd) ? 0.0 : std::max(distance - sigmas * sd, 0.0);
      if (!found || least < found->least ||
        (least == found->least && distance < found->distance))
      {
        found = Nearest{person.id, joint, distance, sd, least};
      }
    }
  }
  return found;
}
