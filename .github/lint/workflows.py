"""Checks the workflows against rules that no linter has, and the table in SETUP.md against the workflows: `workflows.py`.

A change that gives a job more permissions must also change that table, where a reviewer sees it.
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
IMAGE = re.compile(r"FROM rust:\d+\.\d+\.\d+-[a-z]+@sha256:[0-9a-f]{64}")
# Commands that forward the signals of a cancelled run, which reach only the first process of a step.
FORWARDING = re.compile(r"^\s*(tf_locked|save_plan|apply_saved_plan|forward_signals)\b", re.MULTILINE)
CHOSEN = re.compile(r"contains\(fromJSON\(needs\.changes\.outputs\.jobs\), '([\w-]+)'\)")
IMAGES = ("${{ needs.image.outputs.image }}", "${{ needs.changes.outputs.image }}")
RUNNERS = {"ubuntu-24.04", "ubuntu-24.04-arm", "macos-15", "${{ matrix.runner }}"}
STATUS = re.compile(r"\b(always|cancelled|failure|success)\(")

workflows = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(GITHUB.glob("workflows/*.yml"))}
actions = {path.parent.name: yaml.safe_load(path.read_text()) for path in sorted(GITHUB.glob("actions/*/action.yml"))}
jobs = {(name, job): body for name, workflow in workflows.items() for job, body in workflow["jobs"].items()}
findings = []


def expect(condition, finding):
    if not condition:
        findings.append(finding)


def permissions(job):
    granted = job.get("permissions")
    if not isinstance(granted, dict):
        return f"{granted}"
    return ", ".join(f"{scope}: {access}" for scope, access in granted.items())


def environment(job):
    named = job.get("environment", "")
    named = named["name"] if isinstance(named, dict) else named
    return named.replace("${{ inputs.environment }}", "as chosen")


def roles(job):
    text = f"{job.get('steps', [])} {job.get('strategy', {})}"
    return [role.lower().replace("_", "-") for role in ROLE.findall(text)]


def all_needs(name, key):
    """Returns the jobs of the same workflow that a job needs, directly or through another job."""
    needs = jobs[name, key].get("needs", [])
    found = {(name, need) for need in ([needs] if isinstance(needs, str) else needs)}
    return found.union(*(all_needs(*place) for place in found))


def call_chains(name, key):
    """Returns each chain of calls that runs a job: the job, then the jobs that call its workflow, from the inside out."""
    callers = [place for place, job in jobs.items() if job.get("uses") == f"$/.github/workflows/{name}.yml"]
    outer = [chain for caller in callers for chain in call_chains(*caller)]
    return [[(name, key), *chain] for chain in outer or [[]]]


def concurrency_groups(chain):
    groups = [jobs[place].get("concurrency") for place in chain] + [
        workflows[name].get("concurrency") for name, _ in chain
    ]
    return [group for group in groups if group]


def waits_for_approval(name, key):
    """Returns true if the job needs an approval, and no condition lets it run without one."""
    before = all_needs(name, key)
    conditions = [str(jobs[place].get("if", "")) for place in [(name, key), *before]]
    return any(environment(jobs[place]).endswith("-approval") for place in before) and not any(
        STATUS.search(condition) for condition in conditions
    )


def deploys(job):
    called = re.match(r"\$/\.github/workflows/(\w+)\.yml", job.get("uses", ""))
    inner = workflows[called[1]]["jobs"].values() if called else []
    return any(role.endswith("-apply") for role in roles(job)) or any(map(deploys, inner))


def subject(name, job):
    """Returns the subject of GitHub's token for the job, after `repo:OWNER/NAME:`."""
    if environment(job):
        return f"environment:{environment(job)}"
    # PyYAML parses the key `on` as true.
    return "pull_request" if "pull_request" in workflows[name][True] else "ref:refs/heads/main"


def table():
    """Returns the rows for SETUP.md: every job that has an environment, or may do more than read the repository."""
    rows = []
    for (name, key), job in jobs.items():
        if permissions(job) == "contents: read" and not environment(job):
            continue
        role_names = dict.fromkeys(roles(job))
        cells = (
            f"{name} / {key}",
            environment(job),
            f"`{subject(name, job)}`" if "id-token: write" in permissions(job) and "uses" not in job else "",
            ", ".join(role_names),
            permissions(job),
        )
        rows.append("| " + " | ".join(cells) + " |")
    return rows


for path in [*GITHUB.glob("workflows/*.yml"), *GITHUB.glob("actions/*/action.yml")]:
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if "uses: " in line and "uses: $/" not in line:
            expect(
                PINNED.search(line), f"{path.relative_to(ROOT)}:{number}: expected a commit with its version beside it"
            )

pins = {}
for path in [*GITHUB.glob("workflows/*.yml"), *GITHUB.glob("actions/*/action.yml")]:
    for pin in map(PINNED.search, path.read_text().splitlines()):
        if pin:
            pins.setdefault(pin["action"], set()).add((pin["commit"], pin["version"]))
for action, commits in pins.items():
    expect(len(commits) == 1, f"{action} is pinned to different commits: {commits}")

for name, workflow in workflows.items():
    expect(workflow.get("permissions") == {}, f"{name}: permissions must be empty, except in jobs")

dockerfile = (GITHUB / "build-image/Dockerfile").read_text().splitlines()
expect(IMAGE.fullmatch(dockerfile[-1]), f"build-image/Dockerfile: expected a version with its digest: {dockerfile[-1]}")

