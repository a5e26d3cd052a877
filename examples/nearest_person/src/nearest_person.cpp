// Copyright 2026 The mocap23 authors
// SPDX-License-Identifier: Apache-2.0
// Says for each SkeletonArray how near the nearest joint is to a frame of the robot.

#include <array>
#include <memory>
#include <string>

#include <mocap23_msgs/msg/skeleton_array.hpp>
#include <mocap23_msgs/msg/skeleton_info.hpp>
#include <rclcpp/rclcpp.hpp>
#if __has_include(<tf2_ros/buffer.hpp>)
#include <tf2_ros/buffer.hpp>
#include <tf2_ros/transform_listener.hpp>
#else  // older distributions
#include <tf2_ros/buffer.h>
#include <tf2_ros/transform_listener.h>
#endif

#include "nearest.hpp"

class NearestPerson : public rclcpp::Node
{
public:
  NearestPerson()
  : Node("nearest_person"), robot_frame_(declare_parameter<std::string>("robot_frame", "base_link")),
    buffer_(get_clock()), listener_(buffer_)
  {
    info_subscription_ = create_subscription<mocap23_msgs::msg::SkeletonInfo>(
      "skeleton_info", rclcpp::QoS(1).transient_local(),
      [this](mocap23_msgs::msg::SkeletonInfo::ConstSharedPtr info) {info_ = info;});
    // Best effort: the newest people, never a queue of old ones.
    subscription_ = create_subscription<mocap23_msgs::msg::SkeletonArray>(
      "skeletons", rclcpp::QoS(1).best_effort(),
      [this](mocap23_msgs::msg::SkeletonArray::ConstSharedPtr people) {say(*people);});
  }

private:
  void say(const mocap23_msgs::msg::SkeletonArray & people)
  {
    std::array<double, 3> robot;
    try {
      // Where the robot was when the image was taken. The listener has a thread of its own, so
      // that waiting here is possible.
      const auto place = buffer_.lookupTransform(
        people.header.frame_id, robot_frame_, rclcpp::Time(people.header.stamp),
        rclcpp::Duration::from_seconds(0.05)).transform.translation;
      robot = {place.x, place.y, place.z};
    } catch (const tf2::TransformException & error) {
      RCLCPP_WARN_THROTTLE(get_logger(), *get_clock(), 2000, "not known: %s", error.what());
      return;
    }
    const auto found = nearest(people, robot);
    if (!found) {
      RCLCPP_INFO(get_logger(), "nobody is seen");
      return;
    }
    const bool named = info_ && found->joint < info_->joint_names.size();
    RCLCPP_INFO(
      get_logger(), "person %u: %s %.2f m away, sd %.2f m, at least %.2f m", found->id,
      named ? info_->joint_names[found->joint].c_str() : "a joint", found->distance, found->sd,
      found->least);
  }

  std::string robot_frame_;
  tf2_ros::Buffer buffer_;
  tf2_ros::TransformListener listener_;
  mocap23_msgs::msg::SkeletonInfo::ConstSharedPtr info_;
  rclcpp::Subscription<mocap23_msgs::msg::SkeletonInfo>::SharedPtr info_subscription_;
  rclcpp::Subscription<mocap23_msgs::msg::SkeletonArray>::SharedPtr subscription_;
};

int main(int argc, char ** argv)
{
  rclcpp::init(argc, argv);
  rclcpp::spin(std::make_shared<NearestPerson>());
  rclcpp::shutdown();
  return 0;
}
