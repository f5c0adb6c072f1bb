"""`page.py LOCAL AXE [NAME]…`: uses the page of the program LOCAL in a browser, as people do, and fails if it has a fault.

Each scenario of the other modules runs with its own API and its own browser. The screenshots are in target/local-page.
"""

import concurrent.futures
import os
import pathlib
import re
import sys
import traceback

import items_scenarios
import look_scenarios
import requests_scenarios
from api import Api
from appearance import unwanted_events
from chromium import Browser
from session import SCREENSHOTS, Session

MODULES = [items_scenarios, requests_scenarios, look_scenarios]

# The browser logs a response that refuses a request, and that the API has stopped, as errors.
EXPECTED = re.compile(r"a status of 4\d\d|net::ERR_(CONNECTION_REFUSED|BLOCKED_BY_CLIENT|EMPTY_RESPONSE)")


def run(scenario, program, axe):
    """Returns the problems that a scenario finds."""
    with Api(program) as api, Browser() as browser:
        problems = []
        try:
            scenario(Session(api, browser, axe))
        except Exception:  # noqa: BLE001
            log = "\n".join(api.read_log().splitlines()[-10:])
            problems.append(f"{traceback.format_exc()}the log of the API ends:\n{log}")
            for number, page in enumerate(browser.pages.values(), 1):
                page.save_screenshot(SCREENSHOTS / f"failed-{scenario.__name__}-{number}.png")
        for page in browser.pages.values():
            problems += [event for event in unwanted_events(page, f"{api.url}/") if not EXPECTED.search(event)]
        return problems


def main():
    program, axe, *names = sys.argv[1:]
    axe = pathlib.Path(axe).read_text()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for old in SCREENSHOTS.glob("*.png"):
        old.unlink()
    functions = [function for module in MODULES for function in vars(module).values()]
    scenarios = [function for function in functions if getattr(function, "is_scenario", False)]
    if unknown := set(names) - {scenario.__name__ for scenario in scenarios}:
        sys.exit(f"error: no such scenario: {', '.join(sorted(unknown))}")
    chosen = [scenario for scenario in scenarios if not names or scenario.__name__ in names]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as executor:
        outcomes = [executor.submit(run, scenario, program, axe) for scenario in chosen]
        failed = 0
        for scenario, outcome in zip(chosen, outcomes, strict=True):
            problems = outcome.result()
            print("FAIL" if problems else "pass", scenario.__name__, flush=True)
            for problem in problems:
                print(f"error: {problem}", file=sys.stderr)
            failed += bool(problems)
    sys.exit(f"error: {failed} of {len(chosen)} scenarios failed" if failed else None)


if __name__ == "__main__":
    main()
