"""Runs one job of a workflow as GitHub would, against the emulators: `job.py WORKFLOW JOB CONTEXT`.

The steps, their conditions and their environments come from the workflow, and so does the subject of the token: a role
that does not trust the job refuses it. A job that calls a workflow runs all of its jobs. Actions that need GitHub are
replaced by stubs, and the URL of an API by the emulator's. CONTEXT is a JSON file: github, vars, inputs, the results of
needs, the folders `checkout`, `artifacts` and `responses`, and `cancel`: the step that is running when the run is
cancelled, and a pattern for the line of its output. Prints the result of each step and job, writes a job's outputs to
artifacts/JOB.json, and exits with 1 if the job failed, 3 if it was skipped and 4 if it was cancelled.
"""

import base64
import contextlib
import hashlib
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import boto3
import botocore.exceptions
import yaml

EXPRESSION_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|&&|\|\||!=|==|[!(),]|[\w-]+(?:\.[\w-]+)*)")
CREDENTIAL_VARIABLES = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
RESULT_OF_EXIT_CODE = {0: "success", 1: "failure", 3: "skipped", 4: "cancelled"}
INVOKE_URL = re.compile(r"https://(\w+)\.execute-api\.[\w.-]+/?")


class Context(dict):
    """The values that expressions may name; an unknown name is empty, as on GitHub."""

    def look_up(self, path):
        value = self
        for name in path.split("."):
            value = value.get(name, "") if isinstance(value, dict) else ""
        return value

    def evaluate(self, expression):
        """Evaluates an expression without its braces, by translating it into Python."""
        functions = {
            "always": lambda: True,
            "contains": lambda values, value: value in values,
            "fromJSON": json.loads,
            "cancelled": lambda: self["cancelled"],
            "failure": lambda: self["failed"],
            "success": self.succeeded_so_far,
            "toJSON": json.dumps,
        }
        operators = {"&&": "and", "||": "or", "!": "not", "true": "True", "false": "False"}
        words, end = [], 0
        while expression[end:].strip():
            match = EXPRESSION_TOKEN.match(expression, end)
            if match is None:
                raise SystemExit(f"error: cannot parse the expression at {expression[end:]}")
            word, end = match[1], match.end()
            if word in operators:
                word = operators[word]
            elif re.match(r"[A-Za-z]", word) and word not in functions:
                word = f"look_up({word!r})"
            words.append(word)
        return eval(" ".join(words), {"__builtins__": {}, "look_up": self.look_up, **functions})

    def succeeded_so_far(self):
        return not self["failed"] and not self["cancelled"]

    def fill_in(self, value):
        if isinstance(value, dict):
            return {key: self.fill_in(inner) for key, inner in value.items()}
        return re.sub(r"\$\{\{(.*?)\}\}", lambda match: text(self.evaluate(match[1])), text(value))

    def should_run(self, condition):
        """Returns true if the condition holds; a condition without a status function implies success()."""
        condition = str(condition).strip()
        asks = re.search(r"\b(always|cancelled|failure|success)\(", condition)
        return bool(self.evaluate(condition)) and bool(asks or self.succeeded_so_far())


def text(value):
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


