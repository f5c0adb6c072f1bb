"""A request to AWS: its service, operation, parameters and access key."""

import functools
import json
import re
import urllib.parse
import xml.etree.ElementTree

import botocore.session

CREDENTIAL = re.compile(r"Credential=([^/]+)/[^/]+/([^/]+)/([^/]+)/")
EXECUTE_API = re.compile(r"/_aws/execute-api/([^/]+)/(?:\$|%24)default(/.*)?")


class Request:
    """A parsed request. A request to the emulator's URL of an API, or to its domain, counts as a call of the API."""

    def __init__(self, method, target, headers, body=b"", domain=None):
        self.method, self.target, self.domain, self.body = method, target, domain, body
        # A repeated header is joined with commas, as in the event that an API sends to its function.
        # Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
        self.headers = {}
        for name, value in headers.items():
            before = self.headers.get(name.lower())
            self.headers[name.lower()] = value if before is None else f"{before},{value}"
        path, _, query = target.partition("?")
        # Not decoded: the resources of IAM keep the percent-encoding of a path.
        self.path = path
        self.query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        signed = CREDENTIAL.search(self.headers.get("authorization", ""))
        self.access_key, self.region, self.service = signed.groups() if signed else (None, "us-east-1", None)
        if invoked := EXECUTE_API.fullmatch(path):
            self.service, self.api_id, self.route_path = "execute-api", invoked[1], invoked[2] or "/"
        self.uses_query_protocol = self.service in ("iam", "monitoring") and "x-amz-target" not in self.headers
        self.operation, self.parameters = self._operation()

    def _operation(self):
        """Returns the name of the operation and its parameters, read in the protocol of the service."""
        if self.service in ("execute-api", "s3"):
            return None, {}
        if self.service == "apigateway":
            return self.method, self._json()
        if self.service in ("lambda", "route53"):
            return self._rest_operation()
        if "x-amz-target" in self.headers:
            return self.headers["x-amz-target"].rpartition(".")[2], self._json()
        form = self.body.decode(errors="replace") if self.method == "POST" else ""
        parameters = self.query | dict(urllib.parse.parse_qsl(form, keep_blank_values=True))
        return parameters.get("Action"), parameters

    def _rest_operation(self):
        path = self.path.rstrip("/")
        for pattern, method, name in rest_operations(self.service):
            if method == self.method and (match := pattern.fullmatch(path)):
                in_path = {key: urllib.parse.unquote(value) for key, value in match.groupdict().items()}
                return name, self._json() | self.query | in_path
        return None, {}

    def _json(self):
        try:
            parameters = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return parameters if isinstance(parameters, dict) else {}

    def tags(self):
        """Returns the tags that the request sets, as (key, value) pairs."""
        tags = self.parameters.get("Tags", self.parameters.get("tags"))
        if isinstance(tags, dict):
            return list(tags.items())
        if isinstance(tags, list):
            return [(tag.get("Key", tag.get("key")), tag.get("Value", tag.get("value"))) for tag in tags]
        return [
            (value, self.parameters.get(name.removesuffix("Key") + "Value", ""))
            for name, value in self.parameters.items()
            if re.fullmatch(r"Tags\.member\.\d+\.Key", name)
        ]

    def record_names(self):
        """Returns the names of the DNS records that the request changes, in the form of IAM's condition keys."""
        records = xml.etree.ElementTree.fromstring(self.body).iterfind(".//{*}ResourceRecordSet/{*}Name")
        return [record.text.lower().rstrip(".") for record in records]

    def values_of(self, name):
        """Returns the values of a parameter such as AlarmName, or of its list AlarmNames, in either protocol."""
        in_form = [value for key, value in self.parameters.items() if re.fullmatch(rf"{name}(s\.member\.\d+)?", key)]
        return in_form or self.parameters.get(f"{name}s", [])

    def changes(self):
        """Returns `True` if the request may change anything in the account except items and objects of S3."""
        if self.service in ("apigateway", "lambda", "route53"):
            return self.method != "GET"
        return not re.match(r"(Assume|Describe|Get|List|Query|Scan|\w+Item$)", self.operation or "Get")


@functools.cache
def rest_operations(service):
    """Returns a service's operations as (path, method, name), those with the fewest variables in their path first."""
    model = botocore.session.get_session().get_service_model(service)
    operations = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        template = http["requestUri"].split("?")[0].rstrip("/")
        pattern = re.sub(
            r"\\{(\w+)(\\\+)?\\}", lambda found: f"(?P<{found[1]}>{'.+' if found[2] else '[^/]+'})", re.escape(template)
        )
        operations.append((template.count("{"), re.compile(pattern), http["method"], name))
    operations.sort(key=lambda operation: operation[0])
    return [operation[1:] for operation in operations]
