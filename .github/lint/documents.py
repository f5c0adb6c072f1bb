"""Checks that links, anchors, files, commands and names that the documents mention exist.

usage: documents.py
"""

import itertools
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import unquote

from markdown_it import MarkdownIt

SUBCOMMANDS = {"bench", "build", "clippy", "deny", "doc", "fmt", "install", "mutants", "nextest", "run", "test"}
SUFFIXES = {".hcl", ".json", ".md", ".py", ".rs", ".sh", ".tf", ".tfvars", ".toml", ".yml"}
# The options of cargo that name a target, with the folder of its kind.
TARGETS = {"--test": "tests", "--bench": "benches", "--bin": "src/bin"}
# Names of GitHub's API, which the repository itself does not use.
GITHUB = {"branch_policy", "required_reviewers"}
# The packages behind the aliases in .cargo/config.toml.
PROGRAMS = {"serve": "local", "zip": "bundle"}


def tracked():
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], capture_output=True, text=True, check=True
    )
    return [path for path in listed.stdout.splitlines() if Path(path).is_file()]


def is_ignored(path):
    return subprocess.run(["git", "check-ignore", "--quiet", path], check=False).returncode == 0


FILES = tracked()
# The files and their folders; the same with any of the first folders left out; every word in a file that is not a document.
PATHS = set(FILES) | {str(parent) for path in FILES for parent in Path(path).parents}
SUFFIX_PATHS = {path[start:] for path in PATHS for start in [0, *(at.end() for at in re.finditer("/", path))]}
CODE = {
    word
    for path in FILES
    if not path.endswith(".md")
    for word in re.findall(r"\w+", Path(path).read_text(errors="replace"))
}
MANIFESTS = {}
for manifest in (path for path in FILES if Path(path).name == "Cargo.toml"):
    package = tomllib.loads(Path(manifest).read_text())
    if "package" in package:
        MANIFESTS[package["package"]["name"]] = (Path(manifest).parent, package)
ALIASES = tomllib.loads(Path(".cargo/config.toml").read_text())["alias"]


def slug(heading):
    """Returns the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def flat(tokens):
    for token in tokens:
        yield token
        yield from token.children or []


def anchors(tokens):
    headings = [tokens[at + 1] for at, token in enumerate(tokens) if token.type == "heading_open"]
    return {slug("".join(child.content for child in heading.children)) for heading in headings}


def wrong_link(folder, href):
    if re.match(r"[a-z]+:", href):
        return None
    path, _, anchor = unquote(href).partition("#")
    target = os.path.normpath(folder / path) if path else None
    if target and target not in PATHS:
        return f"the link {href} leads nowhere"
    if anchor and anchor not in anchors(DOCUMENTS.get(target, [])):
        return f"{target} has no heading for #{anchor}"
    return None


def wrong_target(words):
    for option, value in itertools.pairwise(words):
        if option in ("-p", "--package") and value not in MANIFESTS:
            return f"there is no package {value}"
        if option in TARGETS:
            kind = option.removeprefix("--")
            names = {entry["name"] for _, package in MANIFESTS.values() for entry in package.get(kind, [])}
            for folder, _ in MANIFESTS.values():
                entries = (folder / TARGETS[option]).glob("*")
                names |= {entry.stem for entry in entries if entry.suffix == ".rs" or (entry / "main.rs").exists()}
            if value not in names:
                return f"there is no {kind} target {value}"
    return None


def wrong_option(package, words):
    """Finds an argument that the program of a package does not take: each is a field or a variant in its main.rs."""
    source = (MANIFESTS[package][0] / "src/main.rs").read_text()
    for word in words:
        if word.startswith("--") and word not in ("--help", "--"):
            name = word.removeprefix("--").partition("=")[0]
            if not re.search(rf"\b{name.replace('-', '_')}\b", source):
                return f"{package} has no option {word}"
    return None


def wrong_command(command):
    try:
        words = shlex.split(command, comments=True)
    except ValueError:
        return None
    while words and re.match(r"\w+=", words[0]):
        words.pop(0)
    if not words:
        return None
    program, *words = words
    if program == "cargo" and words:
        if words[0] not in SUBCOMMANDS | set(ALIASES):
            return f"cargo has no command {words[0]}"
        if words[0] in PROGRAMS:
            return wrong_option(PROGRAMS[words[0]], words[1:])
        cargo, _, own = " ".join(words).partition(" -- ")
        if words[0] == "run" and own and "-p" in words:
            package = words[words.index("-p") + 1]
            return wrong_target(cargo.split()) or wrong_option(package, own.split())
        return wrong_target(cargo.split())
    if is_path(program) and program not in SUFFIX_PATHS:
        return f"there is no program {program}"
    folder = next((word.removeprefix("-chdir=") for word in words if word.startswith("-chdir=")), None)
    if folder and not Path(folder).is_dir():
        return f"there is no folder {folder}"
    return None


def commands(text):
    """Returns the commands in a console block or a code span; those within $(…) too."""
    text = text.replace("\\\n", " ")
    yield from re.findall(r"\$\(([^()]*)\)", text)
    yield from re.split(r"&&|\|\||[;|\n]", re.sub(r"\$\([^()]*\)", "", text))


def is_path(name):
    if not re.fullmatch(r"\.?\w[\w./-]*", name) or name.startswith("target/"):
        return False
    return Path(name).suffix in SUFFIXES or ("/" in name and name.split("/")[0] in PATHS)


def wrong_name(folder, name, examples):
    name = name.rstrip("/")
    if is_path(name):
        known = name in SUFFIX_PATHS or (folder / name).exists() or is_ignored(name) or is_ignored(folder / name)
        return None if known else f"there is no file {name}"
    if re.fullmatch(r"[\w:]+", name) and ("_" in name or "::" in name):
        known = CODE | GITHUB | examples
        for part in name.split("::"):
            if part not in known | SUFFIX_PATHS and not (
                part.endswith("_") and any(word.startswith(part) for word in known)
            ):
                return f"nothing is called {part}"
    return None


def mistakes(path, tokens):
    folder = Path(path).parent
    # A name in a block of the same document is explained there.
    blocks = " ".join(token.content for token in tokens if token.type == "fence")
    examples = set(re.findall(r"\w+", blocks))
    for token in flat(tokens):
        if token.type == "link_open":
            href = token.attrs["href"]
            yield wrong_link(folder, f"{Path(path).name}{href}" if href.startswith("#") else href)
        elif token.type == "fence" and token.info == "console":
            lines = re.findall(r"^\$ ((?:.*\\\n)*.*)$", token.content, re.MULTILINE)
            yield from (wrong_command(command) for line in lines for command in commands(line))
        elif token.type == "code_inline":
            yield wrong_name(folder, token.content, examples)
            yield from (wrong_command(command) for command in commands(token.content) if " " in command.strip())


DOCUMENTS = {path: MarkdownIt().enable("table").parse(Path(path).read_text()) for path in FILES if path.endswith(".md")}
checked = [(path, text) for path, tokens in DOCUMENTS.items() for text in mistakes(path, tokens)]
for path, text in dict.fromkeys(checked):
    if text:
        print(f"{path}: {text}", file=sys.stderr)
print(f"{len(DOCUMENTS)} documents were checked, with {len(checked)} links, names and commands")
sys.exit(any(text for _, text in checked))
