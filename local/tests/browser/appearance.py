"""Checks that hold for any page: it is accessible, not wider than the screen, and neither loads nor reports anything unexpected."""

CONTRAST = '{ runOnly: ["color-contrast"] }'
ALL_ELSE = '{ rules: { "color-contrast": { enabled: false } } }'

# The name, the width, the color scheme, the medium, and the rules of axe-core. Only the contrast depends on the color
# scheme, and a narrow or printed page has the colors of the light one.
VIEWS = [
    ("light", 1280, "light", "screen", "{}"),
    ("dark", 1280, "dark", "screen", CONTRAST),
    ("narrow", 360, "light", "screen", ALL_ELSE),
]

OVERFLOW = """(() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return null;
  const isWide = (element) => element.getBoundingClientRect().right > width + 1 && !element.closest(".scroll");
  const elements = [...document.querySelectorAll("body *")].filter(isWide).slice(0, 3);
  return elements.map((element) => element.outerHTML.slice(0, 150));
})()"""

AXE = """axe.run(document, RULES).then(({ violations }) => violations.map((violation) => ({
  rule: violation.id,
  help: violation.help,
  count: violation.nodes.length,
  nodes: violation.nodes.slice(0, 3).map((node) => node.html.slice(0, 200) + " " + node.failureSummary),
})))"""


def unfold(page):
    """Opens the parts that are folded, so that they are checked as well."""
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")


def overflow(page):
    elements = page.evaluate(OVERFLOW)
    return [] if elements is None else [f"the page is wider than the screen: {elements}"]


def violations(page, axe, rules):
    """Yields the violations that axe-core finds, whose source is `axe`, with these rules."""
    page.evaluate(axe)
    for violation in page.evaluate(AXE.replace("RULES", rules)):
        nodes = "\n    ".join(violation["nodes"])
        yield f"{violation['rule']}: {violation['help']} ({violation['count']} elements)\n    {nodes}"


def unwanted_events(page, base):
    """Yields the requests to URLs that do not begin with `base`, and the errors that the page or the browser reported."""
    # With the result come the events before it.
    page.evaluate("0")
    for event in page.events:
        match event["method"], event["params"]:
            case "Network.requestWillBeSent", {"request": {"url": url}} if not url.startswith(base):
                yield f"a request is sent to {url}"
            case "Log.entryAdded", {"entry": {"level": "error" | "warning", "text": text}}:
                yield f"the browser logs: {text}"
            case "Runtime.consoleAPICalled", {"type": "error" | "warning", "args": values}:
                yield f"the page logs: {values}"
            case "Runtime.exceptionThrown", {"exceptionDetails": details}:
                yield f"the page fails: {details}"
