"""The scenarios of the form that sends a request, and of the list of requests with their paths."""

import json
import pathlib
import re
import subprocess

from appearance import unfold
from items_scenarios import MARKUP, is_harmless
from session import scenario

OPENAPI = json.loads(pathlib.Path("docs/openapi.json").read_text())
OPERATIONS = [
    (method.upper(), path, operation["operationId"])
    for path, methods in OPENAPI["paths"].items()
    for method, operation in methods.items()
    if method != "parameters"
]
# A part of the response to each operation. DELETE is the last one in the document, so the item exists until then.
ANSWERS = {
    "putItem": '"Put item abcdef234"',
    "listItems": '"Items"',
    "getItem": '"Item"',
    "deleteItem": '"Deleted item abcdef234"',
}
EVENT = "2. The event that the function received"


def choose(page, operation):
    """Selects the operation, such as `PUT /items`, with the keyboard."""
    page.find("combobox", "Operation", text=operation).get("this.focus()")
    page.press("Home")
    while not page.evaluate("document.activeElement.selectedOptions[0].text").startswith(operation):
        before = page.evaluate("document.activeElement.selectedIndex")
        page.press("ArrowDown")
        assert page.evaluate("document.activeElement.selectedIndex") > before, f"there is no option {operation}"


def request_button(page, text):
    return page.find("button", text=text)


def select(page, text):
    """Selects the request whose button has this text, and waits for its path."""

    def click():
        request_button(page, text).click()
        return True

    page.until(click, f"a request {text!r}")
    path = re.sub(r"^\d+ ", "", text)

    def shown():
        titles = [heading.text() for heading in page.root().find_all("heading")]
        [title] = [title for title in titles if title.startswith("Request ")] or [None]
        region = page.root().only("region", title)
        return region if path in region.text() else None

    region = page.until(shown, f"the path of {text!r}")
    unfold(page)
    return region


def json_of(page, title):
    return json.loads(page.find("region", title).text())


def copied(page, name):
    # The text of an earlier copy is not the result of this one.
    page.evaluate("document.getElementById('status').replaceChildren()")
    page.click("button", f"Copy as {name}")
    page.find("status", text="Copied")
    return page.evaluate("navigator.clipboard.readText()")


def allow_clipboard(session):
    permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"]
    session.browser.call("Browser.grantPermissions", origin=session.api.url, permissions=permissions)


@scenario
def every_operation_of_the_document_can_be_sent(session):
    session.api.put(id="abcdef234")
    page = session.open()
    page.until(lambda: len(page.root().find_all("option")) == len(OPERATIONS), f"{len(OPERATIONS)} operations")
    for method, path, operation_id in OPERATIONS:
        choose(page, f"{method} {path}")
        if "{id}" in path:
            page.fill("id", "abcdef234")
        page.click("button", "Send")
        assert "\n200 OK, " in page.find("region", "Response", text=ANSWERS[operation_id]).text()
    assert session.api.call("GET", "/items/abcdef234").status == 404


@scenario
def a_request_with_parameters_and_a_refused_one_show_the_response(session):
    session.api.put(id="a b+ü", name="n")
    page = session.open()
    choose(page, "GET /items/{id}")
    page.fill("id", "a b+ü")
    page.click("button", "Send")
    response = page.find("region", "Response", text='"a b+ü"').text().lower()
    assert "200" in response and "etag" in response and "apigw-requestid" in response, response

    choose(page, "GET /items")
    page.fill("limit", "0")
    page.click("button", "Send")
    message = json.loads(session.api.call("GET", "/items?limit=0").text)["message"]
    page.find("region", "Response", text=message)

    choose(page, "PUT /items")
    body = '{"id": "a", "price": "abc"}'
    page.fill("Body", body)
    page.click("button", "Send")
    message = json.loads(session.api.call("PUT", "/items", body.encode()).text)["message"]
    page.find("region", "Response", text=message)
    # As in the contract, and with every digit.
    page.fill("Body", '{"id": "a", "price": 12345678901234567890.12345678}')
    page.click("button", "Send")
    page.find("region", "Response", text="Put item a")
    assert "12345678901234567890.12345678" in session.api.call("GET", "/items/a").text


@scenario
def the_path_of_a_request_shows_every_part(session):
    page = session.open()
    page.find("region", "Items", text="There are no items yet.")
    body = '{"id": "a", "name": "it\'s \\"ü\\"", "price": 12345678901234567890.12345678}'
    response = session.api.call("PUT", "/items", body.encode(), {"X-Test": "7", "Content-Type": "application/json"})
    request_id = response.headers["Apigw-Requestid"]
    # The request appears without a click.
    detail = select(page, "PUT /items").text()

    page.find("region", "The headers of the request", text="x-test: 7")
    page.find("region", "The body of the request", text="12345678901234567890.12345678")
    event = json_of(page, EVENT)
    assert event["routeKey"] == "PUT /items" and event["version"] == "2.0", event
    assert event["body"] == body and event["headers"]["x-test"] == "7", event
    assert event["requestContext"]["requestId"] == request_id, event
    assert re.search(r"PutItem\b.*\b200\b.*[\d.]+ ms", detail), detail
    reply = json_of(page, "4. The reply of the function")
    assert reply["statusCode"] == 200 and json.loads(reply["body"]) == "Put item a", reply
    line = json_of(page, "5. The log line")
    values = [line[name] for name in ["requestId", "route", "status", "dynamodbAttempts"]]
    assert values == [request_id, "PUT /items", 200, 1], line
    page.find("region", "The headers of the response", text=f"apigw-requestid: {request_id}")
    page.find("region", "The body of the response", text='"Put item a"')
    stations = page.evaluate("[...document.querySelectorAll('ol.path li')].map((station) => station.innerText)")
    names = [station.split()[0] for station in stations]
    assert names == ["Client", "Gateway", "Function", "DynamoDB"], stations
    assert all("ms" in station for station in stations), stations

    session.api.call("GET", "/items/a")
    assert re.search(r"GetItem\b.*\b200\b.*[\d.]+ ms", select(page, "GET /items/a").text())
    # The table shows the item of the other client.
    page.find("button", "Edit a")
    assert "_local" not in page.find("list", text="GET /items/a").text()


