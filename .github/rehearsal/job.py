"""Runs one job of a workflow as GitHub would, against the emulators: `job.py WORKFLOW JOB CONTEXT`.

The steps, their conditions and their environments are the workflow's own, and so is what its token says of it: a role
that does not trust the job is refused. Stand-ins are an action that needs GitHub, and the emulator's address for an API's.
CONTEXT is a JSON file: github, vars, inputs, needs, and the folders `checkout` and `artifacts`. Prints what became of
each step, leaves the outputs in artifacts/JOB.json, and exits with 1 where the job failed and 3 where it was skipped.
"""

import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import boto3
import botocore.exceptions
import yaml

TOKEN = re.compile(r"\s*('(?:[^']|'')*'|&&|\|\||!=|==|[!(),]|[\w-]+(?:\.[\w-]+)*)")
CREDENTIALS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
ADDRESS = re.compile(r"https://(\w+)\.execute-api\.[\w.-]+/?")


class Context(dict):
    """What expressions may name; what is not there is empty, as on GitHub."""

    def look_up(self, path):
        value = self
        for name in path.split("."):
            value = value.get(name, "") if isinstance(value, dict) else ""
        return value

    def evaluate(self, expression):
        """An expression without its braces, by way of Python's own grammar."""
        functions = {
            "always": lambda: True,
            "cancelled": lambda: False,
            "failure": lambda: self["failed"],
            "success": lambda: not self["failed"],
            "toJSON": json.dumps,
        }
        operators = {"&&": "and", "||": "or", "!": "not", "true": "True", "false": "False"}
        words, end = [], 0
        while expression[end:].strip():
            match = TOKEN.match(expression, end)
            if match is None:
                raise SystemExit(f"error: not understood: {expression[end:]}")
            word, end = match[1], match.end()
            if word in operators:
                word = operators[word]
            elif re.match(r"[A-Za-z]", word) and word not in functions:
                word = f"look_up({word!r})"
            words.append(word)
        return eval(" ".join(words), {"__builtins__": {}, "look_up": self.look_up, **functions})

    def fill_in(self, value):
        if isinstance(value, dict):
            return {key: self.fill_in(inner) for key, inner in value.items()}
        return re.sub(r"\$\{\{(.*?)\}\}", lambda match: text(self.evaluate(match[1])), text(value))

    def applies(self, condition):
        """A condition that asks for no status asks for success."""
        condition = str(condition).strip()
        asks = re.search(r"\b(always|cancelled|failure|success)\(", condition)
        return bool(self.evaluate(condition)) and bool(asks or not self["failed"])


def text(value):
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


