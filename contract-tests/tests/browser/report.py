"""`report.py AXE FILE [--text TEXT]… …`: opens reports in a headless browser, and fails if one of them has a problem.

Each report is opened on a wide screen in light and in dark, on a narrow screen, and as if it was printed. There it must
have no violation that axe-core finds, request nothing else, report no error, and not be wider than the screen. Each
TEXT must be visible on the wide screen in the FILE before it. The screenshots and the PDF are saved next to the report.
"""

import base64
import concurrent.futures
import os
import pathlib
import sys

from appearance import ALL_ELSE, VIEWS, overflow, unfold, unwanted_events, violations
from chromium import Browser

PRINTED = ("print", 800, "light", "print", ALL_ELSE)


def check(page, axe, file, texts):
    """Returns the problems of a report, and saves its screenshots."""
    url = file.as_uri()
    problems = []
    for name, width, scheme, medium, rules in [*VIEWS, PRINTED]:
        page.emulate(width, scheme, medium)
        page.open(url)
        found = []
        if name == "light":
            visible = normal(page.text())
            found += [f"the text {text!r} is not visible" for text in texts if normal(text) not in visible]
        found += overflow(page)
        page.save_screenshot(file.with_name(f"{file.stem}-{name}.png"))
        unfold(page)
        found += [*overflow(page), *violations(page, axe, rules), *unwanted_events(page, url)]
        problems += [f"{file.name}, {name}: {problem}" for problem in found]
    page.call("Emulation.clearDeviceMetricsOverride")
    page.call("Emulation.setEmulatedMedia", media="")
    page.open(url)
    pdf = page.call("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"]
    file.with_name(f"{file.stem}.pdf").write_bytes(base64.b64decode(pdf))
    return problems


def normal(text):
    return " ".join(text.split())


def parse(arguments):
    """Returns the files, each with the texts that it must show."""
    files = []
    arguments = iter(arguments)
    for argument in arguments:
        if argument != "--text":
            files.append((pathlib.Path(argument).resolve(strict=True), []))
        elif files and (text := next(arguments, None)):
            files[-1][1].append(text)
        else:
            sys.exit("error: --text needs a file before it, and a text after it")
    return files


def main():
    axe_path, *arguments = sys.argv[1:]
    files = parse(arguments)
    if not files:
        sys.exit("usage: run FILE [--text TEXT]… [FILE [--text TEXT]…]…")
    axe = pathlib.Path(axe_path).read_text()

    def check_file(file_and_texts):
        with Browser() as browser:
            return check(browser.new_page(), axe, *file_and_texts)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as executor:
        problems = list(executor.map(check_file, files))
    for (file, _), found in zip(files, problems, strict=True):
        print(f"{file}: {len(found)} problems")
    sys.exit("\n".join(f"error: {problem}" for found in problems for problem in found) or None)


if __name__ == "__main__":
    main()
