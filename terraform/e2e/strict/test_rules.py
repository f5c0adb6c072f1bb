"""Tests of the rules except permission_is_missing, with accepted and rejected requests; and of the responses."""

import json
import time
import unittest

from . import account, responses, rules
from .request import Request
from .stubs import (
    PERMITTED,
    ROLE,
    account_with,
    allow,
    json_request,
    query_request,
    request,
)


class Rules(unittest.TestCase):
    def test_tags_that_aws_rejects_are_rejected(self):
        for tags, accepted in [
            ([("Service", "shop")], True),
            ([("aws:x", "1")], False),
            ([("x", "AWS:1")], False),
            ([("", "1")], False),
            ([("k" * 129, "1")], False),
            ([("k", "v" * 257)], False),
            ([("Service", "shop"), ("service", "x")], False),
        ]:
            parameters = {
                f"Tags.member.{number}.{name}": text
                for number, tag in enumerate(tags, 1)
                for name, text in zip(("Key", "Value"), tag)
            }
            error = rules.tag_is_invalid(query_request("iam", "CreateRole", RoleName="r", **parameters), account_with())
            self.assertEqual(accepted, error is None, tags)
        # Only IAM ignores the case of tag keys.
        both = json_request(
            "dynamodb", "CreateTable", TableName="a", Tags=[{"Key": "x", "Value": ""}, {"Key": "X", "Value": ""}]
        )
        self.assertIsNone(rules.tag_is_invalid(both, account_with()))

    def test_an_authorizer_or_integration_in_use_cannot_be_deleted(self):
        routes = [{"RouteId": "r1", "RouteKey": "GET /items", "AuthorizerId": "z1", "Target": "integrations/i1"}]
        for target, rejected in [
            ("authorizers/z1", True),
            ("authorizers/z2", False),
            ("integrations/i1", True),
            ("integrations/i2", False),
        ]:
            found = rules.authorizer_or_integration_is_in_use(
                request("apigateway", "DELETE", f"/v2/apis/a1/{target}"), account_with(routes=routes)
            )
            self.assertEqual(rejected, found is not None, target)

    def test_a_new_account_cannot_reserve_concurrency(self):
        for reserved, rejected in [(0, False), (1, True)]:
            call = request(
                "lambda", "PUT", "/2017-10-31/functions/f/concurrency", {"ReservedConcurrentExecutions": reserved}
            )
            self.assertEqual(rejected, rules.concurrency_is_unavailable(call, account_with()) is not None)

    def test_an_alias_must_point_to_an_existing_version(self):
        call = request("lambda", "PUT", "/2015-03-31/functions/f/aliases/live", {"FunctionVersion": "9"})
        self.assertIsNotNone(rules.version_is_missing(call, account_with(has_version=False)))
        self.assertIsNone(rules.version_is_missing(call, account_with(has_version=True)))

    def test_the_total_length_of_inline_policies_is_limited(self):
        call = query_request(
            "iam", "PutRolePolicy", RoleName="r", PolicyName="p", PolicyDocument=json.dumps({"Statement": "x" * 6000})
        )
        self.assertIsNone(
            rules.policies_are_too_long(call, account_with(inline_policies={"p": {"Statement": "x" * 9000}}))
        )
        self.assertIsNotNone(
            rules.policies_are_too_long(call, account_with(inline_policies={"q": {"Statement": "x" * 6000}}))
        )

    def test_tracing_needs_permissions_of_the_role(self):
        for allowed, mode, rejected in [
            ([], "Active", True),
            ([], "PassThrough", False),
            (["xray:PutTraceSegments"], "Active", False),
        ]:
            call = request(
                "lambda",
                "PUT",
                "/2015-03-31/functions/f/configuration",
                {"Role": ROLE, "TracingConfig": {"Mode": mode}},
            )
            policies = {"p": {"Statement": [allow(*allowed)]}}
            found = rules.tracing_is_not_permitted(call, account_with(inline_policies=policies))
            self.assertEqual(rejected, found is not None, (allowed, mode))

    def invoke(self, method="GET", path="items/1", domain=None, **results_by_method):
        routes = [{"RouteId": "r1", "RouteKey": "GET /items/{id}", "Target": "integrations/i1"}]
        uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:f:live/invocations"
        call = Request(method, f"/_aws/execute-api/a1/$default/{path}", {}, domain=domain)
        return rules.first_error(call, account_with(routes=routes, integration_uri=uri, **results_by_method))

    def test_an_api_invokes_only_what_the_policy_of_the_alias_permits(self):
        def statement(source):
            return PERMITTED | {"Condition": {"ArnLike": {"AWS:SourceArn": source}}}

        source = "arn:aws:execute-api:us-east-1:123456789012:a1/*/*"
        self.assertIsNone(self.invoke(invoke_statements=[statement(source)]))
        self.assertEqual(500, self.invoke().status)
        self.assertEqual(500, self.invoke(invoke_statements=[statement(source.replace("a1", "a2"))]).status)
        self.assertIsNone(self.invoke(method="POST"))
        for change in [
            {"Principal": {"Service": "s3.amazonaws.com"}},
            {"Action": "lambda:GetFunction"},
            {"Effect": "Deny"},
        ]:
            self.assertEqual(500, self.invoke(invoke_statements=[PERMITTED | change]).status)

    def test_a_stopped_function_is_not_invoked(self):
        permitted = [PERMITTED]
        self.assertIsNone(self.invoke(invoke_statements=permitted, reserved_concurrency=None))
        self.assertEqual(503, self.invoke(invoke_statements=permitted, reserved_concurrency=0).status)

    def test_a_disabled_endpoint_leaves_the_domain(self):
        disabled = {"invoke_statements": [PERMITTED], "api": {"DisableExecuteApiEndpoint": True}}
        self.assertEqual(404, self.invoke(**disabled).status)
        self.assertIsNone(self.invoke(domain="api.shop.example", **disabled))

    def test_a_route_is_throttled_by_its_settings_or_the_default_ones(self):
        default = {"ThrottlingRateLimit": 500.0, "ThrottlingBurstLimit": 1000}
        own = {"ThrottlingRateLimit": 10.0, "ThrottlingBurstLimit": 20}
        for routes, expected in [({"GET /items/{id}": own}, (10, 20)), ({"GET /items": own}, (500, 1000))]:
            for tokens, throttled in [(1, False), (0, True)]:
                taken = []

                def bucket(_api, route, rate, burst, tokens=tokens, taken=taken):
                    taken.append((route, rate, burst))
                    return account.TokenBucket(rate=0, burst=tokens)

                stage = {"DefaultRouteSettings": default, "RouteSettings": routes}
                error = self.invoke(invoke_statements=[PERMITTED], stage=stage, bucket=bucket)
                self.assertEqual([("GET /items/{id}", *expected)], taken)
                self.assertEqual(429 if throttled else None, error and error.status)

    def test_a_bucket_is_full_at_first_and_fills_again(self):
        bucket = account.TokenBucket(rate=1000, burst=2)
        self.assertTrue(bucket.take() and bucket.take())
        time.sleep(0.1)
        self.assertTrue(bucket.take())
        empty = account.TokenBucket(rate=0, burst=2)
        self.assertEqual([True, True, False], [empty.take() for _ in range(3)])