@scenario
def a_request_without_a_route_is_shown_too(session):
    page = session.open()
    response = session.api.call("POST", "/nothing", {"a": 1})
    assert response.status == 404
    detail = select(page, "404 POST /nothing").text()
    assert "Not Found" in detail and response.headers["Apigw-Requestid"] in detail, detail
    assert not page.root().find_all("region", EVENT), "there is an event of a request that the function did not get"


@scenario
def the_copied_command_sends_the_same_request(session):
    allow_clipboard(session)
    page = session.open()
    session.api.put(id="it's [1]{2}")
    for method, target, body, headers in [
        ("PUT", "/items", """{"id": "it's", "name": "$HOME `id` \\\\ \\" !x\\n@y"}""", {"Content-Type": "text/plain"}),
        ("PUT", "/items?x=%5B1%5D&y=[1-3]{a,b}", '@{"id"}', {}),
        ("PUT", "/items", '{"id": "a"}', {"If-Match": '"no tag"', "X-Empty": ""}),
        ("PUT", "/items", b'{"id": "\xff\x00"}', {"Content-Type": "application/json"}),
        ("GET", "/items/it's%20%5B1%5D%7B2%7D", None, {}),
        ("HEAD", "/items", None, {}),
        ("POST", "/nothing/../x", "", {}),
        ("DELETE", "/items/not%2Fthere", None, {}),
    ]:
        data = body.encode() if isinstance(body, str) else body
        page.click("button", "Clear the list")
        response = session.api.call(method, target, data, headers)
        select(page, f"{response.status} {method} {target}")
        first = json_of(page, EVENT) if page.root().find_all("region", EVENT) else {}
        command = copied(page, "curl")
        if first:
            assert json.loads(copied(page, "event")) == first
        page.click("button", "Clear the list")
        printed = subprocess.check_output(["bash", "-c", f"{command} --silent --show-error"], timeout=30)
        assert printed.split()[1:2] == [str(response.status).encode()], (command, printed)
        select(page, f"{response.status} {method} {target}")
        second = json_of(page, EVENT) if page.root().find_all("region", EVENT) else {}
        same = ["routeKey", "rawPath", "rawQueryString", "body", "isBase64Encoded"]
        assert [first.get(name) for name in same] == [second.get(name) for name in same], (command, first, second)
        own = {"accept", "accept-encoding", "user-agent", "host", "x-amzn-trace-id", "content-length"}
        sent = [{n: v for n, v in event.get("headers", {}).items() if n not in own} for event in [first, second]]
        assert sent[0] == sent[1], (command, sent)


@scenario
def the_list_can_be_cleared_and_a_chosen_request_stays(session):
    page = session.open()
    session.api.put(id="a")
    select(page, "PUT /items")
    session.api.call("GET", "/items/later")
    request_button(page, "404 GET /items/later")
    current = page.evaluate("document.querySelector('[aria-current=true]').innerText")
    assert "PUT /items" in current, f"a newer request replaced the chosen one: {current}"
    page.click("button", "Clear the list")
    page.find("region", "Requests", text="No requests to show.")
    session.api.call("GET", "/items/after-that")
    request_button(page, "404 GET /items/after-that")
    listed = page.find("list", text="GET /items/after-that").text()
    assert "GET /items/later" not in listed, listed
    assert "PUT /items" not in listed, listed


@scenario
def markup_in_a_request_is_shown_as_text(session):
    page = session.open()
    for text in MARKUP:
        choose(page, "PUT /items")
        page.fill("Body", json.dumps({"id": text.replace("/", "|"), "name": text}))
        page.click("button", "Send")
        page.find("region", "Response", text="Put item")
        choose(page, "GET /items/{id}")
        page.fill("id", text.replace("/", "|"))
        page.click("button", "Send")
        page.find("region", "Response", text=f'"name": {json.dumps(text)}')
        page.click("button", "Clear the list")
        query = "".join(f"%{byte:02x}" for byte in text.encode())
        session.api.call("PUT", f"/items?q={query}", {"id": "a", "name": text}, {"X-Markup": text})
        detail = select(page, "PUT /items?q=").text()
        assert f"x-markup: {text}" in detail and f'"name": {json.dumps(text)}' in detail, detail
        assert json_of(page, EVENT)["headers"]["x-markup"] == text
    is_harmless(page)


@scenario
def the_page_says_that_the_api_stopped_and_continues_with_the_next_one(session):
    page, other = session.open(), session.open()
    session.api.put(id="a")
    for window in [page, other]:
        request_button(window, "PUT /items")
    port = session.api.port
    session.api.stop()
    for window in [page, other]:
        window.find("alert", text="The API does not respond")
    session.api.start(port)
    for window in [page, other]:
        window.until(lambda window=window: "The API does not respond" not in window.text(), "a page that continues")
    session.api.put(id="of the next run")
    for window in [page, other]:
        window.find("button", "Edit of the next run")
        request_button(window, "PUT /items")
    select(page, "PUT /items")
    assert json_of(page, EVENT)["routeKey"] == "PUT /items"
