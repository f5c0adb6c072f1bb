"""`report.py AXE FILE [--text TEXT]… …`: opens reports in a headless browser, and fails if one of them has a problem.

Each report is opened on a wide screen in light and in dark, on a narrow screen, and as if it was printed. There it must
have no violation that axe-core finds, request nothing else, report no error, and not be wider than the screen. Each
TEXT must be visible on the wide screen in the FILE before it. The screenshots and the PDF are saved next to the report.
"""

import base64
import concurrent.futures
import contextlib
import itertools
import json
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile
import time

BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
TIMEOUT = 60

CONTRAST = '{ runOnly: ["color-contrast"] }'
ALL_ELSE = '{ rules: { "color-contrast": { enabled: false } } }'

# The name, the width, the color scheme, the medium, and the rules of axe-core. Only the contrast depends on the color
# scheme, and the narrow and the printed page have the colors of the light one.
VIEWS = [
    ("light", 1280, "light", "screen", "{}"),
    ("dark", 1280, "dark", "screen", CONTRAST),
    ("narrow", 360, "light", "screen", ALL_ELSE),
    ("print", 800, "light", "print", ALL_ELSE),
]

# The maximum height of a screenshot in pixels, which Chromium limits.
MAX_HEIGHT = 16_000

OVERFLOW = """(() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return null;
  const isWide = (element) => element.getBoundingClientRect().right > width + 1 && !element.closest(".scroll");
  const elements = [...document.querySelectorAll("body *")].filter(isWide).slice(0, 3);
  return elements.map((element) => element.outerHTML.slice(0, 150));
})()"""

# A part that is folded is checked as well.
UNFOLD = "document.querySelectorAll('details').forEach((details) => { details.open = true; })"

AXE = """axe.run(document, OPTIONS).then(({ violations }) => violations.map((violation) => ({
  rule: violation.id,
  help: violation.help,
  count: violation.nodes.length,
  nodes: violation.nodes.slice(0, 3).map((node) => node.html.slice(0, 200) + " " + node.failureSummary),
})))"""