for (name, key), job in jobs.items():
    where = f"{name} / {key}"
    expect("permissions" in job, f"{where}: declares no permissions")
    in_production = environment(job) in ("production", "as chosen")
    for chain in call_chains(name, key):
        groups = concurrency_groups(chain)
        expect(
            not deploys(job) or all(group.get("cancel-in-progress") is False for group in groups),
            f"{where}: deploys, but can be cancelled half-way",
        )
        expect(
            not deploys(job) or groups or name == "rollback" or "uses" in job,
            f"{where}: deploys, but is not in a concurrency group",
        )
        expect(
            not in_production or any(waits_for_approval(*place) for place in chain),
            f"{where}: reaches production without an approval",
        )
        expect(
            not environment(job).endswith("-approval") or not groups,
            f"{where}: waits for an approval inside a concurrency group",
        )
    group = (job.get("concurrency") or {}).get("group", "")
    expect(
        not group or "matrix" not in job.get("strategy", {}) or "matrix." in group,
        f"{where}: the jobs of its matrix are in one concurrency group",
    )
    if "uses" in job:
        continue
    expect("timeout-minutes" in job, f"{where}: has no timeout")
    expect(job.get("container", IMAGES[0]) in IMAGES, f"{where}: not the image of build-image/Dockerfile")
    expect(job["runs-on"] in RUNNERS, f"{where}: unknown runner {job['runs-on']}")
    commands = [step.get("run", "") for step in job["steps"]]
    expect(
        not any(".github/scripts/suite" in command for command in commands)
        or ("id-token: write" not in permissions(job) or environment(job).endswith("-suite")),
        f"{where}: the suite could take an apply role",
    )
    expect(
        not in_production
        or (name, key) == ("release", "roll-back")
        or any("scripts/approved" in command for command in commands),
        f"{where}: can be re-run without a new approval",
    )
    logs = [step for step in job["steps"] if step.get("uses") == "$/.github/actions/suite-logs"]
    expect(
        not any(".github/scripts/suite" in command for command in commands) or logs,
        f"{where}: does not upload the suite's logs",
    )

steps = [(f"{name} / {key}", step) for (name, key), job in jobs.items() for step in job.get("steps", [])]
steps += [(f"action {name}", step) for name, action in actions.items() for step in action["runs"]["steps"]]
for where, step in steps:
    uploads = "actions/upload-artifact@" in step.get("uses", "") or step.get("uses") == "$/.github/actions/suite-logs"
    expect(
        not uploads or step.get("if") == "always()" or step["with"].get("if-no-files-found") == "error",
        f"{where}: does not upload its files when it fails",
    )
    if "run" not in step:
        continue
    command = step["run"].strip()
    expect("\n" not in command and not re.search(r"[;|&]", command), f"{where}: not a single command: {command}")
    expect("${{" not in command, f"{where}: an expression inside a command: {command}")
    words = command.split()
    program = words[1] if words[0] == "exec" else words[0]
    script = ROOT / program
    expect("/" not in program or os.access(script, os.X_OK), f"{where}: not an executable script: {program}")
    forwards = script.is_file() and script.parent.name == "scripts" and FORWARDING.search(script.read_text())
    expect(
        not forwards or words[0] == "exec",
        f"{where}: {program} would not receive the signals of a cancelled run: start it with exec",
    )

# A job that `changes` cannot choose, or that `summary` does not need, could be skipped unnoticed. A preview is not required:
# it depends on AWS.
ci = workflows["ci"]["jobs"]
summary_needs, all_jobs = set(ci["summary"]["needs"]), set(ci) - {"summary", "preview"}
expect(summary_needs == all_jobs, f"ci / summary does not need {sorted(all_jobs - summary_needs)}")
for key in set(ci) - {"changes", "summary"}:
    chosen = CHOSEN.match(ci[key].get("if", ""))
    expect(chosen and chosen[1] == key, f"ci / {key}: its condition does not begin with the choice of {key} by changes")
all_chosen = re.search(r"^all=\((.*)\)$", (GITHUB / "scripts/changes").read_text(), re.MULTILINE)[1].split()
for rule in re.findall(r"\) echo ([a-z ]+) ;;", (GITHUB / "scripts/changes").read_text()):
    unknown = sorted(set(rule.split()) - set(all_chosen))
    expect(not unknown, f"scripts/changes: a rule chooses {unknown}, which is no job")
expect(
    {*all_chosen, "workflows", "build", "changes", "summary"} == set(ci),
    "scripts/changes: `all` must have the jobs of ci.yml",
)

tools = [*GITHUB.glob("workflows/*.yml"), ROOT / "bundle/sbom"]
versions = {version for path in tools for version in re.findall(r"cargo-cyclonedx@[\d.]*", path.read_text())}
expect(len(versions) == 1, f"different versions of one tool: {sorted(versions)}")

table_in_setup = [
    line for line in (GITHUB / "SETUP.md").read_text().splitlines() if re.match(r"\| \w+ / [\w-]+ \|", line)
]
expect(
    table_in_setup == table(),
    "the table of jobs in .github/SETUP.md differs from the workflows; it should be:\n" + "\n".join(table()),
)

for finding in findings:
    print(finding, file=sys.stderr)
sys.exit(bool(findings))
