# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Points and edges are clicked in a real browser; strangers and nonsense are turned away."""

import base64
import http.client
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from browser import Browser, find_browser
from walkers import camera_above_floor

from mocap23_ros.calibration.pose_from_lines import pose_from_lines
from mocap23_ros.calibration.pose_from_points import pose_from_points
from mocap23_ros.cli.main import main
from mocap23_ros.geometry.camera_file import CameraFile, load_camera_file, save_camera_file
from mocap23_ros.geometry.poses import invert_transform, transform_points

CAMERA, POSE = camera_above_floor(2.2, 25, 2, size=(1000, 600), focal=700.0)
PLACES = np.array([[3, -1, 0], [3, 1, 0], [6, -2, 0], [6, 2, 0], [4, 0, 0.75], [4, .5, 0]])
PIXELS = CAMERA.project(transform_points(invert_transform(POSE), PLACES))
TALL = 1.25  # m, of the edges
FEET = np.array([[4.5, 2, 0], [5, -2.4, 0], [6.5, 0.3, 0]])
EDGES = CAMERA.project(transform_points(invert_transform(POSE), np.stack(
    [FEET, FEET + (0, 0, TALL)], axis=1)))


@pytest.fixture
def start(tmp_path):
    """Starts the command in a process of its own, which gets the address that it prints."""
    cv2.imwrite(str(tmp_path / 'floor.png'), np.full((600, 1000, 3), 180, np.uint8))
    save_camera_file(tmp_path / 'lens.yaml', CameraFile(CAMERA))
    processes = []

    def begin(*words):
        process = subprocess.Popen(
            [sys.executable, '-m', 'mocap23_ros', 'calibrate', 'points', '--click', '--image',
             str(tmp_path / 'floor.png'), '--camera', str(tmp_path / 'lens.yaml'), '--out',
             str(tmp_path / 'camera.yaml'), *map(str, words)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            # Whoever runs the tests in the background has switched it off.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        processes.append(process)
        process.address = re.search(r'http://\S+', process.stdout.readline())[0]
        return process

    yield begin
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture
def page(start, tmp_path):
    return start('--points', tmp_path / 'points.csv')


@pytest.fixture
def browser(tmp_path):
    if find_browser() is None:
        pytest.skip('no Chromium on this machine')
    browser = Browser(tmp_path / 'profile')
    yield browser
    browser.close()


def ask(address, method='GET', path='', body=None, **headers):
    where = urlsplit(address)
    connection = http.client.HTTPConnection(where.netloc, timeout=20)
    try:
        connection.request(method, where.path + path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def marked(rows=None, **more):
    rows = np.concatenate([PIXELS, PLACES], axis=1).tolist() if rows is None else rows
    return json.dumps({'kind': 'points', 'rows': rows} | more)


def of_edges(**more):
    return marked(**{'rows': EDGES.reshape(-1, 4).tolist(), 'kind': 'lines', 'height_of': 'edge',
                     'height': TALL, 'turned': 0} | more)


def test_strangers_and_nonsense_are_turned_away(page, tmp_path):
    status, text = ask(page.address)
    assert status == 200 and b'page.js' in text
    netloc = urlsplit(page.address).netloc
    assert netloc.startswith('127.0.0.1:')
    assert ask(f'http://{netloc}/')[0] == 404
    assert ask(f'http://{netloc}/guess/', 'POST', 'save', marked())[0] == 404
    assert ask(page.address, 'POST', 'save', marked(), Host='evil.example')[0] == 404
    assert ask(page.address, path='../../lens.yaml')[0] == 404
    for body, words in (
            (marked([[1, 2, 3, 4, 5]]), 'at least 4'), (marked([]), 'at least 4'),
            (marked([[1, 2, None, 4, 5]]), 'give u, v'), (marked(7), 'give u, v'),
            (marked([[10 ** 400, 1, 2, 3, 4]]), 'give u, v'), (marked([[1, 2]]), 'give u, v'),
            (b'[' * 5000, 'points or lines'), (b'[[1,2,3,4,5]]', 'points or lines'),
            (marked(kind='birds'), 'points or lines'), (b'1' * 300_000, 'too many'),
            (marked([[1, 2, 3, 4, 5]] * 501), 'more than 500'),
            (of_edges(rows=[]), 'two vertical edges'), (of_edges(rows=[[1, 2, 3]]), 'both ends'),
            (of_edges(height=None), 'number of metres'), (of_edges(height='2'), 'of metres'),
            (of_edges(height=10 ** 400), 'of metres'), (of_edges(height=203), '0.1 to 30'),
            (of_edges(turned=400), '-180 to 180'), (of_edges(height_of='bird'), 'of what'),
            (of_edges(turned=180), 'is rolled by')):
        status, text = ask(page.address, 'POST', 'save', body)
        assert status == 400 and words in json.loads(text)['message'], (body[:80], text)
    assert not (tmp_path / 'camera.yaml').exists() and page.poll() is None


def test_ctrl_c_gives_up_and_writes_no_camera(page, tmp_path):
    assert ask(page.address, 'POST', 'fit', marked())[0] == 200
    page.send_signal(signal.SIGINT)
    assert page.wait(20) != 0
    assert not (tmp_path / 'camera.yaml').exists()
    assert 'Traceback' not in page.stderr.read()
    # What was clicked is kept.
    np.testing.assert_allclose(np.loadtxt(tmp_path / 'points.csv', delimiter=',')[:, 2:], PLACES)


def test_what_click_needs_is_said(tmp_path, capsys):
    save_camera_file(tmp_path / 'lens.yaml', CameraFile(CAMERA))
    common = ['calibrate', 'points', '--camera', str(tmp_path / 'lens.yaml'), '--out',
              str(tmp_path / 'camera.yaml')]
    for words, message in (
            ([], '--points POINTS.csv, or --click'), (['--click'], '--image'),
            (['--click', '--points', 'p.csv', '--lines', 'l.csv'], '--points does not go'),
            (['--click', '--points', 'p.csv', '--camera-height', '2'], '--points does not go'),
            (['--click', '--camera-height', '2', '--edge-height', '2'], 'one known height'),
            (['--click', '--edge-height', '200'], '--edge-height 200: give 0.1 to 30')):
        assert main([*common, *words]) == 2
        assert message in capsys.readouterr().err


def picture(browser, name):
    """A screenshot for people, where MOCAP23_SCREENSHOTS names a folder."""
    if 'MOCAP23_SCREENSHOTS' in os.environ:
        data = browser.call('Page.captureScreenshot', format='png')['data']
        Path(os.environ['MOCAP23_SCREENSHOTS'], name).write_bytes(base64.b64decode(data))


def open_page(browser, page):
    browser.open(page.address)
    browser.wait_for('document.body && document.body.dataset.ready')


def click_on_image(browser, pixel):
    browser.click_on('#image', *(np.round(pixel) + 0.5).tolist())


def fill(browser, name, value):
    browser.value(f'document.getElementById("{name}").select()')
    browser.type(value)


def said(browser):
    return browser.wait_for('document.getElementById("said").textContent')


@pytest.mark.timeout(240)
def test_points_are_clicked_in_a_browser(page, tmp_path, browser):
    open_page(browser, page)
    for number, (pixel, place) in enumerate(zip(PIXELS, PLACES, strict=True), 1):
        click_on_image(browser, pixel)
        assert browser.value(f'document.activeElement.id == "x{number}"')
        for name, value in zip('xyz', place, strict=True):
            fill(browser, f'{name}{number}', f'{value:g}'.replace('.', ',' if number > 5 else '.'))
        if number == 2:
            browser.click_on('#fit')
            assert 'at least 4' in said(browser)
    assert browser.value('document.getElementById("save").disabled')
    browser.click_on('#fit')
    browser.wait_for('!document.getElementById("save").disabled')
    assert 'camera at x' in said(browser)
    assert browser.wait_for('document.getElementById("image").src.startsWith("data:image")')
    picture(browser, 'click_points.png')
    browser.click_on('#save')
    printed, errors = page.communicate(timeout=60)
    assert page.returncode == 0, errors
    assert 'camera at x' in printed and 'camera_file' in printed
    # Clicks are whole pixels of the screen, where the image lies between them.
    expected = pose_from_points(np.round(PIXELS), PLACES, CAMERA).world_T_camera
    np.testing.assert_allclose(load_camera_file(tmp_path / 'camera.yaml').world_T_camera,
                               expected, atol=0.01)
    np.testing.assert_allclose(np.loadtxt(tmp_path / 'points.csv', delimiter=',')[:, :2],
                               np.round(PIXELS), atol=0.5)


@pytest.mark.timeout(240)
def test_edges_are_clicked_in_a_browser_and_fit_as_those_of_a_file(start, tmp_path, browser):
    page = start('--lines', tmp_path / 'lines.csv', '--edge-height', TALL)
    open_page(browser, page)
    assert browser.value('document.body.dataset.kind') == 'lines'
    assert browser.value('document.getElementById("height").value') == f'{TALL:g}'
    for number, edge in enumerate(EDGES, 1):
        click_on_image(browser, edge[0])
        if number == 2:  # of which the upper end is marked after a look at what is said
            browser.click_on('#fit')
            assert 'edge 2 has one end yet' in said(browser)
        click_on_image(browser, edge[1])
    # An edge that is no edge is named, and can be removed.
    for place in ((300, 300), (330, 100)):
        click_on_image(browser, place)
    browser.click_on('#fit')
    browser.wait_for('document.getElementById("said").textContent.includes("be vertical")')
    assert 'number 4' in said(browser)
    browser.click_on('tr:nth-child(4) button')
    fill(browser, 'height', '')
    browser.click_on('#fit')
    assert 'known height' in said(browser) and browser.value('save.disabled')
    fill(browser, 'height', f'{TALL:g}'.replace('.', ','))
    browser.click_on('#fit')
    browser.wait_for('!document.getElementById("save").disabled')
    assert 'from 3 lines and the height of 1.25 m of the edge' in said(browser)
    picture(browser, 'click_edges.png')
    browser.click_on('#save')
    printed, errors = page.communicate(timeout=60)
    assert page.returncode == 0, errors
    assert 'pitch 24' in printed and not browser.errors()[1:]  # one answer was a refusal
    by_page = load_camera_file(tmp_path / 'camera.yaml')
    kept = np.loadtxt(tmp_path / 'lines.csv', delimiter=',').reshape(-1, 2, 2)
    np.testing.assert_allclose(kept, EDGES.round(), atol=0.5)
    fit = pose_from_lines(kept, CAMERA, edge_height=TALL)
    np.testing.assert_allclose(by_page.world_T_camera, fit.floor_T_camera, atol=1e-5)
    words = ['calibrate', 'points', '--camera', str(tmp_path / 'lens.yaml'), '--lines',
             str(tmp_path / 'lines.csv'), '--edge-height', str(TALL), '--out',
             str(tmp_path / 'again.yaml')]
    assert main(words) == 0
    again = load_camera_file(tmp_path / 'again.yaml')
    np.testing.assert_allclose(again.world_T_camera, by_page.world_T_camera, atol=1e-5)
    np.testing.assert_allclose(again.pose_covariance, by_page.pose_covariance, atol=1e-6)


@pytest.mark.timeout(240)
def test_the_page_changes_between_points_and_edges(start, tmp_path, browser):
    page = start()
    open_page(browser, page)
    assert browser.value('document.body.dataset.kind') == 'points'
    click_on_image(browser, PIXELS[0])
    browser.click_on('[name=kind][value=lines]')
    assert browser.value('rows.lines.length == 0 && rows.points.length == 1')
    for end in EDGES[:2].reshape(-1, 2):
        click_on_image(browser, end)
    fill(browser, 'height', '2.2')
    browser.click_on('#fit')
    browser.wait_for('!document.getElementById("save").disabled')
    browser.click_on('[name=kind][value=points]')
    # What was found is of the edges: points must be judged anew.
    assert browser.value('save.disabled && marks.querySelectorAll("circle").length == 1')
    browser.click_on('[name=kind][value=lines]')
    browser.click_on('#fit')
    browser.wait_for('!document.getElementById("save").disabled')
    browser.click_on('#save')
    assert page.wait(60) == 0 and not browser.errors()
    fit = pose_from_lines(EDGES[:2].round(), CAMERA, camera_height=2.2)
    np.testing.assert_allclose(load_camera_file(tmp_path / 'camera.yaml').world_T_camera,
                               fit.floor_T_camera, atol=1e-3)
