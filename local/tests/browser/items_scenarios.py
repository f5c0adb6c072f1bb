"""The scenarios of the table of items and its dialogs."""

import json
import pathlib
import tempfile

from api import Api
from session import scenario

EXACT = "12345678901234567890.12345678"

# Texts that a page which treats them as markup would execute, or replace.
MARKUP = [
    "<img src=x onerror=window.attacked=1>",
    '"><script>window.attacked=1</script>',
    "</script><script>window.attacked=1</script>",
    "{{token}}",
]


def stored(api, item_id="a"):
    """Returns the JSON of the item; none if it does not exist."""
    response = api.call("GET", f"/items/{item_id}")
    return response.text if response.status == 200 else None


def tab_to(page, role, name):
    """Presses Tab until this element has the focus."""
    for _ in range(30):
        page.press("Tab")
        if page.focus() == (role, name):
            return
    raise AssertionError(f"Tab does not lead to the {role} {name!r}")


def fill_and_save(page, **fields):
    for name, text in fields.items():
        page.fill(name, text)
    page.click("button", "Save")


@scenario
def an_item_is_created_changed_and_deleted_by_keyboard(session):
    page = session.open()
    page.find("region", "Items", text="There are no items yet.")

    tab_to(page, "button", "New item")
    page.press("Enter")
    page.has_focus("textbox", "Id")
    page.type("thrown away")
    page.press("Escape")
    page.gone("dialog")
    page.has_focus("button", "New item")

    page.press("Enter")
    page.has_focus("textbox", "Id")
    assert page.find("textbox", "Id").get("this.value") == "", "a dialog that was cancelled keeps its text"
    page.type("a")
    tab_to(page, "textbox", "Name")
    page.type("first")
    tab_to(page, "textbox", "Price")
    page.type(EXACT)
    page.press("Enter")
    page.find("row", text=EXACT)
    page.find("status", text="Saved item a.")
    page.has_focus("button", "New item")
    assert stored(session.api) == f'{{"Item":{{"id":"a","price":{EXACT},"name":"first"}}}}', stored(session.api)

    tab_to(page, "button", "Edit a")
    page.press("Enter")
    page.find("dialog", "Edit a")
    page.press("Escape")
    page.gone("dialog")
    page.has_focus("button", "Edit a")
    page.press("Enter")
    page.has_focus("textbox", "Name")
    page.type("second")
    tab_to(page, "button", "Save")
    page.press("Enter")
    page.find("row", text="second")
    # The price has more digits than a number of JavaScript.
    assert stored(session.api) == f'{{"Item":{{"id":"a","price":{EXACT},"name":"second"}}}}', stored(session.api)
    page.has_focus("button", "Edit a")

    tab_to(page, "button", "Delete a")
    page.press("Enter")
    page.find("dialog", "Delete a", text="second")
    tab_to(page, "button", "Cancel")
    page.press("Enter")
    page.has_focus("button", "Delete a")
    assert stored(session.api)
    page.press("Enter")
    page.find("dialog", "Delete a")
    tab_to(page, "button", "Delete")
    page.press("Enter")
    page.find("status", text="Deleted item a.")
    page.find("region", "Items", text="There are no items yet.")
    assert not stored(session.api)
    assert page.focus()[0] != "RootWebArea", "the focus is lost after the deletion"


@scenario
def an_item_without_name_and_price_is_created_and_the_id_cannot_be_edited(session):
    page = session.open()
    page.click("button", "New item")
    fill_and_save(page, Id="a")
    page.click("button", "Edit a")
    assert stored(session.api) == '{"Item":{"id":"a"}}', stored(session.api)
    fill_and_save(page, Id="b", Price="1e2")
    page.find("status", text="Saved item a.")
    page.find("row", text="100")
    assert stored(session.api) == '{"Item":{"id":"a","price":100}}', stored(session.api)
    # An empty field removes the attribute.
    page.click("button", "Edit a")
    fill_and_save(page, Price="")
    page.gone("dialog")
    assert stored(session.api) == '{"Item":{"id":"a"}}', stored(session.api)


