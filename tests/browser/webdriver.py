# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of the page lean on: a headless Chromium driven through chromedriver by the W3C
WebDriver protocol (plain JSON over HTTP: no library is needed), and TAP.

A test is a program of tests/browser that tests/run starts; it works in a network namespace of its
own where it may (so that a page that needs a network is found out), and polls with a deadline."""
import atexit
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.request

DEADLINE_S = 60
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb"]
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


def isolate():
    """Starts the program anew in a network namespace that has loopback only."""
    if os.geteuid() == 0 and "VRBENCH_TEST_ISOLATED" not in os.environ:
        os.environ["VRBENCH_TEST_ISOLATED"] = "1"
        os.execvp("unshare", ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh",
                              sys.executable, *sys.argv])


def wait_for(condition, what):
    """What `condition` returns once it is true; an AssertionError after the deadline."""
    end = time.monotonic() + DEADLINE_S
    while True:
        got = condition()
        if got:
            return got
        if time.monotonic() > end:
            raise AssertionError(f"waited {DEADLINE_S} s for {what}")
        time.sleep(0.05)


class Browser:
    """One Chromium. Elements are what find() returns."""

    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="vrbench-browser.")
        atexit.register(self.close)
        self.log = open(os.path.join(self.home, "driver.log"), "w+b")
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=self.log,
                                       stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                       start_new_session=True,
                                       env={**os.environ, "HOME": self.home})
        port = wait_for(self._port, "chromedriver to tell its port")
        self.base = f"http://127.0.0.1:{port}"
        options = {"binary": shutil.which("chromium"),
                   "args": [*FLAGS, f"--user-data-dir={self.home}/profile"]}
        session = self._send("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.base += "/session/" + session["sessionId"]

    def _port(self):
        with open(self.log.name, "rb") as log:
            found = re.search(rb"started successfully on port (\d+)", log.read())
        assert found or self.driver.poll() is None, "chromedriver died"
        return found and int(found.group(1))

    def _send(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, method=method,
                                         headers={"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: " + json.load(error)["value"]["message"]) from None

    def close(self):
        # Its process group is chromedriver and the Chromium that it started.
        if self.driver.poll() is None:
            try:
                self._send("DELETE", "")
            except (AssertionError, OSError):
                pass
        try:
            os.killpg(self.driver.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.driver.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def open(self, path):
        self._send("POST", "/url", {"url": "file://" + path})

    def run(self, script, *arguments):
        """Runs the body of a function of `arguments` in the page; what it returns."""
        return self._send("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def find_all(self, css):
        return self._send("POST", "/elements", {"using": "css selector", "value": css})

    def find(self, css, text=None):
        """The only element of that selector (whose text contains `text`)."""
        found = [one for one in self.find_all(css)
                 if text is None or text in self.run("return arguments[0].textContent", one)]
        assert len(found) == 1, f"{len(found)} elements match {css} {text or ''}"
        return found[0]

    def click(self, element):
        self.run("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
        self._send("POST", f"/element/{element[ELEMENT]}/click", {})

    def keys(self, element, text):
        self._send("POST", f"/element/{element[ELEMENT]}/value", {"text": text})

    def press(self, key):
        """One key to whatever has the focus."""
        self._send("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": [
            {"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]}]})

    def hover(self, element, x, y):
        """Moves the pointer to a place of an element, from its upper left corner."""
        self.run("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
        left, top = self.run("const r = arguments[0].getBoundingClientRect();"
                             "return [r.left, r.top]", element)
        self._send("POST", "/actions", {"actions": [{
            "type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"},
            "actions": [{"type": "pointerMove", "duration": 0, "origin": "viewport",
                         "x": round(left + x), "y": round(top + y)}]}]})

    def cdp(self, command, **parameters):
        return self._send("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def resize(self, width, height=900):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=1, mobile=False)
        wait_for(lambda: self.run("return innerWidth") == width, f"a width of {width}")

    def scheme(self, name):
        self.cdp("Emulation.setEmulatedMedia",
                 features=[{"name": "prefers-color-scheme", "value": name}])

    def console(self):
        """What the page has said since the last call: errors and warnings."""
        return [f"{one['level']}: {one['message']}" for one in self._send(
            "POST", "/se/log", {"type": "browser"}) if one["level"] in ("SEVERE", "WARNING")]


def run_tests(tests):
    """Runs functions, each named by the first line of its documentation, and prints TAP."""
    print(f"1..{len(tests)}", flush=True)
    failures = 0
    for number, test in enumerate(tests, 1):
        try:
            test()
            word = "ok"
        except Exception:  # pylint: disable=broad-except
            word = "not ok"
            failures += 1
            for line in traceback.format_exc().splitlines():
                print("# " + line)
        print(f"{word} {number} - {test.__doc__.splitlines()[0]}", flush=True)
    sys.exit(1 if failures else 0)