class Browser:
    """A headless browser with one page, driven by the DevTools protocol over a pair of pipes."""

    def __init__(self, program, profile):
        # The browser reads commands from the descriptor 3, and writes messages to 4.
        commands_read, self.commands = os.pipe()
        self.messages, messages_write = os.pipe()
        command = [
            "bash",
            "-c",
            f'exec "$0" "$@" 3<&{commands_read} 4>&{messages_write}',
            program,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            "--remote-debugging-pipe",
            f"--user-data-dir={profile}",
        ]
        self.log = pathlib.Path(profile, "log")
        with self.log.open("wb") as log:
            pipes = (commands_read, messages_write)
            self.process = subprocess.Popen(command, stdout=log, stderr=log, pass_fds=pipes)
        os.close(commands_read)
        os.close(messages_write)
        self.ids = itertools.count(1)
        self.received = b""
        self.events = []
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Network", "Log", "Runtime"]:
            self.call(f"{domain}.enable")

    def close(self):
        with contextlib.suppress(OSError):
            os.close(self.commands)
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.messages)

    def call(self, method, **params):
        """Calls a method, and returns its result. Events that come before it are kept."""
        message = {"id": next(self.ids), "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.commands, data) :]
        while True:
            received = self.receive(method)
            if received.get("id") == message["id"]:
                if "error" in received:
                    sys.exit(f"error: {method}: {received['error']['message']}")
                return received["result"]
            self.events.append(received)

    def open(self, url):
        """Opens a page, and keeps only the events from then on."""
        self.events.clear()
        self.call("Page.navigate", url=url)
        self.wait_for("Page.loadEventFired")

    def wait_for(self, event):
        """Waits for an event that comes after the events that were kept, or is one of them."""
        while not any(kept.get("method") == event for kept in self.events):
            self.events.append(self.receive(event))

    def receive(self, purpose):
        end = time.monotonic() + TIMEOUT
        while b"\0" not in self.received:
            ready, _, _ = select.select([self.messages], [], [], max(0, end - time.monotonic()))
            data = os.read(self.messages, 1 << 20) if ready else b""
            if not data:
                sys.exit(f"error: the browser did not respond to {purpose}:\n{self.log.read_text()}")
            self.received += data
        message, self.received = self.received.split(b"\0", 1)
        return json.loads(message)

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            sys.exit(f"error: {result['exceptionDetails']}")
        return result["result"].get("value")


def check(browser, axe, file, texts):
    """Returns the problems of a report, and saves its screenshots."""
    url = file.as_uri()
    problems = []
    for name, width, scheme, medium, rules in VIEWS:
        browser.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.call("Emulation.setEmulatedMedia", media=medium, features=features)
        browser.open(url)
        found = []
        if name == "light":
            visible = normal(browser.evaluate("document.body.innerText"))
            found += [f"the text {text!r} is not visible" for text in texts if normal(text) not in visible]
        found += overflow(browser)
        save_screenshot(browser, file.with_name(f"{file.stem}-{name}.png"))
        browser.evaluate(UNFOLD)
        found += overflow(browser)
        browser.evaluate(axe)
        for violation in browser.evaluate(AXE.replace("OPTIONS", rules)):
            nodes = "\n    ".join(violation["nodes"])
            found.append(f"{violation['rule']}: {violation['help']} ({violation['count']} elements)\n    {nodes}")
        found += unwanted_events(browser.events, url)
        problems += [f"{file.name}, {name}: {problem}" for problem in found]
    browser.call("Emulation.clearDeviceMetricsOverride")
    browser.call("Emulation.setEmulatedMedia", media="")
    browser.open(url)
    pdf = browser.call("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"]
    file.with_name(f"{file.stem}.pdf").write_bytes(base64.b64decode(pdf))
    return problems


def overflow(browser):
    elements = browser.evaluate(OVERFLOW)
    return [] if elements is None else [f"the page is wider than the screen: {elements}"]


def unwanted_events(events, url):
    """Returns the requests except the one of the page, and the errors that the browser logged."""
    for event in events:
        params = event.get("params", {})
        if event.get("method") == "Network.requestWillBeSent" and params["request"]["url"] != url:
            yield f"a request is sent to {params['request']['url']}"
        if event.get("method") == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            yield f"the browser logs: {params['entry']['text']}"


def save_screenshot(browser, path):
    size = browser.call("Page.getLayoutMetrics")["cssContentSize"]
    clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], MAX_HEIGHT), "scale": 1}
    shot = browser.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True, optimizeForSpeed=True)
    path.write_bytes(base64.b64decode(shot["data"]))


def normal(text):
    return " ".join(text.split())


def parse(arguments):
    """Returns the files, each with the texts that it must show."""
    files = []
    arguments = iter(arguments)
    for argument in arguments:
        if argument != "--text":
            files.append((pathlib.Path(argument).resolve(strict=True), []))
        elif files and (text := next(arguments, None)):
            files[-1][1].append(text)
        else:
            sys.exit("error: --text needs a file before it, and a text after it")
    return files


def main():
    axe_path, *arguments = sys.argv[1:]
    files = parse(arguments)
    if not files:
        sys.exit("usage: run FILE [--text TEXT]… [FILE [--text TEXT]…]…")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not program:
        sys.exit("error: no browser found: install Chromium, for example with apt-get install chromium")
    axe = pathlib.Path(axe_path).read_text()

    def check_file(file_and_texts):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            browser = Browser(program, profile)
            try:
                return check(browser, axe, *file_and_texts)
            finally:
                browser.close()

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as executor:
        problems = list(executor.map(check_file, files))
    for (file, _), found in zip(files, problems, strict=True):
        print(f"{file}: {len(found)} problems")
    sys.exit("\n".join(f"error: {problem}" for found in problems for problem in found) or None)


if __name__ == "__main__":
    main()
