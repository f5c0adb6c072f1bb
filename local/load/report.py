"""Writes README.md with the tables, and the plots, of target/load/results.json into a folder: `report.py FOLDER`."""

import json
import math
import pathlib
import sys

import plots
from plots import describe

README = pathlib.Path(__file__).parent / "README.md"

# The marks in README.md around the tables.
BEGIN, END = "<!-- Begin of the tables: local/load/run writes them. -->", "<!-- End of the tables. -->"

# Source: "Configure Lambda function memory": 1,769 MB have the equivalent of one vCPU.
MB_PER_CORE = 1769

# The settings of terraform/variables.tf and terraform/README.md that are compared with the measurement.
MEMORY_SIZE = 256
REQUESTS, REQUEST_SECONDS = 1500, 0.010
LISTS, LIST_SECONDS = 10, 0.100
TABLE_READ_UNITS = 3000
PAGE_READ_UNITS = 256
DOLLARS_PER_READ_UNIT = 0.125e-6


def number(value):
    """Formats a number with three significant digits, and with all digits before the point."""
    if value == 0:
        return "–"
    return f"{value:,.{max(0, 2 - math.floor(math.log10(value)))}f}"


def table(header, rows):
    lines = [header, ["--", *["--:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def load_tables(loads):
    header = ["function", "clients", "requests/s", "p50, ms", "p99, ms", "p99.9, ms", "API, MB", "instance, MB"]
    header += ["API, CPU ms", "instance, CPU ms"]
    for route in dict.fromkeys(point["route"] for point in loads):
        rows = [
            [describe(point), point["clients"]]
            + [number(point[name]) for name in ["rate", "p50", "p99", "p999"]]
            + [number(value) for value in [*point["memory"], *point["cpu_ms"]]]
            for point in loads
            if point["route"] == route
        ]
        yield f"### `{route}`\n\n{table(header, rows)}"


def list_table(lists):
    header = ["function", "items", "first page, ms", "its KB", "complete list, ms", "its MB", "pages"]
    header += ["API, MB", "instance, MB", "API, CPU ms per page", "instance, CPU ms per page"]
    rows = [
        [describe(point), f"{point['items']:,}"]
        + [
            number(value)
            for value in [point["first_ms"], point["first_bytes"] / 1e3, point["ms"], point["bytes"] / 1e6]
        ]
        + [point["pages"], *map(number, [*point["memory"], *point["cpu_ms"]])]
        for point in lists
    ]
    return f"### The list\n\n{table(header, rows)}"


def max_rate(points):
    return max(point["rate"] for point in points)


def comparison(loads, lists):
    """Compares the limits on paper with the measurement."""
    counts = dict.fromkeys(point["instances"] for point in loads)
    gets = [point for point in loads if point["route"] == "GET /items/{id}"]
    within, instance, *_ = ([point for point in gets if point["instances"] == n] for n in counts)
    last, complete = instance[-1], lists[-1]
    cores = MEMORY_SIZE / MB_PER_CORE
    get, page = (point["cpu_ms"][1] for point in [instance[0], complete])
    get_seconds, page_seconds = (cpu / 1000 / cores for cpu in [get, page])
    executions = REQUESTS * get_seconds + LISTS * page_seconds
    assumed = REQUESTS * REQUEST_SECONDS + LISTS * LIST_SECONDS
    units = complete["pages"] * PAGE_READ_UNITS
    single_memory = max(point["memory"][1] for point in loads)
    return f"""### On paper and measured

| on paper | measured | so |
| -- | -- | -- |
| `GET /items/{{id}}` takes {REQUEST_SECONDS:.3f} s | {number(get)} ms of CPU time in the function | with `memory_size` {MEMORY_SIZE}, {MEMORY_SIZE}/{MB_PER_CORE:,} of a core, this is {number(get_seconds)} s; DynamoDB's time, which was not measured, comes on top |
| a page of 1 MB takes {LIST_SECONDS:.3f} s | {number(page)} ms of CPU time in the function | with the same memory {number(page_seconds)} s, and DynamoDB's time |
| concurrency: {REQUESTS:,} × {REQUEST_SECONDS:.3f} + {LISTS} × {LIST_SECONDS:.3f} = {assumed:.0f} | {REQUESTS:,} × {number(get_seconds)} + {LISTS} × {number(page_seconds)} = {number(executions)} | executions that compute at the same time; those that wait for DynamoDB are additional |
| an instance handles 1 / {REQUEST_SECONDS:.3f} = {1 / REQUEST_SECONDS:.0f} requests/s | {number(max_rate(instance))} requests/s by {describe(last)}, on cores shared with the gateway and the table | DynamoDB's time limits an instance, and its share of a core, more than the function's own work |
| a request that finds no free instance starts another one, up to the concurrency | {last["clients"]} clients in line, {describe(last)}: p50 {number(last["p50"])} ms, p99.9 {number(last["p999"])} ms | no request failed; the time is almost only the wait in line, which Lambda does not have |
| an instance has {MEMORY_SIZE} MB, and 128 is the minimum | peak {number(single_memory)} MB, and {number(complete["memory"][1])} MB after pages of 1 MB | 128 MB would also hold it, with half of the CPU; Lambda's own share of the memory is not in the figure |
| a page reads up to 1 MB, {PAGE_READ_UNITS} read units | {complete["items"]:,} items: {complete["pages"]} pages one after the other, {number(complete["bytes"] / 1e6)} MB | at most {units:,} units, ${units * DOLLARS_PER_READ_UNIT:.4f}; a table with {TABLE_READ_UNITS:,} units/s needs {number(units / TABLE_READ_UNITS)} s for one such list |
| `cargo serve` has no limits on paper | {number(max_rate(within))} `GET /items/{{id}}`/s; with {within[-1]["clients"]} clients p50 {number(within[-1]["p50"])} ms | its CPU limits it, {number(within[-1]["cpu_ms"][0])} ms for a request: one process has the gateway, the function and SQLite. This says nothing about AWS |"""


def check(results):
    """Fails if a figure is missing or not positive. Without an instance, its figures are zero."""
    for point in results["loads"] + results["lists"]:
        figures = [value for name, value in point.items() if name not in ("route", "instances", "memory", "cpu_ms")]
        figures += point["memory"][: 1 + bool(point["instances"])] + point["cpu_ms"][: 1 + bool(point["instances"])]
        if not all(value > 0 for value in figures):
            raise SystemExit(f"error: a figure is missing: {point}")


def main(folder):
    results = json.loads(pathlib.Path("target/load/results.json").read_text())
    check(results)
    loads, lists = results["loads"], results["lists"]
    method = f"Measured for {results['seconds']} s per row, on {results['machine']}."
    content = "\n\n".join([method, comparison(loads, lists), *load_tables(loads), list_table(lists)])
    before, rest = README.read_text().split(BEGIN)
    after = rest.split(END)[1]
    (folder / "README.md").write_text(f"{before}{BEGIN}\n\n{content}\n\n{END}{after}")
    plots.draw_loads(loads, folder / "load.png")
    plots.draw_lists(lists, folder / "lists.png")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
