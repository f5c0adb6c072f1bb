"""A proxy in front of the emulators that enforces more rules of AWS: `python -m strict PORT EMULATOR CLOUDWATCH`.

The rules authorize a request first. The proxy then signs it as the account's root and forwards it. Requests to STS, S3 and
the APIs keep the caller's signature, because the emulator authorizes them as AWS does.
"""

import contextlib
import http.client
import http.server
import re
import sys
import traceback
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials

from . import permissions, responses, rules
from .account import ROOT, Account
from .request import Request

PORT, EMULATOR, CLOUDWATCH = int(sys.argv[1]), sys.argv[2], sys.argv[3]
# The emulator also checks the signatures of an API's callers.
FORWARDED_AS_SIGNED = permissions.EVALUATED_BY_EMULATOR | {"execute-api"}
HOP_BY_HOP_HEADERS = {"connection", "transfer-encoding"}
CREDENTIALS = botocore.credentials.Credentials(ROOT, ROOT)

account = Account(EMULATOR)


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Small responses would otherwise wait for a delayed ACK.
    disable_nagle_algorithm = True

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        target, domain = self.target()
        request = Request(self.command, target, self.headers, body, domain)
        try:
            error = rules.first_error(request, account)
            response = (
                responses.correct_response(request, *forward(request))
                if error is None
                else responses.error_response(error, request)
            )
        except Exception:  # noqa: BLE001
            # A bug in the proxy returns 500, so that it is not mistaken for an error of AWS or for a broken connection.
            traceback.print_exc()
            error, response = None, (500, [], b'{"message":"the strict proxy failed: see strict.log"}')
        if error:
            self.log_message("rejected: %s", error.message)
        with contextlib.suppress(BrokenPipeError):
            self.respond(*response)

    def target(self):
        """Returns the target of the request, and its domain if the client uses this proxy as an HTTP proxy."""
        absolute = re.fullmatch(r"http://([^/:]+)(?::\d+)?(/.*)?", self.path)
        if absolute is None:
            return self.path, None
        domain, target = absolute[1], absolute[2] or "/"
        return f"/_aws/execute-api/{account.api_at(domain)}/$default{target}", domain

    do_DELETE = do_GET = do_HEAD = do_OPTIONS = do_PATCH = do_POST = do_PUT = handle_any

    def respond(self, status, headers, body):
        self.send_response_only(status)
        kept = {name.lower(): value for name, value in headers if name.lower() not in HOP_BY_HOP_HEADERS}
        # The response to a HEAD has no body: its content-length is that of the GET response.
        if self.command != "HEAD":
            kept["content-length"] = str(len(body))
        for name, value in kept.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, template, *arguments):
        print(template % arguments, flush=True)


def forward(request):
    """Forwards the request; returns the emulator's status, headers and body."""
    emulator = CLOUDWATCH if request.service == "monitoring" else EMULATOR
    headers = request.headers if request.service in FORWARDED_AS_SIGNED else sign_as_root(request, emulator)
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(emulator).netloc, timeout=120)
    connection.request(request.method, request.target, request.body, headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    if response.status == 200 and (request.operation or "").startswith("AssumeRole"):
        account.record_session(request.parameters, body)
    if request.changes():
        account.invalidate()
    return response.status, response.getheaders(), body


def sign_as_root(request, emulator):
    """Returns the headers of the request, signed again as the account's root."""
    kept = {
        name: value
        for name, value in request.headers.items()
        if not name.startswith(("authorization", "x-amz-security"))
    }
    renewed = botocore.awsrequest.AWSRequest(request.method, emulator + request.target, kept, request.body)
    botocore.auth.SigV4Auth(CREDENTIALS, request.service, request.region).add_auth(renewed)
    return dict(renewed.headers.items())


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    # Enough for every connection that the callers open at once: a connection that does not fit is retried after a second.
    request_queue_size = 128


Server(("127.0.0.1", PORT), Proxy).serve_forever()
