"""A page on this machine that shows what goes out, for who sits before it: no other machine can reach it."""

from __future__ import annotations

import threading
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
from av.video.frame import VideoFrame

from passerby.core.errors import OptionError, OutputError
from passerby.live.fitting import rgb

LONGEST = 960
"""Pixels of the longest side of the pictures on the page."""
QUALITY = 80
BETWEEN_TICKS = 60
"""Ticks from one picture to the next, at least."""
WAIT_S = 1.0
LAST_PORT = 65535
HOSTS = ("127.0.0.1", "localhost")
PAGE = """<!doctype html><meta charset="utf-8"><title>passerby live</title>
<style>html{background:#111;color:#ccc;font:14px sans-serif}img{display:block;max-width:100%;margin:auto}</style>
<img src="/stream" alt="what goes out">
"""


class Preview:
    """An `Outlet` that is a web page."""

    def __init__(self, port: int = 0) -> None:
        """Listen on `port` of this machine's loopback; 0 takes any that is free.

        Raises:
            OptionError: there is no such port.
            OutputError: the port is taken.
        """
        if not 0 <= port <= LAST_PORT:
            raise OptionError(f"--port is a number from 0 (any) to {LAST_PORT}, got {port}")
        self._changed = threading.Condition()
        self._jpeg = b""
        self._count = 0
        self._viewers = 0
        self._closed = False
        self._last = -BETWEEN_TICKS
        try:
            self._server = ThreadingHTTPServer((HOSTS[0], port), self._handler())
        except OSError as error:
            raise OutputError(f"cannot show a page on port {port}: {error.strerror}; choose another one") from error
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="passerby preview", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://{HOSTS[0]}:{self._server.server_port}/"

    def open(self, size: tuple[int, int], rate: Fraction) -> None:
        pass

    def write(self, picture: VideoFrame, ticks: int) -> None:
        if not self._viewers or ticks - self._last < BETWEEN_TICKS:
            return
        self._last = ticks
        factor = min(1.0, LONGEST / max(picture.width, picture.height))
        small = rgb(picture, (round(picture.width * factor), round(picture.height * factor)))
        _, jpeg = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        with self._changed:
            self._jpeg, self._count = jpeg.tobytes(), self._count + 1
            self._changed.notify_all()

    def close(self, error: BaseException | None) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        preview = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                # A page of somebody else could give this machine a name of its own, and read along.
                if self.headers.get("Host", "").partition(":")[0] not in HOSTS:
                    self.send_error(403)
                elif self.path == "/":
                    _answer(self, "text/html; charset=utf-8")
                    self.wfile.write(PAGE.encode())
                elif self.path == "/stream":
                    preview.watched_by(self)
                else:
                    self.send_error(404)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler

    def watched_by(self, viewer: BaseHTTPRequestHandler) -> None:
        """Send pictures until the viewer goes away, or the run ends."""
        with self._changed:
            self._viewers += 1
            count = self._count
        try:
            # Counted by now: who has an answer sees whatever goes out from then on.
            _answer(viewer, "multipart/x-mixed-replace; boundary=frame")
            while True:
                with self._changed:
                    if self._count == count and not self._closed:
                        self._changed.wait(WAIT_S)
                    if self._closed:
                        return
                    jpeg, fresh, count = self._jpeg, self._count != count, self._count
                if fresh:
                    viewer.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + jpeg + b"\r\n")
        except OSError:
            return
        finally:
            with self._changed:
                self._viewers -= 1


def _answer(viewer: BaseHTTPRequestHandler, kind: str) -> None:
    viewer.send_response(200)
    viewer.send_header("Content-Type", kind)
    viewer.send_header("Cache-Control", "no-store")
    viewer.end_headers()
