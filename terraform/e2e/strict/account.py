"""The emulator's account, read as its root: the role of a caller, and the facts that the rules need."""

import functools
import hashlib
import json
import threading
import time
import xml.etree.ElementTree
from dataclasses import dataclass, field

import boto3
import botocore.exceptions

ID = "123456789012"
ROOT = "test"
# The name of an inline policy that exists only to make the emulator allow a request. The rules ignore it.
EMULATOR_POLICY = "emulator"


@dataclass
class Caller:
    """The role that signed a request."""

    arn: str
    policies: list
    # The permissions boundary and the session policy: each of them must also allow an action.
    limits: list = field(default_factory=list)


class TokenBucket:
    """A token bucket: filled at the rate, in tokens a second, up to the burst."""

    def __init__(self, rate, burst):
        self._rate, self._burst, self._lock = rate, burst, threading.Lock()
        self._tokens, self._filled_at = burst, time.monotonic()

    def take(self):
        """Takes a token; returns `False` if there is none."""
        with self._lock:
            now = time.monotonic()
            self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
            self._filled_at = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True


def cached(method):
    """Caches the results of a method until something in the account changes."""

    @functools.wraps(method)
    def wrapper(self, *arguments):
        key = (method.__name__, *arguments)
        with self._lock:
            generation = self._generation
            if key in self._cache:
                return self._cache[key]
        response = method(self, *arguments)
        with self._lock:
            if generation == self._generation:
                self._cache[key] = response
        return response

    return wrapper


class Account:
    """The emulator's account; results are cached until a request changes something."""

    def __init__(self, emulator):
        names = ["apigatewayv2", "dynamodb", "iam", "lambda"]
        self._clients = {name: boto3.client(name, endpoint_url=emulator) for name in names}
        self._lock = threading.Lock()
        self._generation, self._cache, self._sessions, self._buckets = 0, {}, {}, {}

    def invalidate(self):
        with self._lock:
            self._generation += 1
            self._cache.clear()

    def _call(self, client, operation, **arguments):
        """Returns the emulator's response; an empty one if the resource does not exist."""
        try:
            return getattr(self._clients[client], operation)(**arguments)
        except botocore.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 404):
                return {}
            raise

    def record_session(self, parameters, response):
        """Records the session in the emulator's response to AssumeRole…."""
        found = {
            element.tag.rpartition("}")[2]: element.text
            for element in xml.etree.ElementTree.fromstring(response).iter()
        }
        with self._lock:
            self._sessions[found["AccessKeyId"]] = found["Arn"], parameters.get("Policy")

    def caller(self, access_key):
        """Returns the role behind an access key; `None` if the key does not belong to a session."""
        arn, session_policy = self._sessions.get(access_key) or self._function_session(access_key)
        if arn is None:
            return None
        role = arn.split("/")[1]
        documents = [self._boundary(role), session_policy and json.loads(session_policy)]
        policies = [policy for name, policy in self.inline_policies(role).items() if name != EMULATOR_POLICY]
        return Caller(arn, policies, limits=[[document] for document in documents if document])

    def _function_session(self, access_key):
        # The emulator derives the access key of a function from its version and role, and gives it only to the function.
        for function in self._call("lambda", "list_functions").get("Functions", []):
            name = function["FunctionName"]
            for version in self._call("lambda", "list_versions_by_function", FunctionName=name).get("Versions", []):
                digest = hashlib.sha256(f"{version['FunctionArn']}:{version['Role']}".encode()).hexdigest()
                role = version["Role"].rpartition("/")[2]
                with self._lock:
                    session = f"arn:aws:sts::{ID}:assumed-role/{role}/{name}", None
                    self._sessions[f"ASIA{digest[:16].upper()}"] = session
        return self._sessions.get(access_key, (None, None))

    @cached
    def inline_policies(self, role):
        """Returns the inline policies of a role by name."""
        names = self._call("iam", "list_role_policies", RoleName=role).get("PolicyNames", [])
        return {
            name: self._call("iam", "get_role_policy", RoleName=role, PolicyName=name).get("PolicyDocument")
            for name in names
        }

    @cached
    def boundary_arn(self, role):
        found = self._call("iam", "get_role", RoleName=role).get("Role", {})
        return found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")

    @cached
    def _boundary(self, role):
        arn = self.boundary_arn(role)
        if arn is None:
            return None
        policy = self._call("iam", "get_policy", PolicyArn=arn).get("Policy")
        if policy is None:
            # A missing boundary allows nothing.
            return {"Statement": []}
        version = policy["DefaultVersionId"]
        return self._call("iam", "get_policy_version", PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]

    @cached
    def api(self, api_id):
        """Returns an API's name and tags."""
        return self._call("apigatewayv2", "get_api", ApiId=api_id)

    @cached
    def stage(self, api_id, name):
        return self._call("apigatewayv2", "get_stage", ApiId=api_id, StageName=name)

    @cached
    def api_at(self, domain):
        """Returns the id of the API to which all paths of a domain lead; `None` if there is none."""
        mappings = self._call("apigatewayv2", "get_api_mappings", DomainName=domain).get("Items", [])
        return next((mapping["ApiId"] for mapping in mappings if not mapping.get("ApiMappingKey")), None)

    def bucket(self, api_id, route_key, rate, burst):
        """Returns the token bucket that throttles a route of an API; a full one after a change of its limits."""
        with self._lock:
            return self._buckets.setdefault((api_id, route_key, rate, burst), TokenBucket(rate, burst))

    @cached
    def routes(self, api_id):
        return self._call("apigatewayv2", "get_routes", ApiId=api_id).get("Items", [])

    @cached
    def integration_uri(self, api_id, integration_id):
        return self._call("apigatewayv2", "get_integration", ApiId=api_id, IntegrationId=integration_id).get(
            "IntegrationUri", ""
        )

    @cached
    def invoke_statements(self, function, alias):
        """Returns the statements of the alias's resource policy, which permits callers to invoke it."""
        policy = self._call("lambda", "get_policy", FunctionName=function, Qualifier=alias).get("Policy")
        return json.loads(policy)["Statement"] if policy else []

    @cached
    def reserved_concurrency(self, function):
        """Returns the reserved concurrency of a function; `None` if it has none."""
        return self._call("lambda", "get_function_concurrency", FunctionName=function).get(
            "ReservedConcurrentExecutions"
        )

    @cached
    def has_version(self, function, version):
        return bool(self._call("lambda", "get_function_configuration", FunctionName=function, Qualifier=version))

    @cached
    def table_key(self, table):
        """Returns the ARN of the KMS key that encrypts a table; `None` if the table has the key that AWS owns."""
        return (
            self._call("dynamodb", "describe_table", TableName=table)
            .get("Table", {})
            .get("SSEDescription", {})
            .get("KMSMasterKeyArn")
        )
