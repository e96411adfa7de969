# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, driven over a pipe with the standard library alone.

Tests use `Browser`; from a shell it takes pictures:

    python scripts/browser.py report.html report.png --width 390 --dark
    python scripts/browser.py report.html report.pdf
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--remote-debugging-pipe",
)
# Chromium reads commands on descriptor 3 and answers on 4; a child sets them up before it becomes Chromium. The pipe's
# ends may have these very numbers, hence the copies above 9.
_AS_3_AND_4 = (
    "import fcntl, os, sys; r, w = (fcntl.fcntl(int(n), fcntl.F_DUPFD, 10) for n in sys.argv[1:3]); "
    "os.dup2(r, 3); os.dup2(w, 4); os.execv(sys.argv[3], sys.argv[3:])"
)
KEYS = {
    "ArrowLeft": 37,
    "ArrowUp": 38,
    "ArrowRight": 39,
    "ArrowDown": 40,
    "Escape": 27,
    "Enter": 13,
    "Tab": 9,
    "End": 35,
}


def find_chromium() -> str | None:
    """The path of a Chromium on this machine."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class BrowserError(RuntimeError):
    """Chromium refused a command, or a script on the page raised."""


class Page:
    """One tab. What the page complains about (blocked content, exceptions, console errors) gathers in `complaints`."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session
        self.complaints: list[str] = []

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a DevTools command to this tab."""
        return self._browser.call(method, parameters, self._session)

    def run(self, script: str) -> Any:
        """The value of an expression on the page; promises are waited for.

        Raises:
            BrowserError: the script raised.
        """
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise BrowserError(json.dumps(answer["exceptionDetails"])[:600])
        return answer["result"].get("value")

    def settle(self) -> None:
        """Wait until the page has drawn what was asked for."""
        self.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def press(self, key: str) -> None:
        """Press and release one key, as a keyboard does."""
        code = KEYS.get(key, ord(key.upper()[0]))
        text = {"text": key if len(key) == 1 else "\r"} if len(key) == 1 or key == "Enter" else {}
        common = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown", **common, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)
        self.settle()

    def resize(self, width: int, height: int) -> None:
        """Give the window another size, in CSS pixels."""
        narrow = width < 600
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=narrow)

    def screenshot(self, *, whole: bool = False) -> bytes:
        """A PNG of the window; with `whole`, the window is first made as high as the page (at most 16,000 px)."""
        if whole:
            for _ in range(2):  # what comes into sight may be higher than was guessed
                size = self.call("Page.getLayoutMetrics")
                width = size["cssLayoutViewport"]["clientWidth"]
                self.resize(width, min(int(size["cssContentSize"]["height"]), 16000))
                self.settle()
        return base64.b64decode(self.call("Page.captureScreenshot")["data"])

    def pdf(self) -> bytes:
        """The page as printed."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"])


class Browser:
    """A running Chromium with a profile of its own; use `launched`."""

    def __init__(self, process: subprocess.Popen[bytes], commands: int, answers: int) -> None:
        self._process, self._commands, self._answers = process, commands, answers
        self._next, self._rest = 0, b""
        self._pages: dict[str, Page] = {}

    def open(
        self, path: Path | str, *, width: int = 1280, height: int = 900, dark: bool = False, scripts: bool = True
    ) -> Page:
        """Load a file or an address in a new tab of the given size and wait for it."""
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = self._pages[session] = Page(self, session)
        for domain in ("Page", "Runtime", "Log"):
            page.call(f"{domain}.enable")
        page.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        page.resize(width, height)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        page.call("Emulation.setEmulatedMedia", features=[scheme])
        page.call("Page.navigate", url=path if isinstance(path, str) else path.resolve().as_uri())
        self._wait_for("Page.loadEventFired", session)
        return page

    def call(self, method: str, parameters: dict[str, Any], session: str | None = None) -> dict[str, Any]:
        """Send a DevTools command and wait for its answer.

        Raises:
            BrowserError: the command failed, or Chromium went away.
        """
        self._next += 1
        number = self._next
        message = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") != number:
                continue
            if "error" in answer:
                raise BrowserError(f"{method}: {answer['error']}")
            result: dict[str, Any] = answer["result"]
            return result

    def _wait_for(self, event: str, session: str) -> None:
        while True:
            message = self._read()
            if message.get("method") == event and message.get("sessionId") == session:
                return

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            chunk = os.read(self._answers, 1 << 20)
            if not chunk:
                raise BrowserError("Chromium ended")
            self._rest += chunk
        first, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(first)
        self._note(message)
        return message

    def _note(self, message: dict[str, Any]) -> None:
        page = self._pages.get(message.get("sessionId", ""))
        method, parameters = message.get("method"), message.get("params", {})
        if page is None:
            return
        if method == "Runtime.exceptionThrown":
            page.complaints.append(json.dumps(parameters["exceptionDetails"])[:400])
        if method == "Log.entryAdded" and parameters["entry"]["level"] in {"error", "warning"}:
            page.complaints.append(parameters["entry"]["text"])


@contextmanager
def launched(chromium: str) -> Iterator[Browser]:
    """Start Chromium with an empty profile, and end it and its profile afterwards."""
    (command_end, commands), (answers, answer_end) = os.pipe(), os.pipe()
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        words = [chromium, *FLAGS, f"--user-data-dir={profile}"]
        starter = [sys.executable, "-c", _AS_3_AND_4, str(command_end), str(answer_end), *words]
        process = subprocess.Popen(
            starter, pass_fds=(command_end, answer_end), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(command_end)
        os.close(answer_end)
        try:
            yield Browser(process, commands, answers)
        finally:
            os.close(commands)  # Chromium ends when nobody can command it any more
            os.close(answers)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def main() -> int:
    """Take one picture."""
    parser = argparse.ArgumentParser(description="Take a picture of a page with headless Chromium.")
    parser.add_argument("page", type=Path)
    parser.add_argument("out", type=Path, help=".png or .pdf")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=900)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--window", action="store_true", help="only what a window shows, not the whole page")
    parser.add_argument("--script", default="", help="JavaScript to run first")
    given = parser.parse_args()
    chromium = find_chromium()
    if chromium is None:
        print("there is no Chromium here; scripts/install_chromium.sh installs it", file=sys.stderr)
        return 5
    with launched(chromium) as browser:
        page = browser.open(given.page, width=given.width, height=given.height, dark=given.dark)
        if given.script:
            page.run(given.script)
            page.settle()
        picture = page.pdf() if given.out.suffix == ".pdf" else page.screenshot(whole=not given.window)
    given.out.write_bytes(picture)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
