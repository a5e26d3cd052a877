# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A page in the browser on this machine, where points or edges of an image are clicked."""

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

from mocap23_ros.calibration.marks import Marks
from mocap23_ros.errors import InputError
from mocap23_ros.reporting import Say

_MOST_BYTES = 200_000
_TIMEOUT = 10.0  # seconds of silence within a request
_LOOK = 0.2  # seconds between looks at whether marks are saved
_POLICY = ("default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; "
           "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'")

# From marks to the answer in words, and the image with what was found.
Judge = Callable[[Marks], tuple[str, NDArray[np.uint8]]]


def serve_page(image: NDArray[np.uint8], marks: Marks, judge: Judge, announce: Say,
               port: int = 0) -> Marks:
    """Serve the page on 127.0.0.1 until marks are saved there; returns them.

    image: BGR. marks: to begin with. judge: raises InputError for marks that cannot be used.
    announce: gets the address, whose secret keeps other pages and users out. port: 0 = a free
    one. Raises InputError where the port cannot be had.
    """
    secret = secrets.token_urlsafe(16)
    result: list[Marks] = []

    class Handler(_Handler):
        def get(self, name: str) -> tuple[str, bytes] | None:
            if name == '':
                return 'text/html; charset=utf-8', _file('click_page.html')
            if name == 'page.js':
                return 'text/javascript; charset=utf-8', _file('click_page.js')
            if name == 'image.png':
                return 'image/png', cv2.imencode('.png', image)[1].tobytes()
            if name == 'marks':
                return 'application/json', json.dumps(marks.as_json()).encode()
            return None

        def post(self, name: str, marks: Marks) -> dict[str, str]:
            message, picture = judge(marks)
            if name == 'save':
                return {'message': f'{message}\nSaved; this page can be closed.'}
            return {'message': message, 'picture': _data_url(picture)}

        def saved(self, marks: Marks) -> None:
            result.append(marks)

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
    """A thread for each connection: browsers keep unused ones open."""

    daemon_threads = True
    timeout = _LOOK

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Do nothing: a browser that went away is no fault."""


class _Handler(BaseHTTPRequestHandler):
    """Answers only requests that know the secret and name this very address."""

    secret = host = ''
    timeout = _TIMEOUT

    def get(self, name: str) -> tuple[str, bytes] | None:
        """Type and contents of a file, None where there is none."""
        raise NotImplementedError

    def post(self, name: str, marks: Marks) -> dict[str, str]:
        """Judge marks; InputError."""
        raise NotImplementedError

    def saved(self, marks: Marks) -> None:
        """Take the marks, after the browser has its answer."""
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
        """Judge the marks."""
        name = self._name()
        if name not in ('fit', 'save'):
            self._send(404, 'text/plain', b'not here')
            return
        try:
            marks = self._marks()
            answer, status = self.post(name, marks), 200
        except InputError as error:
            answer, status = {'message': str(error)}, 400
        self._send(status, 'application/json', json.dumps(answer).encode())
        if name == 'save' and status == 200:
            self.saved(marks)

    def _name(self) -> str | None:
        """Return what a request asks for below the secret, None where it may ask for nothing."""
        start = f'/{self.secret}/'
        # Another host name would come from a page elsewhere whose name leads to this machine.
        if self.headers.get('Host') != self.host or not self.path.startswith(start):
            return None
        return self.path[len(start):]

    def _marks(self) -> Marks:
        length = self.headers.get('Content-Length', '')
        if not length.isdecimal() or int(length) > _MOST_BYTES:
            raise InputError('too many marks')
        try:
            data = json.loads(self.rfile.read(int(length)), parse_int=float)
        except (ValueError, RecursionError):
            data = None
        return Marks.from_json(data)

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
        """Log nothing: the address holds the secret."""


def _file(name: str) -> bytes:
    return resources.files('mocap23_ros.calibration').joinpath(name).read_bytes()


def _data_url(image: NDArray[np.uint8]) -> str:
    data = base64.b64encode(cv2.imencode('.jpg', image)[1].tobytes())
    return f'data:image/jpeg;base64,{data.decode()}'
