"""The API on this machine, run by a test: `with Api(PROGRAM) as api`."""

import http.client
import json
import re
import subprocess
import tempfile


class Api:
    """A process with the API, on a free port."""

    def __init__(self, program, *arguments):
        self.command = [program, *arguments]
        self.log = tempfile.TemporaryFile("a+")  # noqa: SIM115
        self.start(0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.log.close()

    def start(self, port):
        command = [*self.command, "--port", str(port)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+)", self.process.stdout.readline())[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def stop(self):
        """Ends the process, as Ctrl-C does."""
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def call(self, method, path, body=None, headers=None):
        """Returns the response, with its text. The body is bytes, or is sent as JSON."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, data, headers or {})
        response = connection.getresponse()
        response.text = response.read().decode()
        connection.close()
        return response

    def put(self, **item):
        response = self.call("PUT", "/items", item)
        assert response.status == 200, f"{response.status} {response.text}"

    def read_log(self):
        self.log.seek(0)
        return self.log.read()
