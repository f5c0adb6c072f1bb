"""Decides if a caller's policies allow a request, by the permissions that AWS requires for it.

A request whose permissions are not known here is denied.
"""

import re
import urllib.parse
from dataclasses import dataclass, field

from ministack.core import iam_evaluator

from .account import ID

# The emulator evaluates these as AWS does, including bucket policies.
EVALUATED_BY_EMULATOR = {None, "s3", "sts"}
# Operations on items; each of them uses the table's KMS key.
ITEM_OPERATIONS = {"BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem"}
# Source: https://docs.aws.amazon.com/kms/latest/developerguide/services-dynamodb.html, "Permissions on a customer managed key".
NEW_TABLE_KEY_ACTIONS = [
    "CreateGrant",
    "Decrypt",
    "DescribeKey",
    "Encrypt",
    "GenerateDataKey",
    "ReEncryptFrom",
    "ReEncryptTo",
]
# Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html, "Enable logging".
LOG_DELIVERY_ACTIONS = [
    "CreateLogDelivery",
    "DescribeResourcePolicies",
    "GetLogDelivery",
    "ListLogDeliveries",
    "PutResourcePolicy",
    "UpdateLogDelivery",
]


@dataclass
class Permission:
    """A permission that IAM must grant: an action on a resource, with the condition keys of the request."""

    action: str
    resource: str
    context: dict = field(default_factory=dict)


class UnknownAction(Exception):
    """A request for which no action is known here."""


def first_denied(caller, request, account):
    """Returns the first permission that the caller's policies do not grant, with the decision; `None` if they grant all."""
    policies = [iam_evaluator.parse_policy_document(policy) for policy in caller.policies]
    limits = [[iam_evaluator.parse_policy_document(policy) for policy in limit] for limit in caller.limits]
    for permission in required_permissions(request, account):
        context = iam_evaluator.EvalContext(
            principal_arn=caller.arn,
            principal_type="AssumedRole",
            principal_account=ID,
            action=permission.action,
            resource_arn=permission.resource,
            region=request.region,
            service_context={key.lower(): value for key, value in permission.context.items()},
        )
        decision = iam_evaluator.evaluate(context, policies, *limits)
        if decision.decision != "Allow":
            return permission, decision
    return None


def required_permissions(request, account):
    """Returns the permissions that AWS requires for the request."""
    if request.service in EVALUATED_BY_EMULATOR:
        return []
    by_service = {
        "apigateway": api_gateway_permissions,
        "dynamodb": dynamodb_permissions,
        "execute-api": invoke_permissions,
        "iam": iam_permissions,
        "kms": kms_permissions,
        "lambda": lambda_permissions,
        "logs": logs_permissions,
        "monitoring": cloudwatch_permissions,
        "route53": route53_permissions,
    }
    if request.service not in by_service or (request.operation is None and request.service != "execute-api"):
        raise UnknownAction
    return by_service[request.service](request, account)


def arn(service, request, resource):
    return f"arn:aws:{service}:{request.region}:{ID}:{resource}"


def with_tags(request, permission, action):
    """Adds the permission to tag, which a request that creates a resource with tags also needs."""
    return [permission, Permission(action, permission.resource, permission.context)] if request.tags() else [permission]


def api_gateway_permissions(request, account):
    """Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagementv2.html"""
    path = request.path.removeprefix("/v2")
    base = f"arn:aws:apigateway:{request.region}::"
    if path.startswith("/tags/"):
        return tag_permissions(request, base, path)
    tags = {f"aws:RequestTag/{key}": value for key, value in request.tags()}
    context = tags | api_context(request, account, path)
    required = [Permission(f"apigateway:{request.method}", base + path, context)]
    if tags:
        # Tags need two more permissions: https://github.com/aws-amplify/amplify-cli/issues/12316 shows the first denial, and
        # https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/997 the second, whose resource ends in
        # an asterisk because the API has no id yet.
        tagged = urllib.parse.quote(f"{base}/v2{path}/", safe="")
        required.append(Permission("apigateway:TagResource", base + path, context))
        required.append(Permission("apigateway:POST", f"{base}/tags/{tagged}*", tags))
    if path == "/apis" and request.method == "POST":
        # Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/using-service-linked-roles.html
        service = "ops.apigateway.amazonaws.com"
        role = f"arn:aws:iam::{ID}:role/aws-service-role/{service}/AWSServiceRoleForAPIGateway"
        required.append(Permission("iam:CreateServiceLinkedRole", role, {"iam:AWSServiceName": service}))
    return required + log_delivery_permissions(request, account, path)


def api_context(request, account, path):
    """Returns the condition keys of an API. Its child resources have neither its name nor, as far as was tried, its tags."""
    context = {}
    existing = re.fullmatch(r"/apis/([^/]+)", path)
    if "name" in request.parameters and (existing or path == "/apis"):
        context["apigateway:Request/ApiName"] = request.parameters["name"]
    if existing:
        api = account.api(existing[1])
        context["apigateway:Resource/ApiName"] = api.get("Name")
        context |= {f"aws:ResourceTag/{key}": value for key, value in api.get("Tags", {}).items()}
    return context


