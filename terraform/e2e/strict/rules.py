"""The rules that AWS enforces and the emulator does not: one function each, with its source.

A rule takes the request and the account, and returns the error that AWS would return; `None` if the request is allowed.
"""

import json
import re
from dataclasses import dataclass

from . import permissions
from .account import ID, ROOT


@dataclass
class AwsError:
    """An error response of AWS: the HTTP status, the error code and the message."""

    status: int
    code: str
    message: str


def permission_is_missing(request, account):
    """Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"""
    if request.access_key in (None, ROOT):
        return None
    caller = account.caller(request.access_key)
    if caller is None:
        # The emulator itself checks the callers of an API.
        unknown_key = AwsError(
            403, "UnrecognizedClientException", "The security token included in the request is invalid."
        )
        return None if request.service == "execute-api" else unknown_key
    try:
        denied = permissions.first_denied(caller, request, account)
    except permissions.UnknownAction:
        return AwsError(
            403,
            "AccessDeniedException",
            f"the strict proxy knows no action for {request.service} {request.method} {request.target}",
        )
    if denied is None:
        return None
    permission, decision = denied
    reason = (
        f"with an explicit deny in {decision.matched_sid}"
        if decision.decision == "Deny"
        else f"because no policy allows the {permission.action} action"
    )
    code = "AccessDenied" if request.uses_query_protocol else "AccessDeniedException"
    return AwsError(
        403,
        code,
        f"User: {caller.arn} is not authorized to perform: {permission.action} on resource: {permission.resource} {reason}",
    )


def tag_is_invalid(request, _account):
    """Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html, "Rules for tagging"."""
    tags = request.tags()
    code = "ValidationError" if request.uses_query_protocol else "ValidationException"
    for key, value in tags:
        if f"{key}".lower().startswith("aws:") or f"{value}".lower().startswith("aws:"):
            return AwsError(400, code, f"aws: prefixed tag keys and values are not allowed: {key}")
        if not 1 <= len(key) <= 128 or len(value) > 256:
            return AwsError(400, code, f"a tag's key has 1 to 128 characters and its value up to 256: {key}")
    if request.service == "iam" and len({key.lower() for key, _ in tags}) < len(tags):
        return AwsError(
            400, "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive."
        )
    return None


def authorizer_or_integration_is_in_use(request, account):
    """Source: https://github.com/anomalyco/sst/issues/5586"""
    match = re.fullmatch(r"/v2/apis/([^/]+)/(authorizers|integrations)/([^/]+)", request.path)
    if request.service != "apigateway" or request.method != "DELETE" or not match:
        return None
    api_id, kind, identity = match.groups()
    for route in account.routes(api_id):
        if identity == route.get("AuthorizerId") or f"integrations/{identity}" == route.get("Target"):
            message = f"Cannot delete {kind.title()[:-1]} '{identity}', is referenced by Route '{route['RouteId']}'."
            return AwsError(409, "ConflictException", message)
    return None


def concurrency_is_unavailable(request, _account):
    """The account has the limit of a new one, of which no concurrency can be reserved.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """
    if request.operation != "PutFunctionConcurrency" or request.parameters["ReservedConcurrentExecutions"] == 0:
        return None
    message = (
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its "
        "minimum value of [10]."
    )
    return AwsError(400, "InvalidParameterValueException", message)


def version_is_missing(request, account):
    """Source: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html, ResourceNotFoundException."""
    if request.operation not in ("CreateAlias", "UpdateAlias"):
        return None
    function, version = request.parameters["FunctionName"], request.parameters.get("FunctionVersion")
    if version is None or account.has_version(function, version):
        return None
    return AwsError(
        404,
        "ResourceNotFoundException",
        f"Function not found: arn:aws:lambda:{request.region}:{ID}:function:{function}:{version}",
    )


def policies_are_too_long(request, account):
    """Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: 10,240 characters for a role together."""
    if request.operation != "PutRolePolicy":
        return None
    role, name = request.parameters["RoleName"], request.parameters["PolicyName"]
    documents = account.inline_policies(role) | {name: json.loads(request.parameters["PolicyDocument"])}
    if sum(len(json.dumps(document, separators=(",", ":"))) for document in documents.values()) <= 10240:
        return None
    return AwsError(409, "LimitExceeded", f"Maximum policy size of 10240 bytes exceeded for role {role}")


