"""A real browser over its debugging protocol, and a server that says who called it."""

from __future__ import annotations

import base64
import http.server
import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PATIENCE = 120.0
"""Seconds until a page that does not come is an error, whatever the machine does besides."""


class Canary:
    """Listens where a student would have a page call."""

    def __init__(self) -> None:
        heard = self.heard = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                heard.append(self.path)
                self.send_response(204)
                self.end_headers()

            do_POST = do_PUT = do_HEAD = do_GET

            def log_message(self, *args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Visit:
    """What a page asked for, and what stands in it."""

    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    picture: bytes = b""


class Browser:
    """One tab. Every request is taken down; `served` are files of a host that cannot be reached from here."""

    def __init__(self, address: str, served: dict[str, Path]) -> None:
        import websocket

        self._socket = websocket.create_connection(address, timeout=PATIENCE, suppress_origin=True)
        self._served = served
        self._last = 0
        self._visit = Visit()
        self._loaded = False
        for method in ("Page.enable", "Network.enable", "Runtime.enable"):
            self._call(method)
        self._call("Fetch.enable", patterns=[{"urlPattern": "*"}])

    def visit(self, url: str, *scripts: str, settle: str = "") -> Visit:
        """Open a page, wait until it is loaded and `settle` is true, and run `scripts` there."""
        self._visit, self._loaded = Visit(), False
        self._call("Page.navigate", url=url)
        end = time.monotonic() + PATIENCE
        while not self._loaded or (settle and not self._value(settle)):
            assert time.monotonic() < end, f"{url} does not come to rest"
            self._value("new Promise(done => setTimeout(done, 100))")
        self._value("new Promise(done => setTimeout(() => requestAnimationFrame(done), 300))")
        self._visit.values = [self._value(script) for script in scripts]
        shot = self._call("Page.captureScreenshot", captureBeyondViewport=True, format="png")
        self._visit.picture = base64.b64decode(shot["data"])
        return self._visit

    def close(self) -> None:
        self._socket.close()

    def _value(self, script: str) -> Any:
        found = self._call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def _call(self, method: str, **words: Any) -> dict[str, Any]:
        self._last += 1
        mine = self._last
        self._socket.send(json.dumps({"id": mine, "method": method, "params": words}))
        while True:
            said = json.loads(self._socket.recv())
            if said.get("id") == mine:
                assert "error" not in said, said
                return said["result"]
            self._hear(said)

    def _tell(self, method: str, **words: Any) -> None:
        self._last += 1
        self._socket.send(json.dumps({"id": self._last, "method": method, "params": words}))

    def _hear(self, said: dict[str, Any]) -> None:
        match said.get("method"):
            case "Fetch.requestPaused":
                self._answer(said["params"])
            case "Network.webSocketCreated":
                self._visit.requests.append(said["params"]["url"])
            case "Page.loadEventFired":
                self._loaded = True
            case "Page.javascriptDialogOpening":
                self._visit.dialogs.append(said["params"]["message"])
                self._tell("Page.handleJavaScriptDialog", accept=True)

    def _answer(self, paused: dict[str, Any]) -> None:
        url, request = paused["request"]["url"], paused["requestId"]
        self._visit.requests.append(url)
        for prefix, folder in self._served.items():
            file = folder / url.removeprefix(prefix).partition("?")[0]
            if url.startswith(prefix) and file.is_file():
                body = base64.b64encode(file.read_bytes()).decode()
                kind = {".js": "text/javascript", ".css": "text/css"}.get(file.suffix, "application/octet-stream")
                headers = [{"name": "Content-Type", "value": kind},
                           {"name": "Access-Control-Allow-Origin", "value": "*"}]  # fmt: skip
                self._tell("Fetch.fulfillRequest", requestId=request, responseCode=200, body=body,
                           responseHeaders=headers)  # fmt: skip
                return
        if url.startswith(("http://127.0.0.1", "http://localhost", "file:", "data:", "http://evil.example")):
            self._tell("Fetch.continueRequest", requestId=request)
        else:
            self._tell("Fetch.failRequest", requestId=request, errorReason="AddressUnreachable")


@contextmanager
def browser(folder: Path, evil: int, served: dict[str, Path]) -> Iterator[Browser]:
    """Start Chromium with a profile in `folder`. It reaches this machine alone; evil.example is the port `evil`."""
    pytest.importorskip("websocket", reason="websocket-client is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium here")
    rules = f"MAP evil.example 127.0.0.1:{evil}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
    process = subprocess.Popen(
        [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", f"--user-data-dir={folder}",
         f"--host-resolver-rules={rules}", "--remote-debugging-port=0", "--window-size=1200,1600", "about:blank"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        port = _port(folder, process)
        import urllib.request

        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=PATIENCE) as answer:
            pages = [one for one in json.load(answer) if one["type"] == "page"]
        tab = Browser(pages[0]["webSocketDebuggerUrl"], served)
        yield tab
        tab.close()
    finally:
        process.kill()
        process.wait()


def _port(folder: Path, process: subprocess.Popen[bytes]) -> str:
    file = folder / "DevToolsActivePort"
    end = time.monotonic() + PATIENCE
    while not (file.is_file() and file.read_text().strip()):
        if process.poll() is not None or time.monotonic() > end:
            pytest.skip("Chromium does not start here")
        time.sleep(0.1)
    return file.read_text().split()[0]
