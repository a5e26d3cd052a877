# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
import json
import re
import shutil
import subprocess

import numpy as np
import pytest

from mocap23_ros.errors import InputError
from mocap23_ros.evaluation.report import document_problems, write_report
from mocap23_ros.evaluation.report_contents import METRIC_KEYS, LiveFigures, MethodResult, Report

INTERFACE_KEYS = {
    'mpjpe_mm', 'pa_mpjpe_mm', 'w_mpjpe_mm', 'wa_mpjpe_mm', 'w_rigid_mpjpe_mm', 'abs_mpjpe_mm',
    'root_mm', 'accel_ms2', 'jitter_10ms3', 'foot_skate_mm', 'coverage_95', 'limit_ratio',
    'frames'}


@pytest.fixture
def report():
    rng = np.random.default_rng(4)
    truth = np.cumsum(rng.normal(0, 0.01, (90, 17, 3)), axis=0) + (0, 0, 1)
    shifted = truth + (0.1, 0, 0)
    shifted[:5] = np.nan
    return Report(
        title='A </script><b>title</b>', dataset='test', fps=30.0, stamps=np.arange(90) / 30,
        truth=truth, floor_height=0.05,
        methods=[MethodResult('first', 'a <i>method</i>', {'root_mm': 100.0, 'accel_ms2': np.nan},
                              shifted),
                 MethodResult('second', 'another', {'root_mm': np.float64(50)}, truth)],
        live={'latency_ms': {'p50': 40.0, 'p95': 60.0, 'p99': float('nan')}, 'rate_hz': 20.0,
              'frames_in': 90, 'frames_out': 85, 'frames_dropped': 5, 'published_share': 1.0,
              'memory_mb': {'growth': 0.1}},
        runs=LiveFigures({'live': rng.gamma(9, 5, 85)},
                         {'live': np.array([[0, 300.0], [1, 301.0]])}),
        facts={'Machine': 'test <machine>'}, notes=['A note.'])


def test_report_json_has_the_agreed_keys_and_null_for_the_unknown(report, tmp_path):
    write_report(report, tmp_path)
    text = (tmp_path / 'report.json').read_text()
    document = json.loads(text, parse_constant=lambda word: pytest.fail(f'{word} in JSON'))
    assert {'dataset', 'fps', 'methods', 'latency_ms', 'rate_hz', 'frames_in', 'frames_out',
            'frames_dropped'} <= set(document)
    assert set(document['methods']) == {'first', 'second'}
    for values in document['methods'].values():
        assert set(values) == INTERFACE_KEYS
    first = document['methods']['first']
    assert first['root_mm'] == 100 and first['accel_ms2'] is None and first['mpjpe_mm'] is None
    assert first['frames'] == 85 and document['latency_ms']['p99'] is None
    assert set(METRIC_KEYS) | {'frames'} == INTERFACE_KEYS


@pytest.mark.parametrize('damage, reason', [
    (lambda d: d.pop('fps'), 'fps is missing'),
    (lambda d: d['methods']['first'].pop('root_mm'), 'methods.first.root_mm is missing'),
    (lambda d: d['methods']['first'].update(root_mm='12'), "is '12', not a number"),
    (lambda d: d['methods']['first'].update(root_mm=float('nan')), 'not a number or null'),
    (lambda d: d['latency_ms'].pop('p95'), 'latency_ms.p95 is missing'),
    (lambda d: d.pop('frames_in'), 'frames_in is missing'),
])
def test_a_broken_document_is_found_out(report, tmp_path, damage, reason):
    document = write_report(report, tmp_path)
    assert document_problems(document) == []
    damage(document)
    assert any(reason in problem for problem in document_problems(document))


def test_the_page_needs_nothing_from_elsewhere_and_escapes_its_texts(report, tmp_path):
    write_report(report, tmp_path)
    page = (tmp_path / 'report.html').read_text()
    assert '<b>title' not in page and '<i>method' not in page and 'test &lt;machine&gt;' in page
    head = page[:page.index('plotly.js v')]  # what follows is the library itself
    assert not re.search(r'(src|href)\s*=\s*["\'](?!data:)', head)
    assert not re.search(r'<link|@import|url\(', head)


def test_a_folder_that_cannot_be_made_is_named(report, tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(InputError, match='cannot be written'):
        write_report(report, tmp_path / 'file' / 'below')


@pytest.mark.timeout(300)
def test_a_browser_draws_every_plot(report, tmp_path):
    browser = next((path for name in ('chromium', 'chromium-browser', 'google-chrome')
                    if (path := shutil.which(name))), None)
    if browser is None:
        pytest.skip('no Chromium on this machine')
    write_report(report, tmp_path)
    done = subprocess.run(
        [browser, '--headless=new', '--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader',
         '--enable-unsafe-swiftshader', f'--user-data-dir={tmp_path / "profile"}',
         '--virtual-time-budget=15000', '--dump-dom', f'file://{tmp_path / "report.html"}'],
        capture_output=True, text=True, timeout=250)
    if done.returncode != 0 or '<html' not in done.stdout:
        pytest.skip(f'this Chromium does not run here: {done.stderr[-200:]}')
    page = done.stdout
    assert 'data-ready="yes"' in page  # the script ran to its end
    for name in ('timeline', 'latency-plot', 'memory-plot'):
        start = page.index(f'id="{name}"')
        assert 'main-svg' in page[start:start + 3000], name
    assert page.count('<canvas') >= 1  # the 3D scene
    assert 'max="44"' in page  # the slider reaches the last of every second frame