class Job:
    def __init__(self, workflow, name, context):
        self.context = Context({"cancelled": False} | context, steps={}, failed=False)
        self.checkout = pathlib.Path(context["checkout"])
        self.artifacts = pathlib.Path(context["artifacts"])
        self.workflow = yaml.safe_load((self.checkout / f".github/workflows/{workflow}.yml").read_text())
        self.name, self.body = name, self.workflow["jobs"][name]
        self.environment = {}
        for need in self.needs():
            self.context["needs"][need]["outputs"] = self.outputs_of(need)

    def needs(self):
        needs = self.body.get("needs", [])
        return [needs] if isinstance(needs, str) else needs

    def outputs_of(self, job):
        file = self.artifacts / f"{job}.json"
        ran = self.context["needs"][job]["result"] != "skipped"
        return json.loads(file.read_text()) if ran and file.exists() else {}

    def subject(self):
        environment = self.body.get("environment", "")
        if environment:
            environment = environment["name"] if isinstance(environment, dict) else environment
            return f"environment:{self.context.fill_in(environment)}"
        github = self.context["github"]
        return "pull_request" if github["event_name"] == "pull_request" else f"ref:{github['ref']}"

    def run(self):
        """Runs the job, prints its result, and returns that as an exit code."""
        code = self.run_if_needed()
        print(f"{self.name}: {RESULT_OF_EXIT_CODE[code]}", flush=True)
        return code

    def run_if_needed(self):
        # A job whose needs did not succeed is skipped, unless its condition calls a status function.
        self.context["failed"] = any(self.context["needs"][need]["result"] != "success" for need in self.needs())
        if not self.context.should_run(self.body.get("if", "true")):
            return 3
        (self.artifacts / f"{self.name}.json").unlink(missing_ok=True)
        if "uses" in self.body:
            return self.run_called()
        entries = self.body.get("strategy", {}).get("matrix", {}).get("include", [{}])
        return max([self.run_with(entry) for entry in entries])

    def run_called(self):
        """Runs the jobs of the workflow that this job calls, in the order of the file."""
        called = pathlib.Path(self.body["uses"]).stem
        inputs = {name: self.context.fill_in(value) for name, value in self.body.get("with", {}).items()}
        declared = yaml.safe_load((self.checkout / f".github/workflows/{called}.yml").read_text())
        if inputs.keys() != declared[True]["workflow_call"]["inputs"].keys():
            raise SystemExit(f"error: the inputs of {called} differ from those that {self.name} passes")
        results, cancelled = {}, self.context["cancelled"]
        for name in declared["jobs"]:
            context = self.context | {"inputs": inputs, "needs": results, "cancelled": cancelled}
            job = Job(called, name, context)
            results[name] = {"result": RESULT_OF_EXIT_CODE[job.run()]}
            cancelled |= job.context["cancelled"]
        outcomes = {result["result"] for result in results.values()}
        return 4 if cancelled else int("failure" in outcomes)

    def run_with(self, matrix):
        """Runs the job with one entry of its matrix."""
        self.context |= {"failed": False, "cancelled": False, "matrix": self.context.fill_in(matrix), "steps": {}}
        self.environment = self.context.fill_in({**self.workflow.get("env", {}), **self.body.get("env", {})})
        self.context["env"] = self.environment
        with self.token_service():
            self.run_steps(self.body["steps"], self.context)
        outputs = self.context.fill_in(self.body.get("outputs", {}))
        (self.artifacts / f"{self.name}.json").write_text(json.dumps(outputs))
        return 4 if self.context["cancelled"] else int(self.context["failed"])

    def run_steps(self, steps, context):
        for step in steps:
            title = step.get("name") or step.get("run") or step["uses"]
            if context.should_run(step.get("if", "true")):
                print(f"--- {title}", flush=True)
                succeeded, outputs = self.run_step(step, context)
                context["cancelled"] = self.context["cancelled"]
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
            # A job does not inherit the credentials of the end-to-end run.
            inherited = {name: value for name, value in os.environ.items() if name not in CREDENTIAL_VARIABLES}
            environment = inherited | self.environment | context.fill_in(step.get("env", {}))
            environment = {name: use_emulator_url(value) for name, value in environment.items()}
            environment |= {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_ACTIONS": "true"}
            github = context["github"]
            environment |= {
                "GITHUB_REPOSITORY": github["repository"],
                "GITHUB_SHA": github["sha"],
                "GITHUB_RUN_ID": "1",
                "GITHUB_RUN_ATTEMPT": github["run_attempt"],
            }
            environment |= self.token_variables
            # A file, as on GitHub, so that bash stays the parent of the commands in the file.
            script = pathlib.Path(folder, "script.sh")
            script.write_text(step["run"])
            with subprocess.Popen(
                ["bash", "-e", script],
                cwd=self.checkout,
                env=environment,
                start_new_session=True,
                stdout=subprocess.PIPE,
                text=True,
            ) as process:
                self.follow(process, step.get("name"))
            print(summary.read_text(), flush=True)
            return process.returncode == 0, dict(line.split("=", 1) for line in output.read_text().splitlines())

    def follow(self, process, title):
        """Prints the output of a step, and cancels the run at the line that the context names."""
        cancel = self.context.get("cancel", {"step": "", "line": ""})
        for line in process.stdout:
            print(line, end="", flush=True)
            if title == cancel["step"] and not self.context["cancelled"] and re.search(cancel["line"], line):
                print("the run is cancelled", flush=True)
                self.context["cancelled"] = True
                threading.Thread(target=stop_step, args=[process], daemon=True).start()

    @contextlib.contextmanager
    def token_service(self):
        """Runs GitHub's token service, whose URL every step of a job with `id-token: write` has."""
        self.token_variables = {}
        if self.body["permissions"].get("id-token") != "write":
            yield
            return
        token = json.dumps({"value": self.token()}).encode()

        class Tokens(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(token)

            def log_message(self, *_):
                pass

        with http.server.HTTPServer(("127.0.0.1", 0), Tokens) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self.token_variables = {
                "ACTIONS_ID_TOKEN_REQUEST_URL": f"http://127.0.0.1:{server.server_port}/?",
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "token",
            }
            yield
            server.shutdown()

    def token(self):
        claims = {
            "iss": "https://token.actions.githubusercontent.com",
            "aud": "sts.amazonaws.com",
            "sub": f"repo:owner@1/name@2:{self.subject()}",
        }
        # The emulator checks the claims of a token, but not its signature.
        parts = [
            base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
            for part in ({"alg": "RS256"}, claims)
        ]
        return ".".join([*parts, "signature"])

    def run_composite(self, action, inputs):
        body = yaml.safe_load((self.checkout / action.removeprefix("$/") / "action.yml").read_text())
        defaults = {name: text(declared.get("default")) for name, declared in body["inputs"].items()}
        unknown = inputs.keys() - defaults.keys()
        missing = [name for name, declared in body["inputs"].items() if declared["required"] and not inputs.get(name)]
        if unknown or missing:
            raise SystemExit(f"error: {action}: inputs unknown {unknown}, missing {missing}")
        # A composite action cannot read the repository's variables.
        visible = {"github": self.context["github"], "inputs": defaults | inputs, "steps": {}}
        context = Context(visible, failed=False, cancelled=self.context["cancelled"])
        self.run_steps(body["runs"]["steps"], context)
        outputs = {name: context.fill_in(declared["value"]) for name, declared in body.get("outputs", {}).items()}
        return not context["failed"], outputs

    def take_role(self, inputs):
        policy = {}
        if "inline-session-policy" in inputs:
            policy["Policy"] = inputs["inline-session-policy"]
            # The suite would also pass with a session for every API, so the session policy is checked here.
            allowed = json.loads(policy["Policy"])["Statement"][0]
            one_api = allowed["Action"] == "execute-api:Invoke" and re.search(r":\w+/\*$", allowed["Resource"])
            if not one_api and allowed["Action"] != "logs:FilterLogEvents":
                raise SystemExit(
                    f"error: the session is narrowed neither to one API nor to the log: {policy['Policy']}"
                )
        try:
            credentials = boto3.client("sts").assume_role_with_web_identity(
                RoleArn=inputs["role-to-assume"],
                RoleSessionName=inputs["role-session-name"],
                WebIdentityToken=self.token(),
                **policy,
            )["Credentials"]
        except botocore.exceptions.ClientError as error:
            print(f"{self.subject()} may not take {inputs['role-to-assume']}: {error}")
            return False, {}
        self.environment |= {
            "AWS_REGION": inputs["aws-region"],
            "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
            "AWS_SESSION_TOKEN": credentials["SessionToken"],
        }
        return True, {}

    def download(self, inputs):
        folders = [folder for folder in self.artifacts.glob(inputs.get("pattern", "*")) if folder.is_dir()]
        sources = [folder for folder in folders if "pattern" in inputs or id_of(folder) == inputs["artifact-ids"]]
        for source in sources:
            shutil.copytree(source, self.checkout / inputs["path"], dirs_exist_ok=True)
        if not sources:
            print("None of the provided artifact IDs were found")
        return bool(sources) or "pattern" in inputs, {}

    def upload(self, inputs):
        patterns = inputs["path"].split()
        found = [path for pattern in patterns for path in self.checkout.glob(pattern)]
        files = {file for path in found for file in [path, *path.rglob("*")] if file.is_file()}
        if not files:
            return inputs.get("if-no-files-found") != "error", {}
        target = self.artifacts / inputs["name"]
        shutil.rmtree(target, ignore_errors=True)
        # With several patterns, the root of the artifact is their common parent folder.
        root = self.checkout / os.path.commonpath([os.path.dirname(pattern) for pattern in patterns])
        for file in files:
            copy = target / file.relative_to(root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)
        repository = self.context["github"]["repository"]
        return True, {"artifact-url": f"https://github.com/{repository}/actions/runs/1/artifacts/{inputs['name']}"}

    def attest(self, inputs):
        """Leaves the file that `gh attestation verify` looks for; requires the fields of an SBOM that the action requires."""
        digest = hashlib.sha256((self.checkout / inputs["subject-path"]).read_bytes()).hexdigest()
        (pathlib.Path(self.context["responses"]) / f"attested-{digest}").touch()
        if "sbom-path" not in inputs:
            return True, {}
        bill = json.loads((self.checkout / inputs["sbom-path"]).read_text())
        return all(bill.get(field) for field in ("bomFormat", "serialNumber", "specVersion")), {}

    def check_out(self, inputs):
        print(f"checked out {inputs.get('ref') or self.context['github']['sha']}")
        return True, {}


def id_of(artifact):
    """Returns the id of an artifact: here, the SHA-256 of its only file, so that an artifact that is replaced has another id."""
    files = [file for file in artifact.rglob("*") if file.is_file()]
    return hashlib.sha256(files[0].read_bytes()).hexdigest() if len(files) == 1 else ""


def stop_step(process):
    """Stops a step as the runner does: signals the first process, and kills all others 5 seconds after that has ended."""
    for number, seconds in ((signal.SIGINT, 7.5), (signal.SIGTERM, 2.5)):
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            time.sleep(5)
            break
    subprocess.run(["pkill", "-KILL", "--session", str(process.pid)], check=False)


def use_emulator_url(value):
    """Replaces an API's URL at AWS by its URL at the emulator."""
    return INVOKE_URL.sub(rf"{os.environ['AWS_ENDPOINT_URL']}/_aws/execute-api/\1/$default", value)


def do_nothing(_job, _inputs):
    return True, {}


STAND_INS = {
    "actions/attest": Job.attest,
    "actions/checkout": Job.check_out,
    "hashicorp/setup-terraform": do_nothing,
    "taiki-e/install-action": do_nothing,
    "actions/download-artifact": Job.download,
    "actions/upload-artifact": Job.upload,
    "aws-actions/configure-aws-credentials": Job.take_role,
}

if __name__ == "__main__":
    # The end-to-end run starts its scenarios in the background, where a shell makes every process ignore INT.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(Job(sys.argv[1], sys.argv[2], json.loads(pathlib.Path(sys.argv[3]).read_text())).run())
