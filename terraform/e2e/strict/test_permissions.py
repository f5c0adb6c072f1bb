"""Tests of the permissions that AWS requires, with a role that has them and one that does not."""

import unittest

from . import account, permissions, rules
from .request import Request
from .stubs import (
    ANYTHING,
    KEY,
    ROLE,
    TABLE,
    account_with,
    allow,
    allowed,
    json_request,
    query_request,
    request,
)


class Permissions(unittest.TestCase):
    def test_an_action_needs_an_allow(self):
        call = json_request("dynamodb", "DeleteTable", TableName="shop-items")
        self.assertTrue(allowed(call, allow("dynamodb:DeleteTable", resource=TABLE)))
        self.assertFalse(allowed(call, allow("dynamodb:DeleteTable", resource=TABLE + "-2")))
        self.assertFalse(allowed(call, allow("dynamodb:CreateTable", resource=TABLE)))

    def test_a_deny_wins(self):
        call = json_request("dynamodb", "DeleteTable", TableName="shop-items")
        deny = {"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*"}
        self.assertFalse(allowed(call, allow("dynamodb:*"), deny))

    def test_a_boundary_and_a_session_policy_limit(self):
        call = json_request("dynamodb", "GetItem", TableName="shop-items")
        limit = {"Statement": [allow("dynamodb:PutItem")]}
        self.assertFalse(allowed(call, allow("dynamodb:*"), limits=[limit]))
        self.assertFalse(allowed(call, allow("dynamodb:*"), limits=[ANYTHING, limit]))
        self.assertTrue(allowed(call, allow("dynamodb:*"), limits=[ANYTHING]))

    def test_a_record_is_changed_only_with_its_name(self):
        credential = "AWS4-HMAC-SHA256 Credential=ASIA1/20260101/us-east-1/route53/aws4_request, SignedHeaders=host"
        names = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
        permission = allow("route53:ChangeResourceRecordSets", resource="arn:aws:route53:::hostedzone/Z1") | {
            "Condition": {"ForAllValues:StringEquals": {names: ["api.shop.example"]}}
        }
        for zone, name, expected in [
            ("Z1", "api.shop.example.", True),
            ("Z2", "api.shop.example.", False),
            ("Z1", "www.shop.example.", False),
        ]:
            body = f"<Change><ResourceRecordSet><Name>{name}</Name></ResourceRecordSet></Change>".encode()
            call = Request("POST", f"/2013-04-01/hostedzone/{zone}/rrset/", {"Authorization": credential}, body)
            self.assertEqual(expected, allowed(call, permission), (zone, name))
        waiting = Request("GET", "/2013-04-01/change/C1", {"Authorization": credential})
        self.assertTrue(allowed(waiting, allow("route53:GetChange", resource="arn:aws:route53:::change/C1")))

    def test_an_unknown_action_is_denied(self):
        with self.assertRaises(permissions.UnknownAction):
            allowed(json_request("sqs", "SendMessage"), allow("*"))
        error = rules.permission_is_missing(
            json_request("sqs", "SendMessage"), account_with(caller=account.Caller("arn:…", [ANYTHING]))
        )
        self.assertIn("knows no action", error.message)

    def test_the_root_may_do_everything_and_an_unknown_key_nothing(self):
        call = json_request("dynamodb", "ListTables")
        self.assertEqual("UnrecognizedClientException", rules.permission_is_missing(call, account_with()).code)
        call.access_key = account.ROOT
        self.assertIsNone(rules.permission_is_missing(call, account_with()))

    def test_a_tag_on_creation_needs_a_separate_permission(self):
        tagged = {"Tags": [{"Key": "Service", "Value": "shop"}]}
        self.assertTrue(allowed(json_request("dynamodb", "CreateTable", TableName="a"), allow("dynamodb:CreateTable")))
        self.assertFalse(
            allowed(json_request("dynamodb", "CreateTable", TableName="a", **tagged), allow("dynamodb:CreateTable"))
        )
        stage = request(
            "apigateway", "POST", "/v2/apis/a1/stages", {"stageName": "$default", "tags": {"Service": "shop"}}
        )
        tags_resource = "arn:aws:apigateway:us-east-1::/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Fv2%2Fapis%2F*"
        service_tag = {"StringLikeIfExists": {"aws:RequestTag/Service": "shop"}}
        create, tag = allow("apigateway:POST", resource="*/apis/*"), allow("apigateway:TagResource")
        self.assertFalse(allowed(stage, create))
        self.assertFalse(allowed(stage, create, tag))
        self.assertFalse(allowed(stage, allow("apigateway:POST")))
        self.assertTrue(allowed(stage, create, tag, allow("apigateway:POST", resource=tags_resource, **service_tag)))
        role = query_request(
            "iam",
            "CreateRole",
            **{"RoleName": "shop-role", "Tags.member.1.Key": "Service", "Tags.member.1.Value": "shop"},
        )
        self.assertFalse(allowed(role, allow("iam:CreateRole")))
        self.assertTrue(allowed(role, allow("iam:CreateRole", "iam:TagRole")))

    def test_the_tags_of_an_api_are_a_separate_resource(self):
        call = request(
            "apigateway", "DELETE", "/v2/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Fapis%2Fa1?tagKeys=x"
        )
        api = "arn:aws:apigateway:us-east-1::/apis/a1"
        self.assertTrue(
            allowed(
                call,
                allow("apigateway:DELETE", resource="arn:aws:apigateway:us-east-1::/tags/*a1"),
                allow("apigateway:UntagResource", resource=api),
            )
        )
        self.assertFalse(allowed(call, allow("apigateway:DELETE", "apigateway:UntagResource", resource=api)))
        self.assertFalse(allowed(call, allow("apigateway:DELETE")))

    def test_an_api_has_a_name_and_tags_and_its_children_have_none(self):
        shop_apis = {"StringLike": {"apigateway:Resource/ApiName": "shop-*"}}
        found = {"Name": "shop-api", "Tags": {"Service": "shop"}}
        self.assertTrue(
            allowed(request("apigateway", "DELETE", "/v2/apis/a1"), allow("apigateway:DELETE", **shop_apis), api=found)
        )
        self.assertFalse(
            allowed(
                request("apigateway", "DELETE", "/v2/apis/a1"),
                allow("apigateway:DELETE", **shop_apis),
                api=found | {"Name": "bank"},
            )
        )
        self.assertFalse(
            allowed(
                request("apigateway", "DELETE", "/v2/apis/a1/routes/r1"),
                allow("apigateway:DELETE", **shop_apis),
                api=found,
            )
        )
        tagged = {"StringEquals": {"aws:ResourceTag/Service": "shop"}}
        self.assertTrue(
            allowed(request("apigateway", "PATCH", "/v2/apis/a1"), allow("apigateway:PATCH", **tagged), api=found)
        )

    def test_the_new_name_of_an_api_is_checked(self):
        shop_apis = {"StringLike": {"apigateway:Request/ApiName": "shop-*"}}
        create = allow("iam:CreateServiceLinkedRole")
        for name, expected in [("shop-api", True), ("bank-api", False)]:
            self.assertEqual(
                expected,
                allowed(
                    request("apigateway", "POST", "/v2/apis", {"name": name}),
                    allow("apigateway:POST", **shop_apis),
                    create,
                ),
            )
        call = request("apigateway", "POST", "/v2/apis", {"name": "shop-api"})
        self.assertFalse(allowed(call, allow("apigateway:POST", **shop_apis)))
        # The name of an authorizer is not the name of an API.
        call = request("apigateway", "POST", "/v2/apis/a1/authorizers", {"name": "shop-jwt"})
        self.assertFalse(allowed(call, allow("apigateway:POST", **shop_apis)))

    def test_a_deny_by_name_covers_other_names_and_nothing_without_a_name(self):
        key = "apigateway:Resource/ApiName"
        deny = {"Effect": "Deny", "Action": "apigateway:*", "Resource": "*"}
        deny["Condition"] = {"StringNotLike": {key: "shop-*"}, "Null": {key: "false"}}
        for target, name, expected in [
            ("a1", "shop-api", True),
            ("a1", "bank-api", False),
            ("a1/routes/r1", "bank-api", True),
        ]:
            call = request("apigateway", "DELETE", f"/v2/apis/{target}")
            self.assertEqual(expected, allowed(call, allow("apigateway:DELETE"), deny, api={"Name": name}))

    def test_an_access_log_needs_the_log_delivery_permissions(self):
        call = request("apigateway", "POST", "/v2/apis/a1/stages", {"accessLogSettings": {"destinationArn": "arn:x"}})
        self.assertFalse(allowed(call, allow("apigateway:POST")))
        self.assertTrue(allowed(call, allow("apigateway:POST", "logs:*")))
        gone = request("apigateway", "DELETE", "/v2/apis/a1/stages/%24default")
        self.assertFalse(allowed(gone, allow("apigateway:DELETE"), stage={"AccessLogSettings": {"Format": "x"}}))
        self.assertTrue(allowed(gone, allow("apigateway:DELETE")))
        emptied = request("apigateway", "PATCH", "/v2/apis/a1/stages/%24default", {"accessLogSettings": {}})
        removed = request("apigateway", "DELETE", "/v2/apis/a1/stages/%24default/accesslogsettings")
        for call in (emptied, removed):
            permitted = allow("apigateway:PATCH", "apigateway:DELETE")
            self.assertFalse(allowed(call, permitted, stage={"AccessLogSettings": {"Format": "x"}}))
            self.assertTrue(
                allowed(call, permitted, allow("logs:DeleteLogDelivery"), stage={"AccessLogSettings": {"Format": "x"}})
            )

    def test_a_table_with_a_kms_key_needs_the_key(self):
        via = {"StringEquals": {"kms:ViaService": "dynamodb.us-east-1.amazonaws.com"}}
        create = json_request("dynamodb", "CreateTable", TableName="a", SSESpecification={"KMSMasterKeyId": KEY})
        self.assertFalse(allowed(create, allow("dynamodb:*"), allow("kms:DescribeKey", "kms:CreateGrant")))
        self.assertTrue(allowed(create, allow("dynamodb:*"), allow("kms:*", resource=KEY, **via)))
        get = json_request("dynamodb", "GetItem", TableName="a")
        self.assertTrue(allowed(get, allow("dynamodb:GetItem")))
        self.assertFalse(allowed(get, allow("dynamodb:GetItem"), table_key=KEY))
        self.assertTrue(
            allowed(get, allow("dynamodb:GetItem"), allow("kms:Decrypt", resource=KEY, **via), table_key=KEY)
        )
        self.assertTrue(
            allowed(
                json_request("dynamodb", "DescribeTable", TableName="a"), allow("dynamodb:DescribeTable"), table_key=KEY
            )
        )

    def test_a_role_is_created_only_with_its_boundary(self):
        within = {"StringEquals": {"iam:PermissionsBoundary": "arn:boundary"}}
        create = allow("iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary", resource=ROLE, **within)
        self.assertFalse(allowed(query_request("iam", "CreateRole", RoleName="shop-role"), create))
        self.assertTrue(
            allowed(
                query_request("iam", "CreateRole", RoleName="shop-role", PermissionsBoundary="arn:boundary"), create
            )
        )
        self.assertFalse(
            allowed(
                query_request(
                    "iam", "PutRolePermissionsBoundary", RoleName="shop-role", PermissionsBoundary="arn:other"
                ),
                create,
                boundary_arn="arn:boundary",
            )
        )
        put = query_request("iam", "PutRolePolicy", RoleName="shop-role", PolicyName="p", PolicyDocument="{}")
        self.assertFalse(allowed(put, create))
        self.assertTrue(allowed(put, create, boundary_arn="arn:boundary"))

    def test_a_role_is_passed_only_to_lambda(self):
        call = request("lambda", "POST", "/2015-03-31/functions", {"FunctionName": "f", "Role": ROLE})
        self.assertFalse(allowed(call, allow("lambda:CreateFunction")))
        for service, expected in [("lambda.amazonaws.com", True), ("ec2.amazonaws.com", False)]:
            condition = {"StringEquals": {"iam:PassedToService": service}}
            self.assertEqual(
                expected,
                allowed(call, allow("lambda:CreateFunction"), allow("iam:PassRole", resource=ROLE, **condition)),
            )

    def test_the_path_determines_the_lambda_operation(self):
        for method, target, action, resource in [
            ("GET", "/2015-03-31/functions/f/aliases?MaxItems=1", "ListAliases", "function:f"),
            ("PUT", "/2015-03-31/functions/f/aliases/live", "UpdateAlias", "function:f"),
            ("GET", "/2015-03-31/functions/f?Qualifier=3", "GetFunction", "function:f:3"),
            ("POST", "/2015-03-31/functions/f/invocations", "InvokeFunction", "function:f"),
            (
                "GET",
                "/2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af",
                "ListTags",
                "function:f",
            ),
        ]:
            required = permissions.required_permissions(request("lambda", method, target), account_with())[0]
            self.assertEqual(
                (f"lambda:{action}", f"arn:aws:lambda:us-east-1:123456789012:{resource}"),
                (required.action, required.resource),
            )

    def test_the_name_of_a_resource_is_in_its_arn(self):
        for call, action, resource in [
            (
                json_request("logs", "PutRetentionPolicy", logGroupName="/aws/x"),
                "logs:PutRetentionPolicy",
                "arn:aws:logs:us-east-1:123456789012:log-group:/aws/x:log-stream:",
            ),
            (
                query_request("monitoring", "PutMetricAlarm", AlarmName="a"),
                "cloudwatch:PutMetricAlarm",
                "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a",
            ),
            (
                query_request("monitoring", "DeleteAlarms", **{"AlarmNames.member.1": "a"}),
                "cloudwatch:DeleteAlarms",
                "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a",
            ),
            (
                json_request("monitoring", "DeleteAlarms", AlarmNames=["a"]),
                "cloudwatch:DeleteAlarms",
                "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a",
            ),
            (
                query_request("monitoring", "PutDashboard", DashboardName="d"),
                "cloudwatch:PutDashboard",
                "arn:aws:cloudwatch::123456789012:dashboard/d",
            ),
            (json_request("kms", "DescribeKey", KeyId="k"), "kms:DescribeKey", KEY),
        ]:
            required = permissions.required_permissions(call, account_with())[0]
            self.assertEqual((action, resource), (required.action, required.resource))

    def test_an_invoke_permission_names_the_api_and_the_route(self):
        call = request("execute-api", "GET", "/_aws/execute-api/a1/$default/items/x%0Ay")
        required = permissions.required_permissions(call, account_with())[0]
        self.assertEqual("arn:aws:execute-api:us-east-1:123456789012:a1/$default/GET/items/x%0Ay", required.resource)