class Responses(unittest.TestCase):
    def test_an_error_uses_the_protocol_of_the_service(self):
        error = rules.AwsError(403, "AccessDenied", "no <right>")
        status, _, body = responses.error_response(error, query_request("iam", "CreateRole", RoleName="r"))
        self.assertEqual((403, True), (status, b"<Code>AccessDenied</Code><Message>no &lt;right&gt;</Message>" in body))
        self.assertEqual(
            "AccessDenied",
            json.loads(responses.error_response(error, json_request("monitoring", "PutDashboard"))[2])["__type"],
        )
        self.assertIn(b"<Code>AccessDenied</Code>", responses.error_response(error, request("route53", "GET", "/"))[2])
        status, headers, body = responses.error_response(error, json_request("dynamodb", "ListTables"))
        self.assertEqual((400, "AccessDenied"), (status, json.loads(body)["__type"]))
        self.assertIn(("x-amzn-errortype", "AccessDenied"), headers)

    def test_a_failing_function_gives_a_500_without_its_error_text(self):
        invoked = Request("GET", "/_aws/execute-api/a1/$default/items", {})
        status, _, body = responses.correct_response(invoked, 502, [], b'{"message":"stack trace"}')
        self.assertEqual((500, {"message": "Internal Server Error"}), (status, json.loads(body)))
        self.assertEqual(404, responses.correct_response(invoked, 404, [], b"{}")[0])

    def test_a_jwt_authorizer_has_no_payload_format_version(self):
        call = request("apigateway", "GET", "/v2/apis/a1/authorizers/z1")
        for kind, expected in [("JWT", False), ("REQUEST", True)]:
            body = json.dumps({"authorizerType": kind, "authorizerPayloadFormatVersion": "2.0"}).encode()
            found = json.loads(responses.correct_response(call, 200, [], body)[2])
            self.assertEqual(expected, "authorizerPayloadFormatVersion" in found)

    def test_a_restored_table_is_not_active_at_once(self):
        responses.correct_response(
            json_request("dynamodb", "RestoreTableToPointInTime", TargetTableName="b"), 200, [], b"{}"
        )
        described = [
            json.loads(
                responses.correct_response(
                    json_request("dynamodb", "DescribeTable", TableName="b"),
                    200,
                    [],
                    b'{"Table":{"TableStatus":"ACTIVE"}}',
                )[2]
            )
            for _ in range(3)
        ]
        self.assertEqual(["CREATING", "CREATING", "ACTIVE"], [table["Table"]["TableStatus"] for table in described])
