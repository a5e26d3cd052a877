# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A page in the browser on this machine, where points of an image are clicked."""

import base64
import json
import secrets
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.reporting import Say

_MOST_BYTES, _MOST_POINTS = 200_000, 500
_TIMEOUT = 10.0  # seconds of silence within a request
_LOOK = 0.2  # seconds between looks at whether points are saved
_POLICY = ("default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; "
           "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'")

# From rows [N,5] of u, v, x, y, z to what is said, and the image with what was found.
Judge = Callable[[NDArray[np.float64]], tuple[str, NDArray[np.uint8]]]


def serve_page(image: NDArray[np.uint8], points: NDArray, judge: Judge,
               announce: Say, port: int = 0) -> NDArray[np.float64]:
    """Serve the page on 127.0.0.1 until points are saved there; returns them, [N,5].

    image: BGR. points: to begin with, [N,5]. judge: raises InputError for points that do not do.
    announce: is told the address, whose secret keeps other pages and users out. port: 0 = a free
    one. Raises InputError where the port cannot be had.
    """
    secret = secrets.token_urlsafe(16)
    result: list[NDArray[np.float64]] = []

    class Handler(_Handler):
        def get(self, name: str) -> tuple[str, bytes] | None:
            if name == '':
                return 'text/html; charset=utf-8', _file('click_page.html')
            if name == 'page.js':
                return 'text/javascript; charset=utf-8', _file('click_page.js')
            if name == 'image.png':
                return 'image/png', cv2.imencode('.png', image)[1].tobytes()
            if name == 'points':
                return 'application/json', json.dumps(points.tolist()).encode()
            return None

        def post(self, name: str, rows: NDArray[np.float64]) -> dict[str, str]:
            message, picture = judge(rows)
            if name == 'save':
                return {'message': f'{message}\nSaved; this page can be closed.'}
            return {'message': message, 'picture': _data_url(picture)}

        def saved(self, rows: NDArray[np.float64]) -> None:
            result.append(rows)

    Handler.secret = secret
    try:
        server = _Server(('127.0.0.1', port), Handler)
    except (OSError, OverflowError) as error:
        raise InputError(f'port {port} cannot be had: {error}') from None
    with server:
        Handler.host = f'127.0.0.1:{server.server_port}'
        announce(f'http://{Handler.host}/{secret}/')
        while not result:
            server.handle_request()
    return result[0]


class _Server(ThreadingHTTPServer):
    """Browsers keep connections open that they do not use: a thread each."""

    daemon_threads = True
    timeout = _LOOK

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a browser that went away is no fault."""


class _Handler(BaseHTTPRequestHandler):
    """Answers who knows the secret and speaks to this very address."""

    secret = host = ''
    timeout = _TIMEOUT

    def get(self, name: str) -> tuple[str, bytes] | None:
        """Type and contents of a file, None where there is none."""
        raise NotImplementedError

    def post(self, name: str, rows: NDArray[np.float64]) -> dict[str, str]:
        """Judge points [N,5]; InputError."""
        raise NotImplementedError

    def saved(self, rows: NDArray[np.float64]) -> None:
        """Take the points, after the browser has its answer."""
        raise NotImplementedError

    def do_GET(self) -> None:
        """Send a file."""
        name = self._name()
        found = None if name is None else self.get(name)
        if found is None:
            self._send(404, 'text/plain', b'not here')
        else:
            self._send(200, *found)

    def do_POST(self) -> None:
        """Judge the points."""
        name = self._name()
        if name not in ('fit', 'save'):
            self._send(404, 'text/plain', b'not here')
            return
        try:
            rows = self._rows()
            answer, status = self.post(name, rows), 200
        except InputError as error:
            answer, status = {'message': str(error)}, 400
        self._send(status, 'application/json', json.dumps(answer).encode())
        if name == 'save' and status == 200:
            self.saved(rows)

    def _name(self) -> str | None:
        """What is asked for below the secret, None where nothing may be."""
        start = f'/{self.secret}/'
        # Another name for this machine would be a page elsewhere that was given our address.
        if self.headers.get('Host') != self.host or not self.path.startswith(start):
            return None
        return self.path[len(start):]

    def _rows(self) -> NDArray[np.float64]:
        length = self.headers.get('Content-Length', '')
        if not length.isdecimal() or int(length) > _MOST_BYTES:
            raise InputError('too many points')
        try:
            rows = np.array(json.loads(self.rfile.read(int(length))), np.float64)
        except (ValueError, TypeError, RecursionError):
            rows = np.zeros(0)
        if rows.ndim != 2 or rows.shape[1] != 5 or not np.isfinite(rows).all():
            raise InputError('give u, v, x, y, z for every point')
        if len(rows) > _MOST_POINTS:
            raise InputError(f'{len(rows)} points are more than {_MOST_POINTS}')
        return rows

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(body)))
        self.send_header('Content-Security-Policy', _POLICY)
        self.send_header('Cache-Control', 'no-store')
        self.send_header('X-Content-Type-Options', 'nosniff')
        self.send_header('Referrer-Policy', 'no-referrer')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the address holds the secret."""


def _file(name: str) -> bytes:
    return resources.files('mocap23_ros.calibration').joinpath(name).read_bytes()


def _data_url(image: NDArray[np.uint8]) -> str:
    data = base64.b64encode(cv2.imencode('.jpg', image)[1].tobytes())
    return f'data:image/jpeg;base64,{data.decode()}'