def tracing_is_not_permitted(request, account):
    """Source: https://github.com/serverless/serverless/issues/6931"""
    role = request.parameters.get("Role", "").rpartition("/")[2]
    if request.service != "lambda" or not role or request.parameters.get("TracingConfig") != {"Mode": "Active"}:
        return None
    if any("xray:PutTraceSegments" in json.dumps(policy) for policy in account.inline_policies(role).values()):
        return None
    message = "The provided execution role does not have permissions to call PutTraceSegments on XRAY"
    return AwsError(400, "InvalidParameterValueException", message)


def endpoint_is_disabled(request, account):
    """That the API then returns 404 is not verified.

    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-disable-default-endpoint.html
    """
    if (
        request.service != "execute-api"
        or request.domain
        or not account.api(request.api_id).get("DisableExecuteApiEndpoint")
    ):
        return None
    return AwsError(404, "", "Not Found")


def route_is_throttled(request, account):
    """Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html

    An API of the emulator that was made without these limits accepts every request.
    """
    route = _route_of(request, account)
    if route is None:
        return None
    stage = account.stage(request.api_id, "$default")
    settings = stage.get("RouteSettings", {}).get(route["RouteKey"]) or stage.get("DefaultRouteSettings", {})
    rate, burst = settings.get("ThrottlingRateLimit"), settings.get("ThrottlingBurstLimit")
    if rate is None or account.bucket(request.api_id, route["RouteKey"], rate, burst).take():
        return None
    return AwsError(429, "", "Too Many Requests")


def invoke_is_not_permitted(request, account):
    """Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html"""
    alias = _alias_behind(request, account)
    if alias is None:
        return None
    source = f"arn:aws:execute-api:{request.region}:{ID}:{request.api_id}/$default/{request.method}{request.route_path}"
    for statement in account.invoke_statements(*alias):
        pattern = statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn", "*")
        expression = "".join(".*" if each == "*" else re.escape(each) for each in pattern)
        gateway = statement["Principal"] == {"Service": "apigateway.amazonaws.com"}
        invokes = statement["Action"] in ("lambda:InvokeFunction", "lambda:*")
        if statement["Effect"] == "Allow" and gateway and invokes and re.fullmatch(expression, source, re.DOTALL):
            return None
    return AwsError(500, "", "Internal Server Error")


def function_is_stopped(request, account):
    """A reserved concurrency of 0 rejects every invoke. That the API then returns 503 is not verified.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
    """
    alias = _alias_behind(request, account)
    return AwsError(503, "", "Service Unavailable") if alias and account.reserved_concurrency(alias[0]) == 0 else None


def _route_of(request, account):
    """Returns the route that a request to an API matches; `None` if there is none."""
    if request.service != "execute-api":
        return None
    for route in account.routes(request.api_id):
        method, _, template = route["RouteKey"].partition(" ")
        expression = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
        if method == request.method and re.fullmatch(expression, request.route_path.partition("?")[0]):
            return route
    return None


def _alias_behind(request, account):
    """Returns the function and the alias behind a request to an API; `None` if no route matches."""
    route = _route_of(request, account)
    if route is None:
        return None
    uri = account.integration_uri(request.api_id, route["Target"].removeprefix("integrations/"))
    function = re.search(r":function:([^:/]+):([^:/]+)/invocations$", uri)
    return function.groups() if function else None


RULES = [
    permission_is_missing,
    tag_is_invalid,
    authorizer_or_integration_is_in_use,
    concurrency_is_unavailable,
    version_is_missing,
    policies_are_too_long,
    tracing_is_not_permitted,
    endpoint_is_disabled,
    route_is_throttled,
    invoke_is_not_permitted,
    function_is_stopped,
]


def first_error(request, account):
    """Returns the error of the first rule that rejects the request; `None` if no rule does."""
    return next((error for rule in RULES if (error := rule(request, account))), None)
