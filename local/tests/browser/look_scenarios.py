"""The look of each state of the page: accessible, and not wider than the screen, in light, in dark, and on a phone."""

from appearance import VIEWS, overflow, unfold, violations
from items_scenarios import EXACT, edit_in_two_windows, fill_and_save
from requests_scenarios import choose, select
from session import SCREENSHOTS, scenario


def look(session, page, state):
    """Checks the page in each view, and saves its screenshots."""
    problems = []
    for view, width, scheme, medium, rules in VIEWS:
        page.emulate(width, scheme, medium)
        page.save_screenshot(SCREENSHOTS / f"{state}-{view}.png")
        unfold(page)
        found = [*overflow(page), *violations(page, session.axe, rules)]
        problems += [f"{state}, {view}: {problem}" for problem in found]
    page.emulate(1280, "light")
    assert not problems, "\n".join(problems)


@scenario
def the_items_and_the_dialogs_look_right(session):
    page = session.open()
    page.emulate(1280, "light")
    page.find("region", "Items", text="There are no items yet.")
    look(session, page, "empty")
    session.api.put(id="abcdef234", price=12345, name="myitem")
    session.api.call("PUT", "/items", f'{{"id": "exact", "name": "An exact price", "price": {EXACT}}}'.encode())
    session.api.put(id="a-long-id-without-any-space-" * 4, name="A long name with many words, " * 6)
    session.api.put(id="ü 日本語 <b>", price=-0.5)
    page.click("button", "Reload")
    page.find("button", "Edit exact")
    look(session, page, "items")
    page.click("button", "New item")
    page.find("dialog", "New item")
    fill_and_save(page, Id="new", Price="abc")
    page.find("alert", text="price")
    look(session, page, "refused")
    page.press("Escape")
    page.gone("dialog")
    page.click("button", "Delete exact")
    page.find("dialog", "Delete exact")
    look(session, page, "delete")


@scenario
def a_conflict_looks_right(session):
    look(session, edit_in_two_windows(session), "conflict")


@scenario
def a_sent_and_a_selected_request_look_right(session):
    page = session.open()
    page.emulate(1280, "light")
    choose(page, "PUT /items")
    page.click("button", "Send")
    page.find("region", "Response", text="Put item")
    select(page, "PUT /items")
    look(session, page, "request")
    session.api.call("POST", "/nothing", {"some": "body"})
    select(page, "POST /nothing")
    look(session, page, "no-route")


@scenario
def a_page_without_its_api_looks_right(session):
    session.api.put(id="a")
    page = session.open()
    page.find("button", "Edit a")
    session.api.stop()
    page.click("button", "Reload")
    page.find("region", "Items", text="The items could not be loaded")
    page.find("alert", text="The API does not respond")
    look(session, page, "stopped")
