"""Holds the workflows to rules that no linter knows, and the table in SETUP.md to the workflows: `workflows.py`.

Whoever widens what a job may do changes that table too, where a reviewer sees it.
"""

import os
import pathlib
import re
import sys

import yaml

GITHUB = pathlib.Path(__file__).parent.parent
ROOT = GITHUB.parent
PINNED = re.compile(r"uses: (?P<action>[\w./-]+)@(?P<commit>[0-9a-f]{40}) # (?P<version>\S+)$")
ROLE = re.compile(r"vars\.(\w+)_ROLE")

workflows = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(GITHUB.glob("workflows/*.yml"))}
actions = {path.parent.name: yaml.safe_load(path.read_text()) for path in sorted(GITHUB.glob("actions/*/action.yml"))}
jobs = {(name, job): body for name, workflow in workflows.items() for job, body in workflow["jobs"].items()}
findings = []


def expect(holds, finding):
    if not holds:
        findings.append(finding)


def permissions(job):
    granted = job.get("permissions")
    if not isinstance(granted, dict):
        return f"{granted}"
    return ", ".join(f"{scope}: {access}" for scope, access in granted.items())


def environment(job):
    named = job.get("environment", "")
    named = named["name"] if isinstance(named, dict) else named
    return named.replace("${{ inputs.environment }}", "as typed")


def roles(job):
    text = f"{job.get('steps', [])} {job.get('strategy', {})}"
    return [role.lower().replace("_", "-") for role in ROLE.findall(text)]


def subject(name, job):
    """What GitHub's token says of the job, after `repo:OWNER/NAME:`."""
    if environment(job):
        return f"environment:{environment(job)}"
    # PyYAML takes the key `on` for true.
    return "pull_request" if "pull_request" in workflows[name][True] else "ref:refs/heads/main"


def table():
    """The rows of SETUP.md: every job that may do more than read the repository."""
    rows = []
    for (name, key), job in jobs.items():
        if permissions(job) == "contents: read":
            continue
        taken = dict.fromkeys(roles(job))
        cells = (
            f"{name} / {key}",
            environment(job),
            f"`{subject(name, job)}`" if taken else "",
            ", ".join(taken),
            permissions(job),
        )
        rows.append("| " + " | ".join(cells) + " |")
    return rows


for path in [*GITHUB.glob("workflows/*.yml"), *GITHUB.glob("actions/*/action.yml")]:
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if "uses: " in line and "uses: $/" not in line:
            expect(PINNED.search(line), f"{path.relative_to(ROOT)}:{number}: no commit with its version beside it")

pins = {}
for path in [*GITHUB.glob("workflows/*.yml"), *GITHUB.glob("actions/*/action.yml")]:
    for pin in map(PINNED.search, path.read_text().splitlines()):
        if pin:
            pins.setdefault(pin["action"], set()).add((pin["commit"], pin["version"]))
for action, commits in pins.items():
    expect(len(commits) == 1, f"{action} is pinned to different commits: {commits}")

for name, workflow in workflows.items():
    expect(workflow.get("permissions") == {}, f"{name}: a workflow grants nothing, its jobs do")

images = {job["container"] for job in jobs.values() if "container" in job}
expect(len(images) == 1, f"the build image has several names: {images}")

for (name, key), job in jobs.items():
    where = f"{name} / {key}"
    expect("permissions" in job, f"{where}: says nothing of its permissions")
    if "uses" in job:
        continue
    expect("timeout-minutes" in job, f"{where}: has no timeout")
    concurrency = job.get("concurrency", {})
    expect(
        not any(role.endswith("-apply") for role in roles(job)) or concurrency.get("cancel-in-progress") is False,
        f"{where}: deploys, and may be cancelled half-way",
    )

steps = [(f"{name} / {key}", step) for (name, key), job in jobs.items() for step in job.get("steps", [])]
steps += [(f"action {name}", step) for name, action in actions.items() for step in action["runs"]["steps"]]
for where, step in steps:
    expect(
        "actions/checkout@" not in step.get("uses", "") or step.get("with", {}).get("persist-credentials") is False,
        f"{where}: the checkout leaves the job's token behind",
    )
    if "run" not in step:
        continue
    command = step["run"].strip()
    expect("\n" not in command and not re.search(r"[;|&]", command), f"{where}: not one command: {command}")
    expect("${{" not in command, f"{where}: an expression inside a command: {command}")
    program = command.split()[0]
    expect("/" not in program or os.access(ROOT / program, os.X_OK), f"{where}: there is no script {program}")

needed, all_jobs = set(workflows["ci"]["jobs"]["summary"]["needs"]), set(workflows["ci"]["jobs"]) - {"summary"}
expect(needed == all_jobs, f"ci / summary does not need {sorted(all_jobs - needed)}")

written = [line for line in (GITHUB / "SETUP.md").read_text().splitlines() if re.match(r"\| \w+ / \w+ \|", line)]
expect(
    written == table(), "the table of jobs in .github/SETUP.md is not what the workflows say:\n" + "\n".join(table())
)

for finding in findings:
    print(finding, file=sys.stderr)
sys.exit(bool(findings))