class Job:
    def __init__(self, workflow, name, context):
        self.context = Context(context, steps={}, failed=False)
        self.checkout = pathlib.Path(context["checkout"])
        self.artifacts = pathlib.Path(context["artifacts"])
        self.workflow = yaml.safe_load((self.checkout / f".github/workflows/{workflow}.yml").read_text())
        self.name, self.body = name, self.workflow["jobs"][name]
        self.environment = {}

    def subject(self):
        environment = self.body.get("environment", "")
        if environment:
            environment = environment["name"] if isinstance(environment, dict) else environment
            return f"environment:{self.context.fill_in(environment)}"
        github = self.context["github"]
        return "pull_request" if github["event_name"] == "pull_request" else f"ref:{github['ref']}"

    def run(self):
        # A job whose needs did not succeed is skipped, unless its condition asks for a status.
        needs = self.body.get("needs", [])
        needs = [needs] if isinstance(needs, str) else needs
        self.context["failed"] = any(self.context["needs"][need]["result"] != "success" for need in needs)
        if not self.context.applies(self.body.get("if", "true")):
            print(f"{self.name}: skipped")
            return 3
        if "uses" in self.body:
            print(f"{self.name}: calls {self.body['uses']}")
            return 0
        entries = self.body.get("strategy", {}).get("matrix", {}).get("include", [{}])
        return max([self.run_with(entry) for entry in entries])

    def run_with(self, matrix):
        """Runs the job with one entry of its matrix."""
        self.context |= {"failed": False, "matrix": self.context.fill_in(matrix), "steps": {}}
        self.environment = self.context.fill_in({**self.workflow.get("env", {}), **self.body.get("env", {})})
        self.run_steps(self.body["steps"], self.context)
        outputs = self.context.fill_in(self.body.get("outputs", {}))
        (self.artifacts / f"{self.name}.json").write_text(json.dumps(outputs))
        return int(self.context["failed"])

    def run_steps(self, steps, context):
        for step in steps:
            title = step.get("name") or step.get("run") or step["uses"]
            if context.applies(step.get("if", "true")):
                print(f"--- {title}", flush=True)
                succeeded, outputs = self.run_step(step, context)
                outcome = "success" if succeeded else "failure"
            else:
                outcome, outputs = "skipped", {}
            context["failed"] |= outcome == "failure"
            if "id" in step:
                context["steps"][step["id"]] = {"outcome": outcome, "outputs": outputs}
            print(f"{outcome}: {title}", flush=True)

    def run_step(self, step, context):
        if "run" in step:
            return self.run_command(step, context)
        action, _, _ = step["uses"].partition("@")
        inputs = context.fill_in(step.get("with", {}))
        if action.startswith("$/"):
            return self.run_composite(action, inputs)
        return STAND_INS[action](self, inputs)

    def run_command(self, step, context):
        with tempfile.TemporaryDirectory() as folder:
            output, summary = pathlib.Path(folder, "output"), pathlib.Path(folder, "summary")
            output.touch()
            summary.touch()
            # What the rehearsal itself may do, no job may.
            own = {name: value for name, value in os.environ.items() if name not in CREDENTIALS}
            environment = own | self.environment | context.fill_in(step.get("env", {}))
            environment = {name: addressed(value) for name, value in environment.items()}
            environment |= {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_ACTIONS": "true"}
            environment |= {"GITHUB_REPOSITORY": context["github"]["repository"], "GITHUB_RUN_ID": "1"}
            shell = ["bash", "-e", "-c", step["run"]]
            succeeded = subprocess.run(shell, cwd=self.checkout, env=environment, check=False).returncode == 0
            print(summary.read_text(), flush=True)
            return succeeded, dict(line.split("=", 1) for line in output.read_text().splitlines())

    def run_composite(self, action, inputs):
        body = yaml.safe_load((self.checkout / action.removeprefix("$/") / "action.yml").read_text())
        defaults = {name: text(declared.get("default")) for name, declared in body["inputs"].items()}
        unknown = inputs.keys() - defaults.keys()
        missing = [name for name, declared in body["inputs"].items() if declared["required"] and not inputs.get(name)]
        if unknown or missing:
            raise SystemExit(f"error: {action}: inputs unknown {unknown}, missing {missing}")
        # Of the repository's variables a composite action sees none.
        context = Context(github=self.context["github"], inputs=defaults | inputs, steps={}, failed=False)
        self.run_steps(body["runs"]["steps"], context)
        return not context["failed"], {}

    def take_role(self, inputs):
        claims = {
            "iss": "https://token.actions.githubusercontent.com",
            "aud": "sts.amazonaws.com",
            "sub": f"repo:owner@1/name@2:{self.subject()}",
        }
        # The emulator judges what a token says, not who signed it.
        parts = [
            base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
            for part in ({"alg": "RS256"}, claims)
        ]
        policy = {}
        if "inline-session-policy" in inputs:
            policy["Policy"] = inputs["inline-session-policy"]
            # The suite would also pass with a session for every API, so the session policy is checked here.
            if not re.search(r":\w+/\*$", json.loads(policy["Policy"])["Statement"][0]["Resource"]):
                raise SystemExit(f"error: the session is not narrowed to one API: {policy['Policy']}")
        try:
            taken = boto3.client("sts").assume_role_with_web_identity(
                RoleArn=inputs["role-to-assume"],
                RoleSessionName=inputs["role-session-name"],
                WebIdentityToken=".".join([*parts, "signature"]),
                **policy,
            )["Credentials"]
        except botocore.exceptions.ClientError as error:
            print(f"{self.subject()} may not take {inputs['role-to-assume']}: {error}")
            return False, {}
        names = {
            "access-key-id": "AccessKeyId",
            "secret-access-key": "SecretAccessKey",
            "session-token": "SessionToken",
        }
        credentials = {f"aws-{name}": taken[key] for name, key in names.items()}
        if inputs.get("output-env-credentials") != "false":
            exported = {name.upper().replace("-", "_"): value for name, value in credentials.items()}
            self.environment |= exported | {"AWS_REGION": inputs["aws-region"]}
        return True, credentials if inputs.get("output-credentials") == "true" else {}

    def download(self, inputs):
        named = self.artifacts.glob(inputs.get("name", inputs.get("pattern")))
        sources = [source for source in named if source.is_dir()]
        for source in sources:
            shutil.copytree(source, self.checkout / inputs["path"], dirs_exist_ok=True)
        return bool(sources) or "pattern" in inputs, {}

    def upload(self, inputs):
        path = self.checkout / inputs["path"]
        if not path.exists():
            return inputs.get("if-no-files-found") != "error", {}
        target = self.artifacts / inputs["name"]
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        shutil.copy(path, target)
        return True, {}


def addressed(value):
    """The stage's URL names AWS; the emulator answers elsewhere."""
    return ADDRESS.sub(rf"{os.environ['AWS_ENDPOINT_URL']}/_aws/execute-api/\1/$default", value)


def nothing(_job, _inputs):
    return True, {}


STAND_INS = {
    "actions/checkout": nothing,
    "hashicorp/setup-terraform": nothing,
    "actions/download-artifact": Job.download,
    "actions/upload-artifact": Job.upload,
    "aws-actions/configure-aws-credentials": Job.take_role,
}

if __name__ == "__main__":
    sys.exit(Job(sys.argv[1], sys.argv[2], json.loads(pathlib.Path(sys.argv[3]).read_text())).run())
