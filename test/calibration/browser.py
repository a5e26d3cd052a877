# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A real Chromium without a window, driven through its debugging pipe."""

import json
import os
import select
import shutil
import subprocess
import time

NAMES = ('chromium', 'chromium-browser', 'google-chrome')
PATIENCE = 200.0  # s, of a busy machine


def find_browser():
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One page; commands are those of the DevTools protocol."""

    def __init__(self, folder, *flags):
        """flags: further ones of the command line."""
        to_child, self._out = os.pipe()
        self._in, from_child = os.pipe()
        # The pipe is at descriptors 3 and 4 of the browser.
        self._process = subprocess.Popen(
            ['bash', '-c', f'exec "$@" 3<&{to_child} 4>&{from_child}', 'browser', find_browser(),
             '--headless=new', '--no-sandbox', '--disable-gpu', '--remote-debugging-pipe',
             '--window-size=1400,1400', f'--user-data-dir={folder}', *flags],
            pass_fds=(to_child, from_child), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_child)
        os.close(from_child)
        self._buffer, self._number, self._session = b'', 0, None
        self._errors = []

    def open(self, address):
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        self._session = self.call('Target.attachToTarget', targetId=target,
                                  flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Log'):
            self.call(f'{domain}.enable')
        self.call('Page.navigate', url=address)

    def call(self, method, **parameters):
        self._number += 1
        message = {'id': self._number, 'method': method, 'params': parameters}
        if self._session:
            message['sessionId'] = self._session
        os.write(self._out, json.dumps(message).encode() + b'\0')
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer = self._read(deadline)
            self._note(answer)
            if answer.get('id') == self._number:
                assert 'error' not in answer, answer
                return answer['result']
        raise AssertionError(f'no answer to {method}')

    def _read(self, deadline):
        while b'\0' not in self._buffer:
            ready, _, _ = select.select([self._in], [], [], max(0, deadline - time.monotonic()))
            data = os.read(self._in, 1 << 20) if ready else b''
            assert data, 'the browser says nothing'
            self._buffer += data
        text, _, self._buffer = self._buffer.partition(b'\0')
        return json.loads(text)

    def _note(self, event):
        kind, what = event.get('method'), event.get('params', {})
        if (kind == 'Runtime.exceptionThrown' or what.get('type') == 'error'
                or what.get('entry', {}).get('level') == 'error'):
            self._errors.append(what)

    def errors(self):
        """What the page has thrown, or written to the console as an error."""
        self.value('0')  # events come before answers
        return self._errors

    def value(self, script):
        return self.call('Runtime.evaluate', expression=script, returnByValue=True)[
            'result'].get('value')

    def wait_for(self, script):
        deadline = time.monotonic() + PATIENCE
        while not (value := self.value(script)):
            assert time.monotonic() < deadline, f'{script}: {value}'
            time.sleep(0.05)
        return value

    def click(self, x, y):
        for kind in ('mousePressed', 'mouseReleased'):
            self.call('Input.dispatchMouseEvent', type=kind, x=x, y=y, button='left', clickCount=1)

    def click_on(self, selector, u=None, v=None):
        """Click in the middle of an element, or at a place in it."""
        self.value(f'document.querySelector("{selector}").scrollIntoView({{block: "nearest"}})')
        left, top, width, height = self.value(
            f'(b => [b.left, b.top, b.width, b.height])(document.querySelector("{selector}")'
            '.getBoundingClientRect())')
        self.click(left + (width / 2 if u is None else u), top + (height / 2 if v is None else v))

    def type(self, text):
        self.call('Input.insertText', text=text)

    def close(self):
        self._process.kill()
        self._process.wait()
        os.close(self._in)
        os.close(self._out)