def tag_permissions(request, base, path):
    """Source: https://github.com/mattclay/aws-terminator/pull/284 shows the resource, which has no condition keys."""
    if request.method == "GET":
        return [Permission("apigateway:GET", base + path)]
    context = {f"aws:RequestTag/{key}": value for key, value in request.tags()}
    action = "apigateway:UntagResource" if request.method == "DELETE" else "apigateway:TagResource"
    tagged = urllib.parse.unquote(path.removeprefix("/tags/")).replace("::/v2/", "::/")
    return [Permission(f"apigateway:{request.method}", base + path, context), Permission(action, tagged, context)]


def log_delivery_permissions(request, account, path):
    """Returns the log delivery permissions, which a caller that adds or removes an access log needs."""
    stage = re.fullmatch(r"/apis/([^/]+)/stages/([^/]+)(/accesslogsettings)?", path)
    settings = request.parameters.get("accessLogSettings", {})
    required = [
        Permission(f"logs:{operation}", "*") for operation in LOG_DELIVERY_ACTIONS if settings.get("destinationArn")
    ]
    removed = request.method == "DELETE" or ("accessLogSettings" in request.parameters and not required)
    if stage and removed and account.stage(stage[1], urllib.parse.unquote(stage[2])).get("AccessLogSettings"):
        required.append(Permission("logs:DeleteLogDelivery", "*"))
    return required


def dynamodb_permissions(request, account):
    parameters = request.parameters
    name = parameters.get("ResourceArn") or parameters.get("TableName") or parameters.get("SourceTableName")
    table = (name or "*").rpartition("/")[2]
    permission = Permission(f"dynamodb:{request.operation}", arn("dynamodb", request, f"table/{table}"))
    required = with_tags(request, permission, "dynamodb:TagResource")
    via = {"kms:ViaService": f"dynamodb.{request.region}.amazonaws.com", "kms:GrantIsForAWSResource": "true"}
    if key := parameters.get("SSESpecification", {}).get("KMSMasterKeyId"):
        required += [Permission(f"kms:{operation}", key, via) for operation in NEW_TABLE_KEY_ACTIONS]
    # Source: https://github.com/aws/aws-cdk/issues/10010: a caller without it is denied every operation on items.
    if request.operation in ITEM_OPERATIONS and (key := account.table_key(table)):
        required.append(Permission("kms:Decrypt", key, via))
    return required


def iam_permissions(request, account):
    """Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html, "Delegating"."""
    parameters, operation = request.parameters, request.operation
    role = parameters.get("RoleName")
    resource = parameters.get("PolicyArn") or parameters.get("OpenIDConnectProviderArn") or "*"
    context = {}
    if operation == "CreateServiceLinkedRole":
        context["iam:AWSServiceName"] = parameters["AWSServiceName"]
    elif role:
        resource = f"arn:aws:iam::{ID}:role/{role}"
        context["iam:PermissionsBoundary"] = parameters.get("PermissionsBoundary") or account.boundary_arn(role)
    return with_tags(request, Permission(f"iam:{operation}", resource, context), "iam:TagRole")


def kms_permissions(request, _account):
    key = request.parameters.get("KeyId", "*")
    return [
        Permission(f"kms:{request.operation}", key if key.startswith("arn:") else arn("kms", request, f"key/{key}"))
    ]


def lambda_permissions(request, _account):
    parameters, operation = request.parameters, request.operation
    name = parameters.get("Resource", parameters.get("FunctionName"))
    function = name.partition(":function:")[2] or name if name else None
    resource = arn("lambda", request, f"function:{function}") if function else "*"
    if function and "Qualifier" in parameters:
        resource += f":{parameters['Qualifier']}"
    action = "lambda:InvokeFunction" if operation == "Invoke" else f"lambda:{operation}"
    required = with_tags(request, Permission(action, resource), "lambda:TagResource")
    if role := parameters.get("Role"):
        # Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
        required.append(Permission("iam:PassRole", role, {"iam:PassedToService": "lambda.amazonaws.com"}))
    return required


def logs_permissions(request, _account):
    group = request.parameters.get("logGroupName", "")
    # The form in AWS's error messages: with the log streams of the group, unless the request has an ARN.
    resource = request.parameters.get("resourceArn") or arn("logs", request, f"log-group:{group}:log-stream:")
    return with_tags(request, Permission(f"logs:{request.operation}", resource), "logs:TagResource")


def cloudwatch_permissions(request, _account):
    resources = [arn("cloudwatch", request, f"alarm:{alarm}") for alarm in request.values_of("AlarmName")]
    resources += [f"arn:aws:cloudwatch::{ID}:dashboard/{name}" for name in request.values_of("DashboardName")]
    resources = resources or [request.parameters.get("ResourceARN", "*")]
    required = [Permission(f"cloudwatch:{request.operation}", resource) for resource in resources]
    return [each for permission in required for each in with_tags(request, permission, "cloudwatch:TagResource")]


def route53_permissions(request, _account):
    """Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html"""
    identities = [
        request.parameters[name] for name in ("HostedZoneId", "Id", "ResourceId") if name in request.parameters
    ]
    kind = "change" if request.operation == "GetChange" else "hostedzone"
    resource = f"arn:aws:route53:::{kind}/{identities[0].rpartition('/')[2]}" if identities else "*"
    context = {}
    if request.operation == "ChangeResourceRecordSets":
        context["route53:ChangeResourceRecordSetsNormalizedRecordNames"] = request.record_names()
    return [Permission(f"route53:{request.operation}", resource, context)]


def invoke_permissions(request, _account):
    path = request.route_path
    return [
        Permission(
            "execute-api:Invoke", arn("execute-api", request, f"{request.api_id}/$default/{request.method}{path}")
        )
    ]
