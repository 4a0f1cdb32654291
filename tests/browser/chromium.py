# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of the page lean on: a headless Chromium, driven over a pair of pipes by the DevTools
protocol (JSON messages that end with NUL: no driver, no library, no port), and TAP.

A test is a program of tests/browser that tests/run starts; it works in a network namespace of its
own where it may (so that a page that needs a network is found out), and polls with a deadline."""
import atexit
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

DEADLINE_S = 60
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb",
         "--remote-debugging-pipe"]


def isolate():
    """Restarts the program in a network namespace that has nothing but a loopback."""
    if os.geteuid() == 0 and "VRBENCH_TEST_ISOLATED" not in os.environ:
        os.environ["VRBENCH_TEST_ISOLATED"] = "1"
        os.execvp("unshare", ["unshare", "-n", sys.executable, *sys.argv])


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
    """One Chromium with one page. Elements are what find() returns: ids of the protocol."""

    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="vrbench-browser.")
        self.process = None
        atexit.register(self.close)
        self.log = os.path.join(self.home, "log")
        commands, self.to_it = os.pipe()
        self.from_it, answers = os.pipe()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                # Chromium reads from descriptor 3 and writes to 4.
                ["sh", "-c", f'exec 3<&{commands} 4>&{answers} && exec chromium "$@"', "sh", *FLAGS,
                 f"--user-data-dir={self.home}/profile", "about:blank"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                pass_fds=(commands, answers), env={**os.environ, "HOME": self.home})
        os.close(commands)
        os.close(answers)
        self.buffer = b""
        self.events = []
        self.count = 0
        self.session = None
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        page = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self.session = page["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.send(domain + ".enable")

    def close(self):
        # Its process group is that Chromium alone.
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()
            self.process = None
        shutil.rmtree(self.home, ignore_errors=True)

    def _message(self, end):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.from_it], [], [], max(0, end - time.monotonic()))
            got = os.read(self.from_it, 1 << 16) if ready else b""
            if not got:
                with open(self.log, errors="replace", encoding="utf-8") as log:
                    raise AssertionError("Chromium is silent; it said: " + log.read()[-3000:])
            self.buffer += got
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def send(self, method, **parameters):
        """A command of the protocol and its result; events meanwhile are kept in self.events."""
        self.count += 1
        command = {"id": self.count, "method": method, "params": parameters}
        if self.session is not None:
            command["sessionId"] = self.session
        data = json.dumps(command).encode() + b"\0"
        while data:
            data = data[os.write(self.to_it, data):]
        end = time.monotonic() + DEADLINE_S
        while True:
            message = self._message(end)
            if message.get("id") == self.count:
                assert "error" not in message, f"{method}: {message['error']}"
                return message["result"]
            self.events.append(message)

    def _load(self, begin):
        self.events = [event for event in self.events if event["method"] != "Page.loadEventFired"]
        begin()
        end = time.monotonic() + DEADLINE_S
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._message(end))

    def open(self, path):
        """Loads a file and waits until it has loaded."""
        def navigate():
            answer = self.send("Page.navigate", url="file://" + path)
            assert "errorText" not in answer, f"{path}: {answer['errorText']}"
        self._load(navigate)

    def follow(self, link):
        """Clicks on a link and waits until its page has loaded."""
        self._load(lambda: self.click(link))

    def _call(self, script, arguments, by_value):
        page = self.send("Runtime.evaluate", expression="globalThis")["result"]["objectId"]
        answer = self.send(
            "Runtime.callFunctionOn", objectId=page, returnByValue=by_value, userGesture=True,
            functionDeclaration="function () {" + script + "}",
            arguments=[{"objectId": one["objectId"]} if isinstance(one, dict) and "objectId" in one
                       else {"value": one} for one in arguments])
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"]

    def run(self, script, *arguments):
        """Runs the body of a function of `arguments` in the page; what it returns."""
        return self._call(script, arguments, True).get("value")

    def find_all(self, css):
        count = self.run("return document.querySelectorAll(arguments[0]).length", css)
        return [self._call("return document.querySelectorAll(arguments[0])[arguments[1]]",
                           (css, at), False) for at in range(count)]

    def find(self, css, text=None):
        """The only element of that selector (whose text contains `text`)."""
        found = [one for one in self.find_all(css)
                 if text is None or text in self.run("return arguments[0].textContent", one)]
        assert len(found) == 1, f"{len(found)} elements match {css} {text or ''}"
        return found[0]

    def _mouse(self, kind, x, y, **more):
        self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, element):
        """Clicks on the middle of an element, which must not be covered by another."""
        x, y, seen = self.run("""
            const element = arguments[0];
            element.scrollIntoView({block: "center", inline: "center", behavior: "instant"});
            const place = element.getBoundingClientRect();
            const x = place.left + place.width / 2, y = place.top + place.height / 2;
            const there = document.elementFromPoint(x, y);
            return [x, y, element === there || element.contains(there)];""", element)
        assert seen, "something covers what is to be clicked on"
        self._mouse("mouseMoved", x, y)
        self._mouse("mousePressed", x, y, button="left", clickCount=1)
        self._mouse("mouseReleased", x, y, button="left", clickCount=1)

    def drag(self, element, start, end):
        """Draws from one place of an element to another, from its upper left corner."""
        left, top = self.run("""
            arguments[0].scrollIntoView({block: "center", behavior: "instant"});
            const place = arguments[0].getBoundingClientRect();
            return [place.left, place.top];""", element)
        places = [(left + x, top + y) for x, y in (start, end)]
        self._mouse("mouseMoved", *places[0])
        self._mouse("mousePressed", *places[0], button="left", clickCount=1)
        self._mouse("mouseMoved", *places[1], button="left")
        self._mouse("mouseReleased", *places[1], button="left", clickCount=1)

    def hover(self, element, x, y):
        """Moves the pointer to a place of an element, from its upper left corner."""
        left, top = self.run("""
            arguments[0].scrollIntoView({block: "center", behavior: "instant"});
            const place = arguments[0].getBoundingClientRect();
            return [place.left, place.top];""", element)
        self._mouse("mouseMoved", left + x, top + y)

    def press(self, key):
        """One key, by the name that the page sees, to the element with the focus."""
        codes = {"Enter": 13, "Escape": 27, " ": 32, "ArrowLeft": 37, "ArrowUp": 38,
                 "ArrowRight": 39, "ArrowDown": 40, "Tab": 9}
        text = {"Enter": "\r", " ": " "}.get(key)
        more = {"key": key, "windowsVirtualKeyCode": codes[key]}
        down = more if text is None else {**more, "text": text}
        self.send("Input.dispatchKeyEvent", type="keyDown", **down)
        self.send("Input.dispatchKeyEvent", type="keyUp", **more)

    def type(self, element, text):
        self.run("arguments[0].focus()", element)
        self.send("Input.insertText", text=text)

    def resize(self, width, height=900):
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)

    def scheme(self, name):
        self.send("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": name}])

    def console(self):
        """What went wrong in the page since the last call: its console, exceptions, refusals."""
        self.run("return 0")  # so that everything before it has arrived
        said = []
        for event in self.events:
            details = event.get("params", {})
            if event["method"] == "Runtime.exceptionThrown":
                said.append(str(details["exceptionDetails"]))
            elif event["method"] == "Runtime.consoleAPICalled":
                if details["type"] in ("error", "warning", "assert"):
                    said.append(str(details["args"]))
            elif event["method"] == "Log.entryAdded":
                if details["entry"]["level"] in ("error", "warning"):
                    said.append(details["entry"]["text"])
        self.events = []
        return said


def run_tests(tests):
    """Runs functions, each named by the first line of its documentation, and prints TAP."""
    print(f"1..{len(tests)}", flush=True)
    failures = 0
    for number, test in enumerate(tests, 1):
        try:
            test()
            word = "ok"
        except Exception:  # a failure is reported and the next test is run
            word = "not ok"
            failures += 1
            for line in traceback.format_exc().splitlines():
                print("# " + line)
        print(f"{word} {number} - {test.__doc__.splitlines()[0]}", flush=True)
    sys.exit(1 if failures else 0)