@scenario
def a_refused_item_shows_the_message_of_the_api_and_keeps_the_typed_values(session):
    page = session.open()
    page.click("button", "New item")
    for typed in [
        {"Id": "a", "Name": "some name", "Price": "abc"},
        {"Id": "", "Name": "some name", "Price": "1"},
        {"Id": "a", "Name": "some name", "Price": "1" * 39},
    ]:
        fill_and_save(page, **typed)
        # An empty field is left out.
        item = {"id": typed["Id"], "name": typed["Name"]} if typed["Id"] else {"name": typed["Name"]}
        price = typed["Price"] if typed["Price"].isdigit() else json.dumps(typed["Price"])
        body = f'{json.dumps(item)[:-1]}, "price": {price}}}'
        message = json.loads(session.api.call("PUT", "/items", body.encode()).text)["message"]
        page.find("alert", text=message)
        values = {label: page.find("textbox", label).get("this.value") for label in typed}
        assert values == typed, values
    fill_and_save(page, Price="2")
    page.gone("dialog")
    assert stored(session.api) == '{"Item":{"id":"a","price":2,"name":"some name"}}', stored(session.api)


@scenario
def an_existing_id_is_not_overwritten_by_a_new_item(session):
    session.api.put(id="a", name="old")
    page = session.open()
    page.click("button", "New item")
    fill_and_save(page, Id="a", Name="new")
    alert = page.find("alert", text="There is already an item with this id.")
    assert "old" in alert.text() and "new" in alert.text(), alert.text()
    assert '"old"' in stored(session.api)
    page.press("Escape")
    page.gone("dialog")
    assert '"old"' in stored(session.api)


def edit_in_two_windows(session):
    """Returns the second of two windows that edit one item, after the first one saved, and this one was refused."""
    session.api.put(id="a", name="old", price=1)
    first, second = session.open(), session.open()
    for page in [first, second]:
        page.click("button", "Edit a")
        page.find("dialog", "Edit a")
    fill_and_save(first, Name="of the first", Price="10.50")
    first.gone("dialog")
    fill_and_save(second, Name="of the second")
    alert = second.find("alert", text="Another client has changed this item since you opened it.")
    for text in ["of the first", "10.5", "of the second"]:
        assert text in alert.text(), f"the conflict does not show {text!r}: {alert.text()}"
    assert "of the first" in stored(session.api)
    return second


@scenario
def two_windows_cannot_overwrite_each_other_and_the_second_may_keep_its_values(session):
    second = edit_in_two_windows(session)
    second.click("button", "Keep my values")
    assert "of the first" in stored(session.api)
    second.click("button", "Save")
    second.gone("dialog")
    second.find("row", text="of the second")
    assert stored(session.api) == '{"Item":{"id":"a","price":1,"name":"of the second"}}', stored(session.api)


@scenario
def the_second_window_may_use_the_stored_values(session):
    second = edit_in_two_windows(session)
    second.click("button", "Use the stored values")
    second.wait_until("!document.querySelector('[role=alert] table')")
    values = {label: second.find("textbox", label).get("this.value") for label in ["Id", "Name", "Price"]}
    assert values == {"Id": "a", "Name": "of the first", "Price": "10.5"}, values
    fill_and_save(second, Price="11")
    second.gone("dialog")
    assert stored(session.api) == '{"Item":{"id":"a","price":11,"name":"of the first"}}', stored(session.api)


@scenario
def a_second_conflict_is_shown_again(session):
    second = edit_in_two_windows(session)
    second.click("button", "Keep my values")
    session.api.put(id="a", name="of a third client")
    second.click("button", "Save")
    second.find("alert", text="of a third client")
    assert "of a third client" in stored(session.api)


