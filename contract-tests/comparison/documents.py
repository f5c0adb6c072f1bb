"""Writes openapi.json in the forms that some tools need."""

import copy
import json
from pathlib import Path

OPENAPI = Path(__file__).resolve().parents[2] / "docs/openapi.json"


def with_links(path):
    """Writes the document with links, which lead schemathesis from a request to the next one."""
    document = json.loads(OPENAPI.read_text())
    shared = document["components"]["responses"]

    def link(source, method, target, parameter, value):
        responses = document["paths"][source][method]["responses"]
        # A link cannot be added to a reference.
        if "$ref" in responses["200"]:
            responses["200"] = copy.deepcopy(shared[responses["200"]["$ref"].rpartition("/")[2]])
        links = responses["200"].setdefault("links", {})
        links[f"{target}-{parameter}"] = {"operationId": target, "parameters": {parameter: value}}

    for target in ("getItem", "deleteItem"):
        link("/items", "put", target, "path.id", "$request.body#/id")
    link("/items/{id}", "get", "deleteItem", "path.id", "$request.path.id")
    link("/items/{id}", "delete", "getItem", "path.id", "$request.path.id")
    link("/items", "get", "listItems", "query.exclusiveStartKey", "$response.body#/LastEvaluatedKey/id")
    link("/items", "get", "getItem", "path.id", "$response.body#/Items/0/id")
    path.write_text(json.dumps(document))


def for_openapi_fuzzer(path):
    """Writes the document with all parameters in the operations, because openapi-fuzzer does not read those of a path."""
    document = json.loads(OPENAPI.read_text())
    item_path = document["paths"]["/items/{id}"]
    shared = item_path.pop("parameters")
    for operation in item_path.values():
        operation["parameters"] = shared
    path.write_text(json.dumps(document))


def for_specmatic(path):
    """Writes the document without what makes specmatic report the original, and with examples."""
    document = json.loads(OPENAPI.read_text())
    schemas, responses = (document["components"][kind] for kind in ("schemas", "responses"))
    put, item_path = document["paths"]["/items"]["put"], document["paths"]["/items/{id}"]
    # It expects 200 whatever the condition, and does not generate a value that matches the pattern of a tag.
    del put["parameters"]
    # A GET of an empty id is a list.
    schema = {"type": "string", "maxLength": 2048}
    examples = {"ITEM": {"value": "a"}}
    item_path["parameters"] = [{"name": "id", "in": "path", "required": True, "schema": schema, "examples": examples}]
    # It does not generate values that match the pattern of an id or the alternatives of a price.
    schemas["NewId"] = schemas["Id"]
    schemas["NewItem"]["properties"]["price"] = {"type": ["number", "null"]}
    # It matches the JSON text of a string, with its quotes.
    for message in ("PutMessage", "DeletedMessage"):
        schemas[message]["pattern"] = schemas[message]["pattern"].replace("^", "^.?")
    # The example of a PUT is the item of the later GET.
    item = {"id": "a", "price": 19.9, "name": "A"}
    put["requestBody"]["content"]["application/json"]["examples"] = {"ITEM": {"value": item}}
    for name, value in (("Put", "Put item a"), ("Item", {"Item": item}), ("Deleted", "Deleted item a")):
        content = responses[name]["content"]["application/json"]
        del content["example"]
        content["examples"] = {"ITEM": {"value": value}}
    path.write_text(json.dumps(document))
