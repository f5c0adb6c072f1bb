"""Answers as AWS gives them: the refusals of the rules, and what the emulator answers otherwise."""

import json
import re
import xml.sax.saxutils

# Looks at a table that is being restored before it is there; on AWS it takes at least 20 minutes.
# Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
LOOKS_AT_A_RESTORE = 2

restoring = {}


def of_refusal(refusal, request):
    """Returns the status, headers and body of a refusal, in the protocol of the service."""
    if request.is_form:
        code, message = (xml.sax.saxutils.escape(text) for text in (refusal.code, refusal.message))
        body = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>0</RequestId></ErrorResponse>"
        return refusal.status, [("content-type", "text/xml")], body.encode()
    body = {"message": refusal.message} | ({"__type": refusal.code} if refusal.code else {})
    headers = [("content-type", "application/json")] + ([("x-amzn-errortype", refusal.code)] if refusal.code else [])
    # The protocols that name the operation in a header answer each refusal with 400.
    status = 400 if request.service in ("dynamodb", "kms", "logs") else refusal.status
    return status, headers, json.dumps(body).encode()


def as_aws(request, status, headers, body):
    """Returns the emulator's answer, where it is another than AWS gives, as AWS gives it."""
    if request.service == "execute-api" and status == 502:
        # Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html
        return 500, [("content-type", "application/json")], b'{"message":"Internal Server Error"}'
    if re.fullmatch(r"/v2/apis/[^/]+/authorizers/[^/]+", request.path) and request.method == "GET" and status == 200:
        # Source: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers-authorizerid.html, "Supported
        # only for REQUEST authorizers".
        authorizer = json.loads(body)
        if authorizer.get("authorizerType") == "JWT":
            authorizer.pop("authorizerPayloadFormatVersion", None)
        return status, [("content-type", "application/json")], json.dumps(authorizer).encode()
    if request.operation == "RestoreTableToPointInTime" and status == 200:
        restoring[request.parameters["TargetTableName"]] = LOOKS_AT_A_RESTORE
    if request.operation == "DescribeTable" and restoring.get(request.parameters.get("TableName")):
        restoring[request.parameters["TableName"]] -= 1
        table = json.loads(body)
        table["Table"]["TableStatus"] = "CREATING"
        return status, [("content-type", "application/x-amz-json-1.0")], json.dumps(table).encode()
    return status, headers, body
