"""Limits the generated requests to those whose response the document defines."""

import re
import zlib
from urllib.parse import unquote

import schemathesis

MAX_LENGTH = 2048

VALID_TAGS = re.compile(r'\*|(W/)?"[!#-~]*"(, (W/)?"[!#-~]*")*')


@schemathesis.hook
def map_path_parameters(_context, path_parameters):
    """Keeps a too long id too long: a gateway decodes a path twice and cuts it at "?", which could shorten the id."""
    path_id = path_parameters.get("id") if path_parameters else None
    if isinstance(path_id, str) and len(unquote(path_id)) > MAX_LENGTH:
        path_parameters["id"] = path_id.replace("%3F", "_").replace("%25", "_")
    return path_parameters


@schemathesis.hook
def map_headers(_context, headers):
    """Leaves out most valid conditions: hardly any generated tag is one of an item, so most requests would get 412."""
    for name in ("If-Match", "If-None-Match"):
        value = (headers or {}).get(name)
        if isinstance(value, str) and VALID_TAGS.fullmatch(value) and zlib.crc32(value.encode()) % 4:
            del headers[name]
    return headers
