# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Fetching weights from a real local server."""

import hashlib
import http.server
import io
import os
import threading
import zipfile

import pytest
from documentation_pages import documented
from refusals import one_line, refused

from mocap23_ros.cli.main import main
from mocap23_ros.detection import weights
from mocap23_ros.detection.onnx_detector import OnnxDetector
from mocap23_ros.errors import InputError

NETWORK = os.urandom(600_000)


def zipped(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace('__', '/'), data)
    return stream.getvalue()


FILES = {
    '/plain.onnx': NETWORK,
    '/one.zip': zipped(**{'deep__end2end.onnx': NETWORK, 'deep__deploy.json': b'{}'}),
    '/evil.zip': zipped(**{'..__..__evil.onnx': NETWORK}),
    '/two.zip': zipped(**{'a.onnx': NETWORK, 'b.onnx': NETWORK}),
    '/bomb.zip': zipped(**{'bomb.onnx': b'\0' * 3_000_000}),
    '/torn.zip': zipped(**{'a.onnx': NETWORK})[:300_000] + b'x' * 1000
    + zipped(**{'a.onnx': NETWORK})[-90:],
    '/short.onnx': NETWORK,
}


class Handler(http.server.BaseHTTPRequestHandler):
    requests: list[str] = []

    def do_GET(self):
        self.requests.append(self.path)
        if self.path == '/moved.onnx':
            self.send_response(302)
            self.send_header('Location', 'http://models.example.org/plain.onnx')
            self.end_headers()
            return
        data = FILES.get(self.path)
        if data is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data[:1000] if self.path == '/short.onnx' else data)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Clients that hang up are part of the tests."""


@pytest.fixture(scope='module')
def server():
    with Server(('127.0.0.1', 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f'http://127.0.0.1:{running.server_address[1]}'
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    monkeypatch.delenv('MOCAP23_CACHE', raising=False)
    Handler.requests.clear()
    return tmp_path / 'mocap23' / 'weights'


def sha256(path: str) -> str:
    return hashlib.sha256(FILES[path]).hexdigest()


@pytest.mark.parametrize('path', ['/plain.onnx', '/one.zip', '/evil.zip'])
def test_a_checked_file_ends_in_the_cache_and_nothing_else_does(server, cache, path):
    seen = []
    found = weights.fetch_weights('mine', server + path, sha256(path), progress=lambda *p:
                                  seen.append(p))
    assert found == cache / 'mine.onnx' and found.read_bytes() == NETWORK
    assert sorted(p.name for p in cache.iterdir()) == ['mine.json', 'mine.onnx']
    assert not list(cache.parent.parent.rglob('evil*'))
    assert seen[-1] == (len(FILES[path]), len(FILES[path]))


def test_the_second_time_needs_no_network_and_a_damaged_copy_is_fetched_again(server, cache):
    for _ in range(2):
        weights.fetch_weights('mine', server + '/one.zip', sha256('/one.zip'))
    assert len(Handler.requests) == 1
    (cache / 'mine.onnx').write_bytes(b'damaged')
    weights.fetch_weights('mine', server + '/one.zip', sha256('/one.zip'))
    assert len(Handler.requests) == 2 and (cache / 'mine.onnx').read_bytes() == NETWORK


@pytest.mark.parametrize('path, checksum, words', [
    ('/plain.onnx', '0' * 64, 'was changed or'),
    ('/absent.onnx', '0' * 64, '404'),
    ('/short.onnx', None, 'broke off'),
    ('/two.zip', None, 'holds 2 files'),
    ('/torn.zip', None, 'cannot be unpacked'),
    ('/plain.onnx', 'abc', '64 hexadecimal'),
])
def test_what_is_wrong_leaves_nothing_behind(server, cache, path, checksum, words):
    with one_line(words):
        weights.fetch_weights('mine', server + path, checksum or sha256(path))
    assert not cache.exists() or not list(cache.iterdir())


def test_a_failed_fetch_keeps_the_file_that_was_there(server, cache):
    weights.fetch_weights('mine', server + '/plain.onnx', sha256('/plain.onnx'))
    with pytest.raises(InputError):
        weights.fetch_weights('mine', server + '/plain.onnx', '0' * 64)
    assert (cache / 'mine.onnx').read_bytes() == NETWORK


@pytest.mark.parametrize('path', ['/plain.onnx', '/bomb.zip'])
def test_size_is_bounded(server, cache, path, monkeypatch):
    monkeypatch.setattr(weights, 'LARGEST_FILE', 500_000)
    with pytest.raises(InputError, match='larger than 500000 bytes'):
        weights.fetch_weights('mine', server + path, sha256(path))
    assert not list(cache.iterdir())


@pytest.mark.parametrize('url', [
    'file:///etc/hostname', 'http://models.example.org/x.onnx', 'ftp://127.0.0.1/x.onnx', 'x.onnx'])
def test_addresses_that_are_not_https_are_refused(cache, url):
    with pytest.raises(InputError, match='is not an https address'):
        weights.fetch_weights('mine', url, '0' * 64)
    assert not list(cache.glob('*'))


def test_a_server_cannot_lead_away_from_https(server):
    with pytest.raises(InputError, match=r'example\.org/plain\.onnx is not an https address'):
        weights.fetch_weights('mine', server + '/moved.onnx', sha256('/plain.onnx'))


def test_an_unreachable_server_is_one_line():
    with pytest.raises(InputError, match='cannot be reached'):
        weights.fetch_weights('mine', 'http://127.0.0.1:9/x.onnx', '0' * 64)


@pytest.mark.parametrize('name', ['../out', 'a/b', '.hidden', ''])
def test_names_cannot_leave_the_folder(name):
    with pytest.raises(InputError):
        weights.fetch_weights(name, 'http://127.0.0.1:9/x.onnx', '0' * 64)


def test_weights_without_a_known_checksum_ask_for_it(capsys):
    refused(main(['fetch-weights', 'rtmpose-m']), capsys, '--sha256')


def test_command_prints_the_path(server, cache, capsys):
    assert main(documented('DETECTORS.md', 'my-pose --url', instead={
        'https://...': server + '/one.zip', 'DIGEST': sha256('/one.zip')})) == 0
    assert capsys.readouterr().out == f'{cache}/my-pose.onnx\n'


def test_list_and_unknown_names(capsys):
    assert main(documented('DETECTORS.md', '--list')) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in weights.WEIGHTS)
    assert main(['fetch-weights', 'nonsense']) == 2
    assert 'rtmpose-m' in capsys.readouterr().err
    assert main(['fetch-weights']) == 2


def test_the_table_names_known_families_and_full_checksums():
    from mocap23_ros.detection.network_families import FAMILIES
    for entry in weights.WEIGHTS.values():
        assert entry.family in FAMILIES and entry.url.startswith('https://')
        assert entry.sha256 is None or len(entry.sha256) == 64


def test_the_detector_says_how_to_fetch_what_is_named_but_absent():
    with pytest.raises(InputError, match='mocap23 fetch-weights rtmpose-m'):
        OnnxDetector('rtmpose-m')
