"""The surroundings of a scenario: an API, a browser, and axe-core."""

import pathlib

# A click on a page that still moves could miss its target.
IS_COMPLETE = """document.getElementById("about").textContent && document.querySelector("option")
  && !document.getElementById("items-message").textContent.startsWith("Loading")"""

SCREENSHOTS = pathlib.Path("target/local-page")


class Session:
    """An API with its page, the browser that shows it, and the source of axe-core."""

    def __init__(self, api, browser, axe):
        self.api = api
        self.browser = browser
        self.axe = axe

    def open(self):
        """Opens the page in a new window, and waits until it is complete."""
        page = self.browser.new_page()
        page.open(f"{self.api.url}/_local")
        page.wait_until(IS_COMPLETE)
        return page


def scenario(function):
    """Marks a function as a scenario, which page.py runs with a session of its own."""
    function.is_scenario = True
    return function
