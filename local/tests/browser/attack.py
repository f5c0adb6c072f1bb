"""`attack.py LOCAL`: opens an attacker's page in a browser, and checks that the program LOCAL is safe from it.

The page comes from several origins: from another host than the API's, from another port of this machine, and, as after DNS
rebinding, from a host that has the API's port and whose address is now the API's. With that host allowed, the last attack
must work: this shows that the attacker's page can read and change the items, and read the data of the page at /_local. A
page whose origin --cors allows can use the API, but not that page.
"""

import contextlib
import dataclasses
import email
import pathlib
import socket
import socketserver
import sys
import threading

from api import Api
from chromium import Browser

PAGE = pathlib.Path(__file__).with_name("attacker.html").read_bytes()
REBOUND = "rebound.example"
# The name of an item. A page can know it only from reading the list.
CANARY = "canary"
# The title of the page at /_local, which no page may show in a frame.
PAGE_TITLE = "Items API on this machine"
# Texts of the items, of the page, of the OpenAPI document, of the inspector.
SECRETS = [CANARY, "page-token", '"openapi"', '"table"', '"requestId"']
# Attempts that read one of them if the host of the page is allowed.
WORKING = {
    "fetch",
    "XMLHttpRequest",
    "frame",
    "form, GET",
    "fetch /_local",
    "fetch /_local/items.jsonl",
    "fetch /_local/openapi.json",
    "fetch, token /_local/inspector/about",
    "fetch, token /_local/inspector/requests?after=0",
    "fetch, token /_local/inspector/requests/1",
}


class Attacker(socketserver.ThreadingTCPServer):
    """Serves the page, and forwards all else to the API, as the network does after DNS rebinding."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, api_port):
        super().__init__(("127.0.0.1", 0), Connection)
        self.api_port = api_port
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Connection(socketserver.BaseRequestHandler):
    def handle(self):
        start = self.request.recv(65536)
        if start.startswith(b"GET /page"):
            head = f"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {len(PAGE)}\r\nconnection: close\r\n\r\n"
            self.request.sendall(head.encode() + PAGE)
        else:
            with socket.create_connection(("127.0.0.1", self.server.api_port)) as api, contextlib.suppress(OSError):
                api.sendall(start)
                threading.Thread(target=pump, args=(self.request, api), daemon=True).start()
                pump(api, self.request)


def pump(source, target):
    with contextlib.suppress(OSError):
        while received := source.recv(65536):
            target.sendall(received)
        target.shutdown(socket.SHUT_WR)


def visit(url, attacker):
    """Returns the report of the page at this URL, and the documents that it shows, with those in its frames."""
    with Browser(f"--host-resolver-rules=MAP *.example 127.0.0.1:{attacker.server_address[1]}") as browser:
        page = browser.new_page()
        page.open(url)
        report = page.wait_until("window.report")
        snapshot = email.message_from_string(page.call("Page.captureSnapshot")["data"])
        documents = [part.get_payload(decode=True) for part in snapshot.walk() if not part.is_multipart()]
        return report, b"".join(documents).decode()


@dataclasses.dataclass
class Outcome:
    """The attempts that read something, the documents that it shows, whether the items changed, and the lists that were sent."""

    read: set
    shown: str
    changed: bool
    lists: int


def attack(program, origin, api_url, *arguments):
    """Attacks an API at this URL from a page of this origin."""
    with Api(program, *arguments) as api:
        api.put(id="secret", name=CANARY)
        before = api.call("GET", "/items").text
        attacker = Attacker(api.port)
        ports = {"port": api.port, "attacker": attacker.server_address[1]}
        url = f"{origin.format(**ports)}/page#{api_url.format(**ports)}"
        seen, shown = visit(url, attacker)
        after = api.call("GET", "/items").text
        # This function requested two of the lists.
        lists = api.read_log().count(" 200 GET /items ") - 2
    print(f"\n{url} {' '.join(arguments)}")
    for attempt, result in seen.items():
        print(f"  {attempt:50} {str(result)[:100]!r}")
    print(f"  items afterwards: {after}\n  lists of the API: {lists}")
    read = {attempt for attempt, result in seen.items() if any(secret in str(result) for secret in SECRETS)}
    return Outcome(read, shown, before != after, lists)


def main():
    [program] = sys.argv[1:]
    rebound = f"http://{REBOUND}:{{port}}"
    errors = []
    for origin, api in [
        ("http://attacker.example", "http://127.0.0.1:{port}"),
        ("http://attacker.example", "http://localhost:{port}"),
        # Another server on this machine: another origin of the same site.
        ("http://127.0.0.1:{attacker}", "http://127.0.0.1:{port}"),
        (rebound, rebound),
    ]:
        outcome = attack(program, origin, api)
        if outcome.read:
            errors.append(f"a page at {origin} reads the API at {api}: {sorted(outcome.read)}")
        if outcome.changed:
            errors.append(f"a page at {origin} changes the items of the API at {api}")
        if PAGE_TITLE in outcome.shown:
            errors.append(f"a page at {origin} shows the page of the API at {api} in a frame")
        # The API responds to a page of another origin, but the browser does not show the response to the page.
        if (outcome.lists > 0) != (origin != rebound):
            errors.append(f"the API at {api} sent {outcome.lists} lists to a page at {origin}")
    # With CORS, the page may use the API, but not the page of the API.
    origin = "http://attacker.example"
    outcome = attack(program, origin, "http://127.0.0.1:{port}", "--cors", origin)
    if not (outcome.changed and outcome.read == {"fetch", "XMLHttpRequest"}):
        errors.append(f"a page at {origin} with --cors reads {sorted(outcome.read)}, or did not change the items")
    if PAGE_TITLE in outcome.shown:
        errors.append(f"a page at {origin} with --cors shows the page of the API in a frame")
    outcome = attack(program, rebound, rebound, "--allow-host", REBOUND)
    if not (outcome.read >= WORKING and outcome.changed and CANARY in outcome.shown):
        missed = sorted(WORKING - outcome.read)
        errors.append(
            f"the attack does not work: with its host allowed, a page does not read {missed}, or change the items"
        )
    if PAGE_TITLE in outcome.shown:
        errors.append("a page of the allowed host shows the page of the API in a frame")
    print()
    sys.exit("\n".join(f"error: {line}" for line in errors) or None)


if __name__ == "__main__":
    main()
