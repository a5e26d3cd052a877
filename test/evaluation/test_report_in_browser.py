# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The report of a bag in a real Chromium: play, scrub, hide, a phone's width, no error."""

import base64
import os
from pathlib import Path

import bag_examples as bags
import numpy as np
import pytest
from browser import Browser, find_browser
from recording_examples import truth

from mocap23_ros.cli.main import main
from mocap23_ros.skeletons.formats import COCO17

SLIDER = 'Number(document.querySelector("#time").value)'
CLOCK = 'document.querySelector("#clock").value'
DRAWN = 'JSON.stringify(document.querySelector("#scene").data[1].x)'


@pytest.fixture(scope='module')
def report(tmp_path_factory):
    """Two configurations beside a truth."""
    folder = tmp_path_factory.mktemp('report')
    bag = bags.write(folder / 'walk', [*bags.camera_messages(), *bags.keypoint_messages()])
    stamps = 1e-9 * (bags.START + np.arange(bags.FRAMES) * bags.FRAME_TIME)
    np.savez(folder / 'truth.npz', joints=truth(stamps - stamps[0] + 5), stamps=stamps,
             joint_names=np.array(COCO17.joint_names))
    assert main(['evaluate', '--bag', str(bag), '--truth', str(folder / 'truth.npz'), '--out',
                 str(folder), '--with', 'now:lifter=geometric', '--with',
                 'later:lifter=geometric,lag=5']) == 0
    return folder / 'report.html'


@pytest.fixture(scope='module')
def page(report, tmp_path_factory):
    if find_browser() is None:
        pytest.skip('no Chromium on this machine')
    browser = Browser(tmp_path_factory.mktemp('browser'), '--use-gl=angle',
                      '--use-angle=swiftshader',
                      '--enable-unsafe-swiftshader')
    try:
        browser.open(f'file://{report}')
        browser.wait_for('document.documentElement.dataset.ready === "yes"')
        yield browser
    finally:
        browser.close()


def picture(page, name):
    """A screenshot for people, where MOCAP23_SCREENSHOTS names a folder."""
    if 'MOCAP23_SCREENSHOTS' in os.environ:
        data = page.call('Page.captureScreenshot', format='png')['data']
        Path(os.environ['MOCAP23_SCREENSHOTS'], name).write_bytes(base64.b64decode(data))


@pytest.mark.timeout(300)
def test_the_player_plays_scrubs_and_hides(page):
    start, drawn = page.value(SLIDER), page.value(DRAWN)
    picture(page, 'report.png')
    page.click_on('#play')
    page.wait_for(f'{SLIDER} !== {start}')
    assert page.value('document.querySelector("#play").textContent') == 'Pause'
    assert page.value(DRAWN) != drawn
    page.click_on('#play')
    assert page.value('document.querySelector("#play").textContent') == 'Play'
    page.click_on('#time', u=3)
    assert page.value(SLIDER) == 0 and page.value(CLOCK) == '0.00 s'
    width = page.value('document.querySelector("#time").clientWidth')
    page.click_on('#time', u=width - 3)
    last = page.value('Number(document.querySelector("#time").max)')
    assert page.value(SLIDER) == last > 0
    assert float(page.value(CLOCK).split()[0]) > 1
    page.click_on('#toggles label:nth-child(2) input')
    page.wait_for('document.querySelector("#scene").data[1].x.length === 0')
    assert page.value('document.querySelector("#scene").data[0].x.length') > 0
    picture(page, 'hidden.png')
    page.click_on('#toggles label:nth-child(2) input')
    page.wait_for('document.querySelector("#scene").data[1].x.length > 0')
    assert page.errors() == []


@pytest.mark.timeout(300)
def test_all_people_their_ellipsoids_the_camera_and_the_truth_are_drawn(page):
    """Both people of both configurations and of the truth, with what was known of them."""
    bones = 'document.querySelector("#scene").data[{}].hovertext'
    assert [set(page.value(f'[...new Set({bones.format(index)})]')) for index in range(3)] == [
        {'truth, person 1', 'truth, person 2'}, {'now, person 1', 'now, person 2'},
        {'later, person 1', 'later, person 2'}]
    mesh = page.value('(({x, y, z}) => [x, y, z])(document.querySelector("#scene").data[3])')
    spheres = np.array(mesh).T.reshape(-1, 42, 3)
    assert len(spheres) == 2 * 17
    axes = np.linalg.norm(spheres - spheres.mean(1, keepdims=True), axis=-1)
    assert 0.005 < axes.min() and axes.max() < 2
    camera = page.value('(({x, y, z}) => [x[0], y[0], z[0]])(document.querySelector("#scene")'
                        '.data[5])')
    assert np.allclose(camera, [0, 0, 1.5], atol=2e-3)
    page.click_on('#toggles label:nth-child(4) input')
    page.wait_for('document.querySelector("#scene").data[3].x.length === 0')
    page.click_on('#toggles label:nth-child(4) input')
    page.wait_for('document.querySelector("#scene").data[3].x.length > 0')
    assert page.errors() == []


