"""Requests and an account for the unit tests."""

import json
import urllib.parse
from unittest import mock

from . import account, permissions
from .request import Request

ROLE = "arn:aws:iam::123456789012:role/shop-role"
KEY = "arn:aws:kms:us-east-1:123456789012:key/k"
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/shop-items"
PERMITTED = {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "lambda:InvokeFunction"}
ANYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def request(service, method, target, parameters=None, headers=None):
    credential = f"AWS4-HMAC-SHA256 Credential=ASIA1/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host"
    body = json.dumps(parameters or {})
    return Request(method, target, {"Authorization": credential} | (headers or {}), body.encode())


def json_request(service, operation, **parameters):
    return request(service, "POST", "/", parameters, {"X-Amz-Target": f"Service.{operation}"})


def query_request(service, operation, **parameters):
    call = request(service, "POST", "/")
    return Request("POST", "/", call.headers, urllib.parse.urlencode({"Action": operation} | parameters).encode())


def account_with(**results_by_method):
    """Returns an account whose methods return these results, and that has no other resources."""
    stub = mock.create_autospec(account.Account, instance=True)
    nothing = dict.fromkeys(["boundary_arn", "caller", "table_key", "reserved_concurrency"])
    nothing |= {"api": {}, "inline_policies": {}, "invoke_statements": [], "routes": [], "stage": {}}
    for name, result in (nothing | results_by_method).items():
        getattr(stub, name).side_effect = result if callable(result) else lambda *_, result=result: result
    return stub


def allowed(call, *statements, limits=(), **results_by_method):
    """Returns `True` if a role with these statements may make the request."""
    caller = account.Caller("arn:…", [{"Statement": list(statements)}], [[limit] for limit in limits])
    return permissions.first_denied(caller, call, account_with(**results_by_method)) is None


def allow(*actions, resource="*", **condition):
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource} | (
        {"Condition": condition} if condition else {}
    )
