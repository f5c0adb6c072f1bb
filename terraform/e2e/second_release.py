"""A second release that callers can distinguish from the first: it adds one header to every response.

In the zip this file is `bootstrap`, and the shipping bootstrap is `service`. It relays between Lambda's Runtime API and the
service.
"""

import http.client
import http.server
import json
import os

LAMBDA = os.environ["AWS_LAMBDA_RUNTIME_API"]
REPLACED_HEADERS = {"connection", "content-length", "host", "transfer-encoding"}


class Relay(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def relay(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path.endswith("/response"):
            answer = json.loads(body)
            answer.setdefault("headers", {})["x-release"] = "second"
            body = json.dumps(answer).encode()
        upstream = http.client.HTTPConnection(LAMBDA)
        upstream.request(self.command, self.path, body or None, forwarded_headers(self.headers))
        answer = upstream.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for name, value in forwarded_headers(answer.headers).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = relay

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def service_actions(self):
        # Lambda ends the service but not this child process, which ends itself once it is orphaned.
        if os.getppid() != SERVICE:
            os._exit(0)


def forwarded_headers(headers):
    return {name: value for name, value in headers.items() if name.lower() not in REPLACED_HEADERS}


SERVICE = os.getpid()
server = Server(("127.0.0.1", 0), Relay)
if os.fork() == 0:
    server.serve_forever()
host, port = server.server_address
os.environ["AWS_LAMBDA_RUNTIME_API"] = f"{host}:{port}"
service = os.path.join(os.path.dirname(os.path.abspath(__file__)), "service")
os.execv(service, [service])
