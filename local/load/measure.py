"""Measures each route under load, and the lists of tables of several sizes: `measure.py PROGRAM BOOTSTRAP [--smoke]`.

The results are in target/load/results.json. A response that is not 200 or is not the expected one fails the run.
"""

import http.client
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time
import urllib.parse

from server import API_CORES, GENERATOR_CORE, Server

WORK = pathlib.Path("target/load")

# The number of items in the table under load, and of those on a small page.
ITEMS = 1000
SMALL_PAGE = 10

SMOKE = {"clients": [1, 64], "seconds": 1, "instances": [0, 2], "sizes": [10, 1000, 9000]}
FULL = {"clients": [1, 8, 64, 256], "seconds": 4, "instances": [0, 1, 4], "sizes": [10, 1000, 100_000]}
WARM_UP = "500ms"
REPETITIONS = 3

URLS = WORK / "urls"
BODY = WORK / "body.json"

# The arguments of h2load for each route.
ROUTES = {
    "GET /items/{id}": [f"--input-file={URLS}"],
    "PUT /items": ["--header=:method: PUT", "--header=content-type: application/json", f"--data={BODY}", "/items"],
    "DELETE /items/{id}": ["--header=:method: DELETE", f"--input-file={URLS}"],
    "GET /items": [f"/items?limit={SMALL_PAGE}"],
}


def item(number):
    """Returns an item that is 150 bytes as JSON."""
    text = json.dumps({"id": f"item-{number:06}", "price": number + 0.25, "name": ""})
    return text.replace('""', f'"{"n" * (150 - len(text))}"')


def write_items(count):
    path = WORK / f"{count}.jsonl"
    path.write_text("".join(f"{item(number)}\n" for number in range(count)))
    return path


def load(server, route, clients, seconds):
    """Sends requests of a route for some seconds, and returns the figures of this point."""
    log = WORK / "h2load.tsv"
    log.unlink(missing_ok=True)
    server.new_requests()
    cpu = server.cpu_seconds()
    command = ["h2load", "--h1", f"--base-uri={server.url}", f"--log-file={log}", f"--clients={clients}"]
    command += [f"--duration={seconds}", f"--warm-up-time={WARM_UP}", *ROUTES[route]]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    used = [after - before for before, after in zip(cpu, server.cpu_seconds(), strict=True)]
    # The responses of the main phase, without the warm-up: start, status and microseconds of each.
    rows = [line.split() for line in log.read_text().splitlines()]
    statuses = {int(status) for _, status, _ in rows}
    # The API's log shows the requests as they arrived, also those of the warm-up.
    arrived = server.new_requests()
    if statuses != {200} or arrived.keys() != {(200, route)} or arrived.total() < len(rows):
        raise SystemExit(f"error: {route} with {clients} clients: responses {statuses}, requests {arrived}\n{output}")
    times = sorted(int(microseconds) for *_, microseconds in rows)
    return {
        "rate": len(times) / seconds,
        **{name: percentile(times, share) for name, share in [("p50", 0.5), ("p99", 0.99), ("p999", 0.999)]},
        "cpu_ms": [cpu_seconds * 1000 / arrived.total() for cpu_seconds in used],
        "memory": server.peak_memory(),
    }


def percentile(times, share):
    """Returns the percentile in ms of sorted times in microseconds."""
    return times[min(len(times) - 1, int(len(times) * share))] / 1000


def read_list(server, first_page_only=False):
    """Reads the list as a client does, one page after the other. Returns the time, the pages, the bytes and the items."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    elapsed, pages, size, items, key = 0, 0, 0, 0, ""
    while key is not None:
        query = f"?exclusiveStartKey={urllib.parse.quote(key)}" if key else ""
        began = time.perf_counter()
        connection.request("GET", f"/items{query}")
        response = connection.getresponse()
        body = response.read()
        elapsed += time.perf_counter() - began
        if response.status != 200:
            raise SystemExit(f"error: page {pages + 1} of the list: {response.status} {body[:200]}")
        page = json.loads(body)
        pages, size, items = pages + 1, size + len(body), items + page["Count"]
        key = None if first_page_only else page.get("LastEvaluatedKey", {}).get("id")
    connection.close()
    return {"ms": elapsed * 1000, "pages": pages, "bytes": size, "items": items}


def measure_list(server, count):
    """Reads the first page and the complete list several times, and returns the medians."""
    read_list(server)
    cpu = server.cpu_seconds()
    complete = [read_list(server) for _ in range(REPETITIONS)]
    used = [after - before for before, after in zip(cpu, server.cpu_seconds(), strict=True)]
    first = [read_list(server, first_page_only=True) for _ in range(REPETITIONS)]
    if {reading["items"] for reading in complete} != {count}:
        raise SystemExit(f"error: a list of {count} items has {complete}")
    return {
        "first_ms": statistics.median(reading["ms"] for reading in first),
        "first_bytes": first[0]["bytes"],
        "ms": statistics.median(reading["ms"] for reading in complete),
        "pages": complete[0]["pages"],
        "bytes": complete[0]["bytes"],
        "cpu_ms": [cpu_seconds * 1000 / REPETITIONS / complete[0]["pages"] for cpu_seconds in used],
        "memory": server.peak_memory(),
    }


def main(program, bootstrap, *options):
    plan = SMOKE if options else FULL
    # h2load inherits it.
    os.sched_setaffinity(0, {GENERATOR_CORE})
    seed = write_items(ITEMS)
    URLS.write_text("".join(f"/items/item-{number:06}\n" for number in range(ITEMS)))
    BODY.write_text(item(ITEMS // 2))

    def start(seed, instances):
        return Server(program, seed, *(["--bootstrap", bootstrap, "--instances", str(instances)] if instances else []))

    loads, lists = [], []
    for instances in plan["instances"]:
        for route in ROUTES:
            with start(seed, instances) as server:
                for clients in plan["clients"]:
                    point = {"instances": instances, "route": route, "clients": clients}
                    loads.append(point | load(server, route, clients, plan["seconds"]))
                    print(
                        f"{route}, {instances} instances, {clients} clients: {loads[-1]['rate']:.0f} requests/s",
                        flush=True,
                    )
    for instances in plan["instances"][:2]:
        for count in plan["sizes"]:
            with start(write_items(count), instances) as server:
                lists.append({"instances": instances, "items": count} | measure_list(server, count))
                print(f"list of {count} items, {instances} instances: {lists[-1]['ms']:.0f} ms", flush=True)
    version = subprocess.run(["h2load", "--version"], check=True, capture_output=True, text=True).stdout.strip()
    machine = (
        f"{platform.machine()}: one core for {version}, and {len(API_CORES)} for the API, its table and all instances"
    )
    results = {"machine": machine, "seconds": plan["seconds"], "loads": loads, "lists": lists}
    (WORK / "results.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
