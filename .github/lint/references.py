"""Checks that what the workflows and actions refer to exists: jobs, steps, inputs and outputs: `references.py`.

GitHub takes a missing name in an expression as empty, and ignores an unknown input of an action. Of the outputs of steps,
those of this repository's actions are checked.
"""

import json
import pathlib
import re
import sys

import yaml

GITHUB = pathlib.Path(__file__).parent.parent
NAME = re.compile(r"\b(needs|steps|inputs|matrix)\.([\w-]+)(?:\.(\w+)(?:\.([\w-]+))?)?")
CALL = re.compile(r"\$/\.github/(workflows|actions)/([\w-]+)")
EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")

workflows = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(GITHUB.glob("workflows/*.yml"))}
actions = {path.parent.name: yaml.safe_load(path.read_text()) for path in sorted(GITHUB.glob("actions/*/action.yml"))}
findings = []


def triggers(workflow):
    # PyYAML parses the key `on` as true.
    return workflow[True] if isinstance(workflow[True], dict) else {}


def declared_inputs(workflow):
    """Returns the inputs of a workflow that another one calls, or that is started by hand."""
    forms = [triggers(workflow).get(trigger) or {} for trigger in ("workflow_call", "workflow_dispatch")]
    return {name: body for form in forms for name, body in form.get("inputs", {}).items()}


def outputs(job):
    """Returns the outputs of a job, or of the workflow that it calls."""
    called = CALL.match(job.get("uses", ""))
    return triggers(workflows[called[2]])["workflow_call"].get("outputs", {}) if called else job.get("outputs", {})


def step_outputs(steps):
    """Returns the outputs of each step with an id; none if only the step itself knows them."""
    called = {step["id"]: CALL.match(step.get("uses", "")) for step in steps if "id" in step}
    return {key: actions[call[2]].get("outputs", {}) if call else None for key, call in called.items()}


def expressions(value, key=""):
    """Yields each expression in a value; a condition is one also without braces."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from expressions(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from expressions(inner)
    elif key == "if":
        yield str(value)
    else:
        yield from EXPRESSION.findall(str(value))


def check_names(where, value, known):
    """Checks every name in the expressions of a value: `known` has, by the first word, what the second may be."""
    for text in expressions(value):
        for first, second, kind, last in NAME.findall(text):
            if second not in known[first]:
                findings.append(f"{where}: there is no {first}.{second}")
                continue
            declared = known[first][second] if first in ("needs", "steps") and kind == "outputs" else None
            if declared is not None and last not in declared:
                findings.append(f"{where}: the {'job' if first == 'needs' else 'step'} {second} has no output {last}")


def check_call(where, step):
    """Checks the inputs that a step or a job passes to an action or a workflow of this repository."""
    called = CALL.match(step.get("uses", ""))
    if not called:
        return
    declared = actions[called[2]]["inputs"] if called[1] == "actions" else declared_inputs(workflows[called[2]])
    passed = step.get("with", {})
    required = {name for name, body in declared.items() if body.get("required")}
    for name in passed.keys() - declared.keys():
        findings.append(f"{where}: {step['uses']} has no input {name}")
    for name in required - passed.keys():
        findings.append(f"{where}: {step['uses']} requires the input {name}")


for name, workflow in workflows.items():
    for key, job in workflow["jobs"].items():
        where = f"{name} / {key}"
        needs = job.get("needs", [])
        needs = [needs] if isinstance(needs, str) else needs
        findings += [f"{where}: needs {need}, which is no job" for need in needs if need not in workflow["jobs"]]
        matrix = job.get("strategy", {}).get("matrix", {})
        known = {
            "needs": {need: outputs(workflow["jobs"][need]) for need in needs if need in workflow["jobs"]},
            "steps": step_outputs(job.get("steps", [])),
            "inputs": declared_inputs(workflow),
            "matrix": set(re.findall(r"[\w-]+", json.dumps(matrix))),
        }
        check_names(where, job, known)
        for step in [job, *job.get("steps", [])]:
            check_call(where, step)

    called = triggers(workflow).get("workflow_call") or {}
    for output, body in called.get("outputs", {}).items():
        for key, inner in re.findall(r"\bjobs\.([\w-]+)\.outputs\.([\w-]+)", body["value"]):
            if inner not in outputs(workflow["jobs"].get(key, {})):
                findings.append(f"{name}: the output {output} is jobs.{key}.outputs.{inner}, which does not exist")

for name, action in actions.items():
    steps = action["runs"]["steps"]
    known = {"needs": {}, "matrix": {}, "inputs": action["inputs"], "steps": step_outputs(steps)}
    check_names(f"action {name}", [steps, action.get("outputs", {})], known)

for finding in findings:
    print(finding, file=sys.stderr)
sys.exit(bool(findings))
