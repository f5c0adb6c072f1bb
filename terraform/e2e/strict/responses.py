"""Responses in the form of AWS: the errors of the rules, and corrections of the emulator's responses."""

import json
import re
import xml.sax.saxutils

# DescribeTable calls that still see a restored table as CREATING; on AWS a restore takes at least 20 minutes.
# Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
POLLS_UNTIL_RESTORED = 2

remaining_polls = {}


def error_response(error, request):
    """Returns the status, headers and body of an error, in the protocol of the service."""
    if request.uses_query_protocol or request.service == "route53":
        code, message = (xml.sax.saxutils.escape(text) for text in (error.code, error.message))
        body = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>0</RequestId></ErrorResponse>"
        return error.status, [("content-type", "text/xml")], body.encode()
    body = {"message": error.message} | ({"__type": error.code} if error.code else {})
    headers = [("content-type", "application/json")] + ([("x-amzn-errortype", error.code)] if error.code else [])
    # The protocols that name the operation in a header use status 400 for every error.
    status = 400 if request.service in ("dynamodb", "kms", "logs") else error.status
    return status, headers, json.dumps(body).encode()


def correct_response(request, status, headers, body):
    """Returns the emulator's response, corrected where it differs from that of AWS."""
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
        remaining_polls[request.parameters["TargetTableName"]] = POLLS_UNTIL_RESTORED
    if request.operation == "DescribeTable" and remaining_polls.get(request.parameters.get("TableName")):
        remaining_polls[request.parameters["TableName"]] -= 1
        table = json.loads(body)
        table["Table"]["TableStatus"] = "CREATING"
        return status, [("content-type", "application/x-amz-json-1.0")], json.dumps(table).encode()
    return status, headers, body
