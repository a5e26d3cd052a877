# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Points are clicked in a real browser; strangers and nonsense are turned away."""

import http.client
import json
import re
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from browser import Browser, find_browser
from walkers import camera_above_floor

from mocap23_ros.calibration.pose_from_points import pose_from_points
from mocap23_ros.geometry.camera_file import CameraFile, load_camera_file, save_camera_file
from mocap23_ros.geometry.poses import invert_transform, transform_points

CAMERA, POSE = camera_above_floor(2.2, 25, 2, size=(1000, 600), focal=700.0)
PLACES = np.array([[3, -1, 0], [3, 1, 0], [6, -2, 0], [6, 2, 0], [4, 0, 0.75], [4, .5, 0]])
PIXELS = CAMERA.project(transform_points(invert_transform(POSE), PLACES))


@pytest.fixture
def page(tmp_path):
    """The command in a process of its own, and the address that it prints."""
    cv2.imwrite(str(tmp_path / 'floor.png'), np.full((600, 1000, 3), 180, np.uint8))
    save_camera_file(tmp_path / 'lens.yaml', CameraFile(CAMERA))
    process = subprocess.Popen(
        [sys.executable, '-m', 'mocap23_ros', 'calibrate', 'points', '--click', '--image',
         str(tmp_path / 'floor.png'), '--camera', str(tmp_path / 'lens.yaml'), '--points',
         str(tmp_path / 'points.csv'), '--out', str(tmp_path / 'camera.yaml')],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # Whoever runs the tests in the background has switched it off.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    process.address = re.search(r'http://\S+', process.stdout.readline())[0]
    yield process
    process.kill()
    process.wait()


def ask(address, method='GET', path='', body=None, **headers):
    where = urlsplit(address)
    connection = http.client.HTTPConnection(where.netloc, timeout=20)
    try:
        connection.request(method, where.path + path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def rows():
    return json.dumps(np.concatenate([PIXELS, PLACES], axis=1).tolist())


def test_strangers_and_nonsense_are_turned_away(page, tmp_path):
    status, text = ask(page.address)
    assert status == 200 and b'page.js' in text
    netloc = urlsplit(page.address).netloc
    assert netloc.startswith('127.0.0.1:')
    assert ask(f'http://{netloc}/')[0] == 404
    assert ask(f'http://{netloc}/guess/', 'POST', 'save', rows())[0] == 404
    assert ask(page.address, 'POST', 'save', rows(), Host='evil.example')[0] == 404
    assert ask(page.address, path='../../lens.yaml')[0] == 404
    for body, words in ((b'[[1,2,3,4,5]]', 'at least 4'), (b'[[1,2,null,4,5]]', 'give u, v'),
                        (b'{"a": 1}', 'give u, v'), (b'[' * 5000, 'give u, v'),
                        (b'[[NaN,1,2,3,4]]', 'give u, v'), (b'1' * 300_000, 'too many')):
        status, text = ask(page.address, 'POST', 'save', body)
        assert status == 400 and words in json.loads(text)['message']
    assert not (tmp_path / 'camera.yaml').exists() and page.poll() is None


def test_ctrl_c_gives_up_and_writes_no_camera(page, tmp_path):
    assert ask(page.address, 'POST', 'fit', rows())[0] == 200
    page.send_signal(signal.SIGINT)
    assert page.wait(20) != 0
    assert not (tmp_path / 'camera.yaml').exists()
    assert 'Traceback' not in page.stderr.read()
    # What was clicked is kept.
    np.testing.assert_allclose(np.loadtxt(tmp_path / 'points.csv', delimiter=',')[:, 2:], PLACES)


def test_what_click_needs_is_said(tmp_path, capsys):
    from mocap23_ros.cli.main import main
    save_camera_file(tmp_path / 'lens.yaml', CameraFile(CAMERA))
    common = ['calibrate', 'points', '--camera', str(tmp_path / 'lens.yaml'), '--out',
              str(tmp_path / 'camera.yaml')]
    for words, message in (([], '--points POINTS.csv, or --click'), (['--click'], '--image')):
        assert main([*common, *words]) == 2
        assert message in capsys.readouterr().err


@pytest.mark.timeout(240)
def test_points_are_clicked_in_a_browser(page, tmp_path):
    if find_browser() is None:
        pytest.skip('no Chromium on this machine')
    browser = Browser(tmp_path / 'profile')
    try:
        browser.open(page.address)
        browser.wait_for('document.body && document.body.dataset.ready')
        browser.wait_for('document.getElementById("image").naturalWidth == 1000')
        for number, (pixel, place) in enumerate(zip(PIXELS, PLACES, strict=True), 1):
            browser.click_on('#image', *(np.round(pixel) + 0.5).tolist())
            assert browser.value(f'document.activeElement.id == "x{number}"')
            for name, value in zip('xyz', place, strict=True):
                browser.value(f'document.getElementById("{name}{number}").select()')
                browser.type(f'{value:g}')
            if number == 2:
                browser.click_on('#fit')
                assert 'at least 4' in browser.wait_for(
                    'document.getElementById("said").textContent')
        assert browser.value('document.getElementById("save").disabled')
        browser.click_on('#fit')
        browser.wait_for('!document.getElementById("save").disabled')
        assert 'camera at x' in browser.value('document.getElementById("said").textContent')
        assert browser.wait_for('document.getElementById("image").src.startsWith("data:image")')
        browser.click_on('#save')
        said, errors = page.communicate(timeout=60)
    finally:
        browser.close()
    assert page.returncode == 0, errors
    assert 'camera at x' in said and 'camera_file' in said
    # Clicks are whole pixels of the screen, where the image lies between them.
    expected = pose_from_points(np.round(PIXELS), PLACES, CAMERA).world_T_camera
    np.testing.assert_allclose(load_camera_file(tmp_path / 'camera.yaml').world_T_camera,
                               expected, atol=0.01)
    np.testing.assert_allclose(np.loadtxt(tmp_path / 'points.csv', delimiter=',')[:, :2],
                               np.round(PIXELS), atol=0.5)
