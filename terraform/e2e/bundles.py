"""Writes three bundles: `bundles.py SHIPPING RELAY FOLDER`.

The shipping bundle, one with an extra response header, and one whose function fails.
"""

import pathlib
import shutil
import sys
import zipfile

SHIPPING, RELAY, FOLDER = (pathlib.Path(argument) for argument in sys.argv[1:])


def bundle(name, **files):
    with zipfile.ZipFile(FOLDER / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file, content in files.items():
            entry = zipfile.ZipInfo(file)
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, content)


FOLDER.mkdir(parents=True, exist_ok=True)
shutil.copy(SHIPPING, FOLDER / "first.zip")
with zipfile.ZipFile(SHIPPING) as shipping:
    bundle("second", bootstrap=f"#!{sys.executable}\n{RELAY.read_text()}", service=shipping.read("bootstrap"))
bundle("failing", bootstrap="#!/bin/sh\nexit 1\n")
