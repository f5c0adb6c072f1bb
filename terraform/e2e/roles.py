"""Checks the roles of the bootstrap: `roles.py TOKENS PREFIX BUCKET APIS [ids]`, with the output role_arns on stdin.

Each job's token can assume only its roles, and each role is denied the calls that it must not make. APIS are the ids of
production's API and of an API of another service. With `ids`, the bootstrap has the id of the first, and calls on the
resources below an API are also checked. Exits with 1 if a check failed.
"""

import json
import pathlib
import sys

import boto3
import botocore
import botocore.config
import botocore.exceptions

TOKENS, PREFIX, BUCKET = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
PRODUCTION_API, FOREIGN_API = sys.argv[4].split(",")
API_IDS_ARE_KNOWN = sys.argv[5:] == ["ids"]
ROLES = {
    f"{environment}-{task}": arn for environment, tasks in json.load(sys.stdin).items() for task, arn in tasks.items()
}

JOBS = {
    "production": {"production-apply"},
    "older": {"production-apply"},
    "production-approval": set(),
    "production-suite": {"production-verify"},
    "staging": {"staging-apply"},
    "staging-suite": {"staging-verify"},
    "preview": {"preview-apply"},
    "pull_request": {"staging-plan", "production-plan"},
    "main": {"staging-plan", "production-plan"},
    "fork": set(),
}

ACCOUNT = "arn:aws:iam::123456789012"
EMPTY_TRUST_POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})
ALLOW_ALL = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


def production_calls(prefix, boundary):
    """Returns the calls on production that staging and previews, with their prefix and boundary, must be denied."""
    function, role = f"{PREFIX}-function", f"{PREFIX}-role"
    tags = f"arn:aws:apigateway:us-east-1::/apis/{PRODUCTION_API}"
    state = {"Bucket": BUCKET, "Key": "production/terraform.tfstate"}
    below = [
        ("apigatewayv2", "create_route", {"ApiId": PRODUCTION_API, "RouteKey": "$default"}),
        ("apigatewayv2", "delete_stage", {"ApiId": PRODUCTION_API, "StageName": "$default"}),
        ("apigatewayv2", "tag_resource", {"ResourceArn": tags, "Tags": {"Service": prefix}}),
    ]
    return [
        ("dynamodb", "delete_table", {"TableName": f"{PREFIX}-items"}),
        ("lambda", "get_function", {"FunctionName": function}),
        ("lambda", "update_alias", {"FunctionName": function, "Name": "live", "FunctionVersion": "1"}),
        ("lambda", "put_function_concurrency", {"FunctionName": function, "ReservedConcurrentExecutions": 0}),
        ("iam", "put_role_policy", {"RoleName": role, "PolicyName": "table-and-logs", "PolicyDocument": ALLOW_ALL}),
        ("iam", "put_role_permissions_boundary", {"RoleName": role, "PermissionsBoundary": boundary}),
        ("iam", "delete_role_policy", {"RoleName": role, "PolicyName": "table-and-logs"}),
        ("iam", "delete_role", {"RoleName": role}),
        (
            "lambda",
            "create_function",
            {"FunctionName": f"{prefix}-function", "Role": f"{ACCOUNT}:role/{role}", "Code": {}},
        ),
        ("logs", "delete_log_group", {"logGroupName": f"/aws/lambda/{function}"}),
        ("logs", "put_retention_policy", {"logGroupName": f"/aws/vendedlogs/{PREFIX}-api", "retentionInDays": 1}),
        ("cloudwatch", "delete_alarms", {"AlarmNames": [f"{PREFIX}-api-5xx"]}),
        ("cloudwatch", "put_dashboard", {"DashboardName": PREFIX, "DashboardBody": "{}"}),
        ("apigatewayv2", "delete_api", {"ApiId": PRODUCTION_API}),
        ("apigatewayv2", "update_api", {"ApiId": PRODUCTION_API, "Name": f"{PREFIX}-pr-1-api"}),
        ("apigatewayv2", "untag_resource", {"ResourceArn": tags, "TagKeys": ["Service"]}),
        ("apigatewayv2", "tag_resource", {"ResourceArn": tags, "Tags": {"Service": PREFIX}}),
        *(below if API_IDS_ARE_KNOWN else []),
        ("apigatewayv2", "create_api", {"Name": f"{PREFIX}-api", "ProtocolType": "HTTP"}),
        ("s3", "get_object", state),
        ("s3", "put_object", state | {"Body": b"{}"}),
    ]