@pytest.mark.timeout(300)
def test_a_click_into_the_time_line_moves_the_player(page):
    rows = page.value('document.querySelector("#timeline").data.map(curve => curve.yaxis)')
    assert len(set(rows)) == 5  # both errors, the stated one, contact, confidence
    page.value('document.querySelector("#timeline").scrollIntoView({block: "center"})')
    left, right, top = page.value(
        '(p => [p.left, p.right, p.top])(document.querySelector("#timeline .xy .bg, '
        '#timeline .bglayer .bg").getBoundingClientRect())')
    page.call('Input.dispatchMouseEvent', type='mouseMoved', x=0.8 * right + 0.2 * left,
              y=top + 30)
    page.wait_for('document.querySelector("#timeline .hoverlayer").childElementCount > 0')
    page.click(0.8 * right + 0.2 * left, top + 30)
    last = page.value('Number(document.querySelector("#time").max)')
    page.wait_for(f'Math.abs({SLIDER} - 0.8 * {last}) <= 2')
    page.wait_for(f'Number(document.documentElement.dataset.frame) === {SLIDER}')
    moment = page.value('document.querySelector("#moment").getBoundingClientRect().left')
    assert moment == pytest.approx(0.8 * right + 0.2 * left, abs=0.05 * (right - left))
    picture(page, 'timeline.png')
    assert page.errors() == []


@pytest.mark.timeout(300)
def test_configurations_stand_side_by_side(page):
    """Each beside the truth in a view of its own, at the same moment, seen from the same side."""
    people = ('[...document.querySelectorAll(".scene")].map(view => [...new Set(view.data.flatMap('
              'trace => trace.hovertext || []))].filter(text => text.includes("person")).sort())')
    assert len(page.value(people)) == 1
    page.click_on('#toggles label:last-child input')
    page.wait_for('document.querySelectorAll(".scene").length === 2')
    page.wait_for('document.querySelector("#scene-2").data?.[0].x.length > 0')
    truth = ['truth, person 1', 'truth, person 2']
    assert page.value(people) == [['now, person 1', 'now, person 2', *truth],
                                  ['later, person 1', 'later, person 2', *truth]]
    assert page.value('[...document.querySelectorAll(".caption")].map(one => one.textContent)') == [
        'now', 'later']
    page.value('Plotly.relayout("scene", {"scene.camera": {eye: {x: 0, y: 0, z: 3}}})')
    page.wait_for('document.querySelector("#scene-2").layout.scene.camera.eye.z === 3')
    picture(page, 'side_by_side.png')
    page.click_on('#toggles label:nth-child(3) input')  # of "later": nothing is left to compare
    page.wait_for('document.querySelectorAll(".scene").length === 1')
    page.click_on('#toggles label:nth-child(3) input')
    page.wait_for('document.querySelectorAll(".scene").length === 2')
    page.click_on('#toggles label:last-child input')
    page.wait_for('document.querySelectorAll(".scene").length === 1')
    page.wait_for('document.querySelector("#scene").data?.[0].x.length > 0')
    assert page.errors() == []


@pytest.fixture
def two_bags(tmp_path):
    """The report of a bag of 40 frames and one of 25, with two configurations."""
    for name, frames in (('long', bags.FRAMES), ('short', 25)):
        bags.write(tmp_path / name, [*bags.camera_messages(), *bags.keypoint_messages(frames)])
    assert main(['evaluate', '--bag', str(tmp_path / 'short'), '--bag', str(tmp_path / 'long'),
                 '--out', str(tmp_path), '--with', 'now:lifter=geometric', '--with',
                 'later:lifter=geometric,lag=5']) == 0
    return tmp_path / 'report.html'


@pytest.mark.timeout(300)
def test_recordings_play_side_by_side(page, two_bags):
    page.open(f'file://{two_bags}')
    page.wait_for('document.documentElement.dataset.ready === "yes"')
    assert page.value('[...document.querySelectorAll(".caption")].map(one => one.textContent)') == [
        'short', 'long']
    assert page.value('Number(document.querySelector("#time").max)') == (bags.FRAMES - 1) // 2
    first = page.value(DRAWN.replace('#scene', '#scene-2'))
    page.click_on('#time', u=page.value('document.querySelector("#time").clientWidth') - 3)
    page.wait_for(f'Number(document.documentElement.dataset.frame) === {SLIDER}')
    assert page.value(DRAWN.replace('#scene', '#scene-2')) != first
    names = page.value('document.querySelector("#timeline").data.map(curve => curve.name)')
    assert {'short: now', 'short: later', 'long: now', 'long: later'} <= set(names)
    picture(page, 'recordings.png')
    assert page.errors() == []


@pytest.mark.timeout(300)
def test_a_phone_scrolls_in_one_direction_only(page, report):
    page.open('about:blank')
    page.call('Emulation.setDeviceMetricsOverride', width=390, height=844, deviceScaleFactor=2,
              mobile=True)
    page.call('Page.navigate', url=f'file://{report}')
    page.wait_for('document.documentElement.dataset.ready === "yes"')
    assert page.value('Math.max(...[...document.querySelectorAll("canvas, .main-svg, .controls")]'
                      '.map(element => element.getBoundingClientRect().right))') <= 390
    page.click_on('#play')
    page.wait_for('document.querySelector("#play").textContent === "Pause"')
    picture(page, 'phone.png')
    assert page.value('document.documentElement.scrollWidth') <= 390
    assert page.errors() == []


def test_the_page_asks_nothing_of_the_network(page):
    assert page.value('performance.getEntriesByType("resource").filter('
                      'entry => !entry.name.startsWith("data:")).length') == 0
