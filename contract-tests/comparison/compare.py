"""Runs public testing tools and this harness against each mutant that HTTP can reach, and counts what each tool finds.

usage: compare.py [--tool NAME]... [--mutant NAME]... [--again] [--jobs N] [--table]
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import signal
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import documents

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent
ROOT = TESTS.parent
WORK = ROOT / "target/comparison"
RESULTS = WORK / "results.jsonl"
MODULES = WORK / "npm/node_modules"
TIMEOUT = 900
ORIGINAL = "the original"
# The original is tested with each of these seeds, the mutants with the first one.
SEEDS = [1, 2, 3]
# Each response of the API has this header once, so that the proxy need not parse HTTP.
RESPONSE_MARK = b"\r\napigw-requestid: "
# The constructors in mutant.rs of the mutants that are not tested, with the reason.
UNREACHABLE = {
    "in_path": "is in front of the gateway, so it cannot be served",
    "with_fault": "needs a failing table",
    "in_history_with_faults": "needs a failing table",
}


class Tool(NamedTuple):
    name: str
    version: str
    # Returns the command and its environment variables for a URL and a seed.
    command: Callable[[str, int], tuple[list, dict]]
    # The exit code if the tool reports a bug. Any other code, except 0, means that the run did not end well.
    found: int = 1


def schemathesis(document, examples, *options):
    def command(url, seed):
        config = TESTS / "schemathesis/schemathesis.toml"
        words = [WORK / "venv/bin/schemathesis", "--config-file", config, "run", document, "--url", url, "--seed", seed]
        words += ["--max-examples", examples, "--max-failures", 1, "--generation-database", "none", *options]
        return words, {"SCHEMATHESIS_HOOKS": TESTS / "schemathesis/hooks.py"}

    return command


def openapi_fuzzer(url, _seed):
    words = [WORK / "cargo/bin/openapi-fuzzer", "run", "--spec", WORK / "openapi-fuzzer.json", "--url", url]
    return [*words, "--max-test-case-count", 1000], {}


def portman(url, _seed):
    words = ["node", MODULES / "@apideck/portman/bin/portman", "--local", documents.OPENAPI, "--baseUrl", url]
    return [*words, "--portmanConfigFile", HERE / "portman.json", "--output", "collection.json", "--runNewman"], {}


def specmatic(url, _seed):
    words = ["java", "-jar", MODULES / "specmatic/specmatic.jar", "test", f"--testBaseURL={url}"]
    # Half of its time is the compilation of its own code.
    java = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    return [*words, WORK / "specmatic.json"], {"SPECMATIC_GENERATIVE_TESTS": "true", "JAVA_TOOL_OPTIONS": java}


def harness(url, seed):
    variables = {"CONTRACT_URL": url, "CONTRACT_SEED": seed, "CONTRACT_CASES": 100, "CONTRACT_REQUIRE": "deployed"}
    variables |= {"CONTRACT_RATE": 100_000, "CONTRACT_LIST_RATE": 100_000, "CONTRACT_JOURNALS": WORK / "journals"}
    variables |= {"CONTRACT_FAILURES": WORK / "failures"}
    return [os.environ["PROPERTIES"], "deployed::"], variables


PINNED = (TESTS / "schemathesis/requirements.txt").read_text().strip().partition("==")[2]
SLOW_IS_FINE = ("--suppress-health-check", "filter_too_much,too_slow")
TOOLS = [
    Tool("openapi-fuzzer", os.environ["OPENAPI_FUZZER"], openapi_fuzzer),
    Tool("portman", os.environ["PORTMAN"], portman),
    Tool("specmatic", os.environ["SPECMATIC"], specmatic),
    Tool("schemathesis, 100 examples", PINNED, schemathesis(documents.OPENAPI, 100)),
    Tool("schemathesis, 300 examples and links", PINNED, schemathesis(WORK / "schemathesis.json", 300, *SLOW_IS_FINE)),
    Tool("this harness, 100 cases", "", harness, found=101),
]


def mutants():
    """Returns the name of each mutant, with the reason if HTTP cannot reach its bug."""
    source = (TESTS / "src/mutants/mutant.rs").read_text()
    listed = re.findall(r'\b(deterministic|exhaustive|in_\w+|with_fault)\(\s*("(?:[^"\\]|\\.)*")', source)
    return {json.loads(name): UNREACHABLE.get(kind) for kind, name in listed}


class Counter:
    """A TCP proxy that counts the responses. It changes only the port in the header Host, which the API checks."""

    def __init__(self, port):
        self.port, self.responses, self.url = port, 0, ""
        # asyncio itself keeps only weak references to its tasks.
        self.tasks = set()

    async def start(self):
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        own = server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{own}"
        # Both ports have five digits. A client sends the head of a request in one piece.
        self.hosts = [f"127.0.0.1:{port}".encode() for port in (own, self.port)]
        return server

    async def serve(self, reader, writer):
        self.tasks.add(asyncio.current_task())
        back, there = await asyncio.open_connection("127.0.0.1", self.port)
        requests = asyncio.create_task(self.forward(reader, there))
        try:
            await self.count(back, writer)
        except OSError:
            pass
        finally:
            requests.cancel()
            writer.close()
            there.close()

    async def forward(self, reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data.replace(*self.hosts))
                await writer.drain()
            writer.write_eof()
        except OSError:
            writer.close()

    async def count(self, reader, writer):
        tail = b""
        while data := await reader.read(65536):
            self.responses += (tail + data).count(RESPONSE_MARK)
            tail = (tail + data)[1 - len(RESPONSE_MARK) :]
            writer.write(data)
            await writer.drain()


async def measure(tool, mutant, seed):
    """Starts the service of this name, and runs the tool against it once."""
    folder = WORK / "runs" / re.sub(r"\W+", "-", f"{tool.name}/{mutant} {seed}".replace("/", " in "))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    program = ROOT / "target/debug"
    words = [program / "local", "--port", "0"] if mutant == ORIGINAL else [program / "contract-tests", "faulty", mutant]
    with (folder / "service.log").open("w") as log:
        service = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE, stderr=log)
    try:
        first = (await asyncio.wait_for(service.stdout.readline(), 30)).decode()
        counter = Counter(int(re.search(r"http://127\.0\.0\.1:(\d+)", first)[1]))
        proxy = await counter.start()
        words, variables = tool.command(counter.url, seed)
        environment = os.environ | {name: str(value) for name, value in variables.items()} | {"no_proxy": "127.0.0.1"}
        began = time.monotonic()
        with (folder / "tool.log").open("w") as log:
            options = {"stdout": log, "stderr": log, "cwd": folder, "env": environment}
            process = await asyncio.create_subprocess_exec(*map(str, words), **options)
        try:
            code = await asyncio.wait_for(process.wait(), TIMEOUT)
        except TimeoutError:
            code = None
        finally:
            if process.returncode is None:
                process.kill()
        seconds = round(time.monotonic() - began, 1)
        proxy.close()
    finally:
        service.terminate()
        await service.wait()
    result = {"tool": tool.name, "version": tool.version, "mutant": mutant, "seed": seed, "found": code == tool.found}
    return result | {"requests": counter.responses, "seconds": seconds, "code": code}


def read_results():
    lines = RESULTS.read_text().splitlines() if RESULTS.exists() else []
    results = [json.loads(line) for line in lines]
    return {(result["tool"], result["mutant"], result["seed"]): result for result in results}


async def run(plan, jobs):
    done = 0
    total = len(plan)

    async def worker():
        nonlocal done
        while plan:
            tool, mutant, seed = plan.pop(0)
            result = await measure(tool, mutant, seed)
            with RESULTS.open("a") as file:
                file.write(json.dumps(result) + "\n")
            done += 1
            verdict = "found" if result["found"] else "not found" if result["code"] == 0 else f"code {result['code']}"
            figures = f"{result['requests']} requests, {result['seconds']} s"
            print(f"{done} of {total}, {tool.name}, {mutant}: {verdict}, {figures}", flush=True)

    await asyncio.gather(*(worker() for _ in range(jobs)))


def table():
    """Returns the tables of the document."""
    results, reachable = read_results(), [name for name, reason in mutants().items() if not reason]
    lines = ["| tool | version | finds | requests | seconds | reports on the original |", "|---|---|--:|--:|--:|--:|"]
    for tool in TOOLS:
        runs = [results[key] for name in reachable if (key := (tool.name, name, 1)) in results]
        originals = [results[key] for seed in SEEDS if (key := (tool.name, ORIGINAL, seed)) in results]
        if not runs or not originals:
            continue
        requests, seconds = (statistics.median(run[field] for run in originals) for field in ("requests", "seconds"))
        found = f"{sum(run['found'] for run in runs)} of {len(runs)}"
        alarms = f"{sum(run['found'] for run in originals)} of {len(originals)} runs"
        lines.append(f"| {tool.name} | {tool.version} | {found} | {requests:,.0f} | {seconds:,.0f} | {alarms} |")
    lines += ["", "| mutant | " + " | ".join(tool.name for tool in TOOLS) + " |", "|---" * (len(TOOLS) + 1) + "|"]
    for name in reachable:
        cells = [results.get((tool.name, name, 1)) for tool in TOOLS]
        # A run that timed out or did not start is "?".
        shown = [
            "" if cell is None else f"{cell['requests']:,}" if cell["found"] else "-" if cell["code"] == 0 else "?"
            for cell in cells
        ]
        lines.append(f"| {name} | {' | '.join(shown)} |")
    for reason in dict.fromkeys(UNREACHABLE.values()):
        names = [name for name, why in mutants().items() if why == reason]
        lines += ["", f"Not tested, because the bug {reason} ({len(names)}):", "", *(f"- {name}" for name in names)]
    return "\n".join(lines)


def main():
    # SIGTERM, like Ctrl-C, also ends the service and the tool.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", action="append", help="a tool whose name begins so; by default, all")
    parser.add_argument("--mutant", action="append", help=f"the name of a mutant, or {ORIGINAL!r}; by default, all")
    parser.add_argument("--again", action="store_true", help="repeat the runs that have a result")
    parser.add_argument("--jobs", type=int, default=2, help="the number of runs at the same time")
    parser.add_argument("--table", action="store_true", help="only print the tables")
    arguments = parser.parse_args()
    if not arguments.table:
        documents.for_openapi_fuzzer(WORK / "openapi-fuzzer.json")
        documents.for_specmatic(WORK / "specmatic.json")
        documents.with_links(WORK / "schemathesis.json")
        services = [(ORIGINAL, seed) for seed in SEEDS]
        services += [(name, SEEDS[0]) for name, reason in mutants().items() if not reason]
        known = {} if arguments.again else read_results()
        plan = [
            (tool, mutant, seed)
            for tool in TOOLS
            if not arguments.tool or tool.name.startswith(tuple(arguments.tool))
            for mutant, seed in services
            if (not arguments.mutant or mutant in arguments.mutant) and (tool.name, mutant, seed) not in known
        ]
        asyncio.run(run(plan, arguments.jobs))
    print(table())


if __name__ == "__main__":
    main()
