"""`fails_when_live.py RELAY PUBLIC_URL FOLDER`: writes a bundle that keeps the contract, except for the public API.

The bundle has the relay of the second release, changed to respond with 500 there, and the shipping bootstrap.
"""

import pathlib
import sys
import zipfile

RELAY, PUBLIC_URL, FOLDER = pathlib.Path(sys.argv[1]).read_text(), sys.argv[2], pathlib.Path(sys.argv[3])
PUBLIC_API_ID = PUBLIC_URL.split("/")[-2]


def replace_once(text, before, after):
    if text.count(before) != 1:
        raise SystemExit(f"error: the second release's relay no longer has {before!r}")
    return text.replace(before, after)


relay = replace_once(
    RELAY,
    'answer.setdefault("headers", {})["x-release"] = "second"',
    f'answer["statusCode"] = 500 if Relay.api == "{PUBLIC_API_ID}" else answer["statusCode"]',
)
relay = replace_once(
    relay,
    "        self.send_response(answer.status)\n",
    '        if self.path.endswith("/next"):\n'
    '            Relay.api = json.loads(body)["requestContext"]["apiId"]\n'
    "        self.send_response(answer.status)\n",
)

with zipfile.ZipFile(FOLDER / "second.zip") as second, zipfile.ZipFile(FOLDER / "fails_when_live.zip", "w") as released:
    entry = second.getinfo("bootstrap")
    released.writestr(entry, f"#!{sys.executable}\n{relay}")
    released.writestr(second.getinfo("service"), second.read("service"))
