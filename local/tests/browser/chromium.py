"""A headless Chromium, driven by the DevTools protocol over a pair of pipes: `with Browser() as browser`.

A `Page` finds an `Element` as a user of a screen reader does, by its role and its accessible name, and works on it with
real mouse and key events. It waits for an element that is not there yet.
"""

import base64
import itertools
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time

PROGRAMS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    # A page also works while another window is in front of it.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
]

# In seconds: for the browser to respond, and for a page to become as expected.
RESPONSE_TIMEOUT = 60
WAIT_TIMEOUT = 30
WAIT_INTERVAL = 0.02

# The maximum number of characters of the page in a message.
MAX_TEXT = 1000

# The maximum height of a screenshot in pixels, which Chromium limits.
MAX_HEIGHT = 16_000

# The code and the text of each key. Enter acts only with its text.
KEYS = {
    "ArrowDown": (40, ""),
    "Backspace": (8, ""),
    "Enter": (13, "\r"),
    "Escape": (27, ""),
    "Home": (36, ""),
    "Tab": (9, ""),
}

# The centre of an element, which must be visible there.
CENTRE = """(() => {
  const { left, top, width, height } = this.getBoundingClientRect();
  const [x, y] = [left + width / 2, top + height / 2];
  const hit = document.elementFromPoint(x, y);
  if (!this.contains(hit)) throw new Error(`${hit?.outerHTML.slice(0, 200)} covers ${this.outerHTML.slice(0, 200)}`);
  return [x, y];
})()"""


class Failure(Exception):
    """A page or the browser that does not do what is expected."""


class Browser:
    """A headless browser with a profile of its own."""

    def __init__(self, *flags):
        program = next(filter(None, map(shutil.which, PROGRAMS)), None)
        if not program:
            raise SystemExit("error: no browser found: install Chromium, for example with apt-get install chromium")
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        # The browser reads commands from the descriptor 3, and writes messages to 4.
        commands_read, self.commands = os.pipe()
        self.messages, messages_write = os.pipe()
        redirected = f'exec "$0" "$@" 3<&{commands_read} 4>&{messages_write}'
        command = ["bash", "-c", redirected, program, *FLAGS, f"--user-data-dir={self.profile.name}", *flags]
        self.log = pathlib.Path(self.profile.name, "log")
        with self.log.open("wb") as log:
            pipes = (commands_read, messages_write)
            self.process = subprocess.Popen(command, stdout=log, stderr=log, pass_fds=pipes)
        os.close(commands_read)
        os.close(messages_write)
        self.ids = itertools.count(1)
        self.received = b""
        self.pages = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.commands)
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.messages)
        self.profile.cleanup()

    def new_page(self):
        """Returns a page in a new window."""
        target = self.call("Target.createTarget", url="about:blank", newWindow=True)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.pages[session] = Page(self, session)
        for domain in ["Page", "Network", "Log", "Runtime"]:
            self.pages[session].call(f"{domain}.enable")
        # Each page accepts keys and may use the clipboard, as if its window was in front.
        self.pages[session].call("Emulation.setFocusEmulationEnabled", enabled=True)
        return self.pages[session]

    def call(self, method, session=None, **params):
        """Calls a method of the protocol, and returns its result."""
        message = {"id": next(self.ids), "method": method, "params": params}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.commands, data) :]
        while (received := self.receive(method)).get("id") != message["id"]:
            pass
        if "error" in received:
            raise Failure(f"{method}: {received['error']['message']}")
        return received["result"]

    def receive(self, purpose):
        """Returns the next message. An event is also kept in its page."""
        end = time.monotonic() + RESPONSE_TIMEOUT
        while b"\0" not in self.received:
            ready, _, _ = select.select([self.messages], [], [], max(0, end - time.monotonic()))
            data = os.read(self.messages, 1 << 20) if ready else b""
            if not data:
                raise Failure(f"the browser did not respond to {purpose}:\n{self.log.read_text()}")
            self.received += data
        data, self.received = self.received.split(b"\0", 1)
        message = json.loads(data)
        if "method" in message and "sessionId" in message:
            self.pages[message["sessionId"]].events.append(message)
        return message


