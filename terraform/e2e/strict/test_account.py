"""Tests of Account, with an emulator that has one role, within a boundary, and one function."""

import hashlib
import unittest

from . import account
from .stubs import ANYTHING, ROLE, json_request, request


class Accounts(unittest.TestCase):
    def setUp(self):
        self.account = account.Account("http://127.0.0.1:9")
        function = "arn:aws:lambda:us-east-1:123456789012:function:f:1"
        found = {
            "list_functions": {"Functions": [{"FunctionName": "f"}]},
            "list_versions_by_function": {"Versions": [{"FunctionArn": function, "Role": ROLE}]},
            "list_role_policies": {"PolicyNames": ["own", account.EMULATOR_POLICY]},
            "get_role_policy": {"PolicyDocument": ANYTHING},
            "get_role": {"Role": {"PermissionsBoundary": {"PermissionsBoundaryArn": "arn:boundary"}}},
            "get_policy": {"Policy": {"DefaultVersionId": "v1"}},
            "get_policy_version": {"PolicyVersion": {"Document": {"Statement": ["boundary"]}}},
        }
        self.calls = []
        self.account._call = lambda _client, operation, **_: self.calls.append(operation) or found[operation]
        digest = hashlib.sha256(f"{function}:{ROLE}".encode()).hexdigest()
        self.key = f"ASIA{digest[:16].upper()}"

    def test_a_request_that_a_function_signed_is_made_by_its_role_within_its_boundary(self):
        caller = self.account.caller(self.key)
        self.assertEqual("arn:aws:sts::123456789012:assumed-role/shop-role/f", caller.arn)
        self.assertEqual(([ANYTHING], [[{"Statement": ["boundary"]}]]), (caller.policies, caller.limits))
        self.assertIsNone(self.account.caller("ASIAUNKNOWN"))

    def test_a_session_is_limited_by_its_policy(self):
        answer = "<R xmlns='x'><Arn>arn:aws:sts::1:assumed-role/r/s</Arn><AccessKeyId>ASIA2</AccessKeyId></R>"
        self.account.record_session({"Policy": '{"Statement":["session"]}'}, answer)
        limits = [{"Statement": ["boundary"]}], [{"Statement": ["session"]}]
        self.assertEqual(list(limits), self.account.caller("ASIA2").limits)

    def test_a_missing_boundary_allows_nothing(self):
        original_call = self.account._call
        self.account._call = lambda client, operation, **named: (
            {} if operation == "get_policy" else original_call(client, operation, **named)
        )
        self.assertEqual([[{"Statement": []}]], self.account.caller(self.key).limits)

    def test_a_response_from_before_a_change_is_not_cached(self):
        original_call = self.account._call
        self.account._call = lambda *arguments, **named: self.account.invalidate() or original_call(*arguments, **named)
        self.account.boundary_arn("r")
        self.account.boundary_arn("r")
        self.assertEqual(["get_role", "get_role"], self.calls)

    def test_only_writes_other_than_to_items_change_the_account(self):
        for operation, changes in [
            ("PutItem", False),
            ("Scan", False),
            ("DescribeTable", False),
            ("CreateTable", True),
        ]:
            self.assertEqual(changes, json_request("dynamodb", operation).changes(), operation)
        self.assertTrue(request("lambda", "PUT", "/2017-10-31/functions/f/concurrency").changes())
        self.assertFalse(request("lambda", "GET", "/2015-03-31/functions/f").changes())

    def test_responses_are_cached_until_a_change(self):
        self.account.boundary_arn("r")
        self.account.boundary_arn("r")
        self.assertEqual(["get_role"], self.calls)
        self.account.invalidate()
        self.account.boundary_arn("r")
        self.assertEqual(["get_role", "get_role"], self.calls)