@scenario
def an_item_that_is_deleted_during_an_edit_comes_back_only_on_request(session):
    session.api.put(id="a", name="old")
    first, second = session.open(), session.open()
    second.click("button", "Edit a")
    second.find("dialog", "Edit a")
    first.click("button", "Delete a")
    first.find("dialog", "Delete a")
    first.click("button", "Delete")
    first.gone("dialog")
    fill_and_save(second, Name="mine")
    second.find("alert", text="Another client has deleted this item since you opened it.")
    assert not stored(session.api)
    second.click("button", "Create it again")
    second.click("button", "Save")
    second.gone("dialog")
    assert stored(session.api) == '{"Item":{"id":"a","name":"mine"}}', stored(session.api)


@scenario
def an_item_that_was_changed_is_not_deleted_before_the_user_saw_the_change(session):
    session.api.put(id="a", name="old")
    page = session.open()
    page.click("button", "Delete a")
    page.find("dialog", "Delete a", text="old")
    session.api.put(id="a", name="changed")
    page.click("button", "Delete")
    page.find("dialog", "Delete a", text="changed")
    assert stored(session.api)
    page.click("button", "Delete")
    page.gone("dialog")
    assert not stored(session.api)


@scenario
def markup_in_an_item_is_shown_as_text(session):
    # An id has no slash.
    items = [(text.replace("/", "|"), text) for text in MARKUP]
    for item_id, name in items:
        session.api.put(id=item_id, name=name)
    page = session.open()
    for item_id, name in items:
        page.find("row", text=f"{item_id}\t{name}")
        page.click("button", f"Edit {item_id}")
        page.find("dialog", f"Edit {item_id}")
        assert page.find("textbox", "Name").get("this.value") == name
        session.api.put(id=item_id, name=f"{name} changed")
        page.click("button", "Save")
        page.find("alert", text=f"{name} changed")
        page.click("button", "Use the stored values")
        page.click("button", "Save")
        page.find("status", text=f"Saved item {item_id}.")
        page.click("button", f"Delete {item_id}")
        page.find("dialog", f"Delete {item_id}")
        page.press("Escape")
        page.gone("dialog")
    is_harmless(page)


def is_harmless(page):
    """Checks that no text became an element or a script."""
    assert page.evaluate("window.attacked") is None, "the page executed a text"
    assert page.evaluate("document.querySelectorAll('img, script, iframe').length") == 1, "a text became an element"


@scenario
def the_table_continues_and_follows_other_clients(session):
    # The response to a list of items has at most 1 MB of the table.
    for number in range(6):
        session.api.put(id=f"item {number}", name="n" * 300_000)
    page = session.open()
    page.find("button", "Load more")
    while page.root().find_all("button", "Load more"):
        count = page.evaluate("document.querySelectorAll('tbody tr').length")
        assert count < 6, "all items are shown, and there are more"
        page.click("button", "Load more")
        page.wait_until(f"document.querySelectorAll('tbody tr').length > {count}")
    for number in range(6):
        page.find("button", f"Edit item {number}")
    session.api.put(id="from outside")
    page.find("button", "Edit from outside")


@scenario
def the_saved_lines_are_the_items_and_seed_another_api(session):
    session.api.call("PUT", "/items", f'{{"id": "exact", "name": "\u2028", "price": {EXACT}}}'.encode())
    session.api.put(id="a")
    page = session.open()
    with tempfile.TemporaryDirectory() as folder:
        session.browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=folder)
        page.click("link", "Download as JSON lines")
        saved = pathlib.Path(folder, "items.jsonl")
        page.until(saved.exists, "the saved file")
        assert len(saved.read_text().split("\n")) == 3, saved.read_text()
        with Api(session.api.command[0], "--seed", str(saved)) as seeded:
            assert seeded.call("GET", "/items").text == session.api.call("GET", "/items").text


@scenario
def a_table_that_cannot_be_loaded_says_why_and_may_be_tried_again(session):
    session.api.put(id="a")
    page = session.open()
    page.find("button", "Edit a")
    page.call("Network.setBlockedURLs", urls=[f"{session.api.url}/items*"])
    page.click("button", "Reload")
    page.find("region", "Items", text="The items could not be loaded")
    page.call("Network.setBlockedURLs", urls=[])
    page.click("button", "Try again")
    page.find("region", "Items", text="1 item.")