class Page:
    """A page, with the events since it was opened."""

    def __init__(self, browser, session):
        self.browser = browser
        self.session = session
        self.events = []

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def open(self, url):
        self.events.clear()
        self.call("Page.navigate", url=url)
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.browser.receive(f"opening {url}")

    def evaluate(self, expression):
        """Returns the value of a JavaScript expression, or of its promise."""
        return value(self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True))

    def text(self):
        return self.evaluate("document.body.innerText")

    def until(self, attempt, expected):
        """Returns the first true result of an attempt, which is repeated, also after a failure."""
        end = time.monotonic() + WAIT_TIMEOUT
        while True:
            failure = ""
            try:
                if result := attempt():
                    return result
            except Failure as failed:
                failure = f": {failed}"
            if time.monotonic() > end:
                raise Failure(
                    f"within {WAIT_TIMEOUT} s there is not {expected}{failure}\nthe page begins:\n{self.text()[:MAX_TEXT]}"
                )
            time.sleep(WAIT_INTERVAL)

    def wait_until(self, condition):
        """Waits until a JavaScript expression is true, and returns its value."""
        return self.until(lambda: self.evaluate(condition), condition)

    def element(self, expression):
        return Element(self, self.call("Runtime.evaluate", expression=expression)["result"]["objectId"])

    def root(self):
        return self.element("document")

    def find(self, role, name=None, text=""):
        """Waits for the only element with this role, this accessible name and this text inside, and returns it."""

        def found():
            elements = [element for element in self.root().find_all(role, name) if text in element.text()]
            return elements[0] if len(elements) == 1 else None

        return self.until(found, f"one {role} {name!r} with the text {text!r}")

    def gone(self, role, name=None):
        """Waits until no element has this role and accessible name."""
        self.until(lambda: not self.root().find_all(role, name), f"no {role} {name!r}")

    def focus(self):
        """Returns the role and the accessible name of the element that has the focus."""
        element = self.element("document.activeElement")
        [node] = self.call("Accessibility.getPartialAXTree", objectId=element.object_id, fetchRelatives=False)["nodes"]
        return node["role"]["value"], node.get("name", {}).get("value", "")

    def has_focus(self, role, name):
        """Waits until this element has the focus."""
        self.until(lambda: self.focus() == (role, name), f"the focus on the {role} {name!r}")

    def fill(self, name, text):
        """Types a text into the field with this label, instead of its present text."""
        self.click("textbox", name)
        self.type(text)

    def click(self, role, name=None):
        self.until(lambda: self.root().only(role, name).click(), f"one {role} {name!r} to click on")

    def press(self, key):
        code, text = KEYS[key]
        event = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **event)
        self.call("Input.dispatchKeyEvent", type="keyUp", **event)

    def type(self, text):
        """Types a text into the element that has the focus, instead of its present text."""
        self.call("Input.dispatchKeyEvent", type="keyDown", commands=["selectAll"])
        self.call("Input.insertText", text=text) if text else self.press("Backspace")

    def emulate(self, width, scheme, medium="screen"):
        """Sets the width of the screen, the color scheme, and the medium."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=medium, features=features)

    def save_screenshot(self, path):
        """Saves a picture of the whole page, also of the parts that one must scroll to."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], MAX_HEIGHT), "scale": 1}
        shot = self.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True, optimizeForSpeed=True)
        path.write_bytes(base64.b64decode(shot["data"]))


class Element:
    """An element of a page, or its document."""

    def __init__(self, page, object_id):
        self.page = page
        self.object_id = object_id

    def find_all(self, role, name=None):
        """Returns the elements inside this one that have this role and, if it is given, this accessible name."""
        query = {"role": role} if name is None else {"role": role, "accessibleName": name}
        nodes = self.page.call("Accessibility.queryAXTree", objectId=self.object_id, **query)["nodes"]
        found = [node["backendDOMNodeId"] for node in nodes if not node["ignored"]]
        resolved = [self.page.call("DOM.resolveNode", backendNodeId=node)["object"] for node in found]
        return [Element(self.page, element["objectId"]) for element in resolved]

    def only(self, role, name=None):
        found = self.find_all(role, name)
        if len(found) != 1:
            raise Failure(f"there are {len(found)}")
        return found[0]

    def get(self, expression):
        """Returns the value of a JavaScript expression, in which `this` is the element."""
        declaration = f"function() {{ return {expression}; }}"
        params = {"functionDeclaration": declaration, "objectId": self.object_id}
        return value(self.page.call("Runtime.callFunctionOn", awaitPromise=True, returnByValue=True, **params))

    def text(self):
        return self.get("this.innerText")

    def click(self):
        """Clicks on the centre of the element, and returns true."""
        self.page.call("DOM.scrollIntoViewIfNeeded", objectId=self.object_id)
        x, y = self.get(CENTRE)
        for event in ["mousePressed", "mouseReleased"]:
            self.page.call("Input.dispatchMouseEvent", type=event, x=x, y=y, button="left", clickCount=1)
        return True


def value(result):
    if "exceptionDetails" in result:
        raise Failure(result["exceptionDetails"]["exception"].get("description", result["exceptionDetails"]["text"]))
    return result["result"].get("value")
