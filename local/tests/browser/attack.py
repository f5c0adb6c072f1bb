"""`attack.py LOCAL`: opens an attacker's page in a browser, and checks that the program LOCAL is safe from it.

The page comes from two origins: from another host than the API's, and, as after DNS rebinding, from a host that has the
API's port and whose address is now the API's. With that host allowed, the second attack must work: this shows that the
page can read and change the items.
"""

import contextlib
import http.client
import json
import pathlib
import queue
import re
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading

PAGE = pathlib.Path(__file__).with_name("page.html").read_bytes()
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
REBOUND = "rebound.example"
# The name of an item. A page can know it only from reading the list.
CANARY = "canary"


class Attacker(socketserver.ThreadingTCPServer):
    """Serves the page, receives its report, and forwards all else to the API, as the network does after DNS rebinding."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, api_port):
        super().__init__(("127.0.0.1", 0), Connection)
        self.api_port = api_port
        self.seen = queue.Queue()
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Connection(socketserver.BaseRequestHandler):
    def handle(self):
        start = self.request.recv(65536)
        if start.startswith(b"GET /page"):
            self.respond(PAGE)
        elif start.startswith(b"POST /seen"):
            head, body = start.split(b"\r\n\r\n", 1)
            length = int(re.search(rb"content-length: (\d+)", head, re.IGNORECASE)[1])
            while len(body) < length:
                body += self.request.recv(65536)
            self.server.seen.put(json.loads(body))
            self.respond(b"")
        else:
            with socket.create_connection(("127.0.0.1", self.server.api_port)) as api, contextlib.suppress(OSError):
                api.sendall(start)
                threading.Thread(target=pump, args=(self.request, api), daemon=True).start()
                pump(api, self.request)

    def respond(self, page):
        head = f"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {len(page)}\r\nconnection: close\r\n\r\n"
        self.request.sendall(head.encode() + page)


def pump(source, target):
    with contextlib.suppress(OSError):
        while received := source.recv(65536):
            target.sendall(received)
        target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def running(program, *arguments):
    """Runs an API with one item, and yields its port and its log."""
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen([program, "--port", "0", *arguments], stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            port = int(re.search(r"http://127\.0\.0\.1:(\d+)", process.stdout.readline())[1])
            call(port, "PUT", "/items", json.dumps({"id": "secret", "name": CANARY}))
            yield port, log
        finally:
            process.terminate()
            process.wait()


def call(port, method, path, body=None):
    connection = http.client.HTTPConnection("localhost", port, timeout=10)
    connection.request(method, path, body)
    response = connection.getresponse()
    text = response.read().decode()
    assert response.status == 200, f"{method} {path}: {response.status} {text}"
    return text


def visit(browser, url, attacker):
    """Returns the report of the page at this URL."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
            f"--host-resolver-rules=MAP *.example 127.0.0.1:{attacker.server_address[1]}",
            url,
        ]
        log = pathlib.Path(profile, "log")
        with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
            try:
                return attacker.seen.get(timeout=120)
            except queue.Empty:
                sys.exit(f"error: the page at {url} reported nothing within 120 s:\n{log.read_text()}")
            finally:
                process.terminate()


def attack(browser, program, origin, api, *arguments):
    """Returns whether a page of this origin read the items, whether it changed them, and how many lists the API sent it."""
    with running(program, *arguments) as (port, log):
        before = call(port, "GET", "/items")
        url = f"{origin.format(port=port)}/page#{api.format(port=port)}"
        seen = visit(browser, url, Attacker(port))
        after = call(port, "GET", "/items")
        log.seek(0)
        # This function requested two of the lists.
        lists = log.read().count(" 200 GET /items ") - 2
    print(f"\n{url} {' '.join(arguments)}")
    for attempt, result in seen.items():
        print(f"  {attempt:22} {str(result)[:120]}")
    print(f"  items afterwards       {after}")
    print(f"  lists of the API       {lists}")
    return CANARY in json.dumps(seen), before != after, lists


def main():
    [program] = sys.argv[1:]
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not browser:
        sys.exit("error: no browser found: install Chromium, for example with apt-get install chromium")
    rebound = f"http://{REBOUND}:{{port}}"
    errors = []
    for origin, api in [
        ("http://attacker.example", "http://127.0.0.1:{port}"),
        ("http://attacker.example", "http://localhost:{port}"),
        (rebound, rebound),
    ]:
        read, changed, lists = attack(browser, program, origin, api)
        if read or changed:
            errors.append(f"a page at {origin} {'read' if read else 'changed'} the items of the API at {api}")
        # The API responds to a page of another origin, but the browser does not show the response to the page.
        if (lists > 0) != (origin != rebound):
            errors.append(f"the API at {api} sent {lists} lists to a page at {origin}")
    read, changed, _ = attack(browser, program, rebound, rebound, "--allow-host", REBOUND)
    if not (read and changed):
        errors.append("the attack does not work: with its host allowed, the page did not read and change the items")
    print()
    sys.exit("\n".join(f"error: {line}" for line in errors) or None)


if __name__ == "__main__":
    main()
