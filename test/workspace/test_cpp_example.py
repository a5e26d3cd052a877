# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The C++ example computes what the Python client computes, from the generated messages."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from mocap23_ros.client.people import People, Person
from mocap23_ros.tracking.track import TrackState

JOINTS = 4
PROGRAM = """
#include <cstdio>
#include <iostream>
#include <limits>
#include "nearest.hpp"
static float number() { std::string word; std::cin >> word; return std::stof(word); }
int main()
{
  mocap23_msgs::msg::SkeletonArray people;
  int count;
  std::cin >> count;
  for (int k = 0; k < count; ++k) {
    mocap23_msgs::msg::Skeleton person;
    person.id = static_cast<std::uint32_t>(number());
    person.state = static_cast<std::uint8_t>(number());
    for (int i = 0; i < 3 * JOINTS; ++i) person.joints.push_back(number());
    for (int i = 0; i < 6 * JOINTS; ++i) person.covariance.push_back(number());
    people.skeletons.push_back(person);
  }
  const auto found = nearest(people, {0.5, -0.2, 0.1});
  if (!found) { std::puts("nobody"); return 0; }
  std::printf("%u %zu %.6f %.6f %.6f\\n", found->id, found->joint, found->distance, found->sd,
    found->least);
}
"""


@pytest.fixture(scope='module')
def program(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which('g++')
    prefixes = [Path(prefix) for prefix in os.environ.get('AMENT_PREFIX_PATH', '').split(':')]
    folders = [folder for prefix in prefixes for folder in (prefix / 'include').glob('*')]
    if compiler is None or not any(folder.name == 'mocap23_msgs' for folder in folders):
        pytest.skip('g++ and the built messages are needed')
    folder = tmp_path_factory.mktemp('cpp')
    (folder / 'main.cpp').write_text(PROGRAM)
    done = subprocess.run(
        [compiler, '-std=c++17', '-Wall', '-Wextra', '-Werror', f'-DJOINTS={JOINTS}',
         f'-I{root / "examples" / "nearest_person" / "src"}',
         *(word for path in folders for word in ('-isystem', str(path))),
         'main.cpp', '-o', 'main'], cwd=folder, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / 'main'


def said(program: Path, people: list[Person]) -> list[str]:
    numbers: list[float] = []
    upper = np.triu_indices(3)
    for person in people:
        numbers += [person.person_id, int(person.state), *person.joints.ravel(),
                    *person.covariance[:, upper[0], upper[1]].ravel()]
    text = ' '.join([str(len(people)), *map(str, numbers)])
    return subprocess.run([program], input=text, text=True, capture_output=True,
                          check=True).stdout.split()


def person(rng: np.random.Generator, number: int) -> Person:
    spread = rng.normal(size=(JOINTS, 3, 3)) * 0.1
    return Person(number, TrackState.TRACKED, rng.uniform(-3, 3, (JOINTS, 3)),
                  spread @ spread.transpose(0, 2, 1), np.zeros(3), np.zeros(2), 1.7, 0.1)


@pytest.mark.parametrize('seed', range(8))
def test_it_finds_what_the_client_finds(program: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    people = [person(rng, number) for number in (3, 4, 9)]
    people[0].joints[0] = np.nan
    if seed % 2:
        people[1].covariance[2] = np.nan
    wanted = People(0.0, 'map', ('a', 'b', 'c', 'd'), tuple(people)).clearance((0.5, -0.2, 0.1))
    assert wanted is not None
    number, joint, *lengths = said(program, people)
    assert (int(number), 'abcd'[int(joint)]) == (wanted.person_id, wanted.joint_name)
    assert np.array(lengths, float) == pytest.approx(
        [wanted.distance, wanted.sd, wanted.least], abs=1e-5, nan_ok=True)


def test_nobody_and_the_lost_are_no_distance(program: Path) -> None:
    lost = person(np.random.default_rng(1), 5)
    assert said(program, []) == ['nobody']
    object.__setattr__(lost, 'state', TrackState.LOST)
    assert said(program, [lost]) == ['nobody']