def deployer_calls(prefix):
    """Returns the calls that every apply role must be denied: on another service's API, on wider roles, on items."""
    bounded_role = f"{prefix}-role"
    return [
        ("apigatewayv2", "delete_api", {"ApiId": FOREIGN_API}),
        ("apigatewayv2", "update_api", {"ApiId": FOREIGN_API, "Name": f"{prefix}-api"}),
        ("apigatewayv2", "create_api", {"Name": "bank-api", "ProtocolType": "HTTP"}),
        ("iam", "create_role", {"RoleName": f"{prefix}-free", "AssumeRolePolicyDocument": EMPTY_TRUST_POLICY}),
        (
            "iam",
            "create_role",
            {
                "RoleName": f"{prefix}-free",
                "AssumeRolePolicyDocument": EMPTY_TRUST_POLICY,
                "PermissionsBoundary": f"{ACCOUNT}:policy/any",
            },
        ),
        ("iam", "delete_role_permissions_boundary", {"RoleName": bounded_role}),
        ("iam", "update_assume_role_policy", {"RoleName": bounded_role, "PolicyDocument": EMPTY_TRUST_POLICY}),
        (
            "iam",
            "attach_role_policy",
            {"RoleName": bounded_role, "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
        ),
        (
            "iam",
            "put_role_policy",
            {"RoleName": f"github-{PREFIX}-preview-apply", "PolicyName": "terraform", "PolicyDocument": ALLOW_ALL},
        ),
        (
            "iam",
            "create_policy_version",
            {"PolicyArn": f"{ACCOUNT}:policy/github-{PREFIX}-production-boundary", "PolicyDocument": ALLOW_ALL},
        ),
        ("iam", "create_user", {"UserName": f"{prefix}-user"}),
        ("dynamodb", "scan", {"TableName": f"{prefix}-items"}),
        ("lambda", "invoke", {"FunctionName": f"{prefix}-function"}),
        ("s3", "delete_bucket", {"Bucket": BUCKET}),
    ]


def reader_calls(prefix, other_prefix):
    """Returns the calls that a plan or verify role must be denied."""
    return [
        ("dynamodb", "scan", {"TableName": f"{prefix}-items"}),
        ("lambda", "delete_function", {"FunctionName": f"{prefix}-function"}),
        ("lambda", "get_function", {"FunctionName": f"{other_prefix}-function"}),
        ("iam", "delete_role_policy", {"RoleName": f"{prefix}-role", "PolicyName": "table-and-logs"}),
        ("apigatewayv2", "delete_api", {"ApiId": PRODUCTION_API}),
    ]


STAGING = f"{PREFIX}-staging"
# Role => the job that assumes it, a call that it must be able to make, and the calls that it must be denied.
EXPECTATIONS = {
    "staging-plan": (
        "pull_request",
        ("s3", "list_objects_v2", {"Bucket": BUCKET}),
        [
            *reader_calls(STAGING, PREFIX),
            ("s3", "get_object", {"Bucket": BUCKET, "Key": "production/terraform.tfstate"}),
        ],
    ),
    "production-plan": (
        "pull_request",
        ("lambda", "get_function", {"FunctionName": f"{PREFIX}-function"}),
        [
            *reader_calls(PREFIX, "bank"),
            ("s3", "delete_object", {"Bucket": BUCKET, "Key": "production/terraform.tfstate"}),
            ("s3", "get_object", {"Bucket": BUCKET, "Key": "staging/terraform.tfstate"}),
        ],
    ),
    "staging-apply": (
        "staging",
        ("logs", "describe_log_groups", {}),
        [
            *production_calls(STAGING, f"{ACCOUNT}:policy/github-{PREFIX}-staging-boundary"),
            *deployer_calls(STAGING),
            ("s3", "get_object", {"Bucket": BUCKET, "Key": "preview/pr-1/terraform.tfstate"}),
        ],
    ),
    "production-apply": (
        "production",
        ("lambda", "get_function", {"FunctionName": f"{PREFIX}-function"}),
        [
            *deployer_calls(PREFIX),
            ("s3", "put_object", {"Bucket": BUCKET, "Key": "staging/terraform.tfstate", "Body": b"{}"}),
        ],
    ),
    "preview-apply": (
        "preview",
        ("logs", "describe_log_groups", {}),
        [
            *production_calls(f"{PREFIX}-pr-1", f"{ACCOUNT}:policy/github-{PREFIX}-preview-boundary"),
            *deployer_calls(f"{PREFIX}-pr-1"),
            ("dynamodb", "delete_table", {"TableName": f"{STAGING}-items"}),
            ("lambda", "get_function", {"FunctionName": f"{STAGING}-function"}),
            ("logs", "put_resource_policy", {"policyName": "AWSLogDeliveryWrite20150319", "policyDocument": "{}"}),
            (
                "apigatewayv2",
                "create_stage",
                {
                    "ApiId": "own",
                    "StageName": "$default",
                    "AccessLogSettings": {"Format": "x", "DestinationArn": "arn:x"},
                },
            ),
            (
                "apigatewayv2",
                "tag_resource",
                {"ResourceArn": "arn:aws:apigateway:us-east-1::/apis/own", "Tags": {"Service": PREFIX}},
            ),
            ("s3", "get_object", {"Bucket": BUCKET, "Key": "staging/terraform.tfstate"}),
        ],
    ),
    "production-verify": (
        "production-suite",
        ("sts", "get_caller_identity", {}),
        [
            *reader_calls(PREFIX, STAGING),
            ("lambda", "invoke", {"FunctionName": f"{PREFIX}-function"}),
            ("s3", "get_object", {"Bucket": BUCKET, "Key": "production/terraform.tfstate"}),
        ],
    ),
}
EXPECTATIONS["staging-verify"] = ("staging-suite", *EXPECTATIONS["production-verify"][1:])

UNSIGNED = boto3.client("sts", config=botocore.config.Config(signature_version=botocore.UNSIGNED))


def assume(role, job):
    """Returns a session of the role; `None` if the role does not trust the job."""
    token = (TOKENS / job).read_text()
    try:
        credentials = UNSIGNED.assume_role_with_web_identity(
            RoleArn=ROLES[role], RoleSessionName=job, WebIdentityToken=token
        )["Credentials"]
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] == "AccessDenied":
            return None
        raise
    return boto3.Session(credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"])


def is_denied(session, service, operation, parameters):
    try:
        getattr(session.client(service), operation)(**parameters)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
    return False


failures = []
for job, expected in JOBS.items():
    assumed = {role for role in ROLES if assume(role, job)}
    print(f"{job} can assume {sorted(assumed)}")
    if assumed != expected:
        failures.append(f"{job} can assume {sorted(assumed)}, not {sorted(expected)}")

count = 0
for role, (job, allowed, attempts) in EXPECTATIONS.items():
    session = assume(role, job)
    if is_denied(session, *allowed):
        failures.append(f"{role} was denied: {allowed}")
    for attempt in attempts:
        service, operation, parameters = attempt
        denied = is_denied(session, *attempt)
        print(
            "denied" if denied else "ALLOWED",
            role,
            service,
            operation,
            json.dumps(parameters, default=str),
            flush=True,
        )
        count += 1
        if not denied:
            failures.append(f"{role} was not denied: {service} {operation} {parameters}")

print(f"{count} attempts", *failures, sep="\n")
sys.exit(bool(failures))
