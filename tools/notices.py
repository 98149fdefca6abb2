#!/usr/bin/env python3
"""Writes THIRD-PARTY.md: every crate that the program is built from, its licence, and the files in
which the crate brings the text of that licence; and the font that is in the program.

    python3 tools/notices.py            writes the file
    python3 tools/notices.py --check    exits 1 if the file would change

A crate is in the list if Cargo.lock leads to it from `[dependencies]`, on any system. What only tests
use is left out. A test of the repository holds the list against Cargo.lock.
"""

import json
import pathlib
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOTICES = ROOT / "THIRD-PARTY.md"
NAMES = ("licen", "copying", "copyright", "notice", "unlicense")

HEAD = """\
# Third-party notices

`digest` is built from the crates below, all from crates.io. Each stays under its own licence; where there is a choice (`OR`), `digest` takes the first that is offered and that [deny.toml](deny.toml) allows.
The texts are in the packages, in the files named here: `cargo vendor` puts all of them into one folder, to be passed on with a binary.

Made by `python3 tools/notices.py` from Cargo.lock.

| Crate | Version | Licence | Files with its text | Source |
| --- | --- | --- | --- | --- |
"""

FONTS = """
## Fonts

Noto Sans Bold, cut down to Latin, Greek and Cyrillic letters, is in the program. Copyright 2010, 2012-2020 Google Inc., 2015-2020 Google LLC, under the SIL Open Font License 1.1: [src/picture/card/OFL.txt](src/picture/card/OFL.txt).
"""


def used(lock, manifest):
    """Names and versions, as Cargo.lock leads to them from the manifest's dependencies."""
    packages = {}
    for package in lock["package"]:
        packages.setdefault(package["name"], []).append(package)

    def find(edge):
        name, *rest = edge.split(" ")
        return next(one for one in packages[name] if not rest or one["version"] == rest[0])

    own = packages[manifest["package"]["name"]][0]
    roots = [edge for edge in own["dependencies"] if edge.split(" ")[0] in manifest["dependencies"]]
    found, waiting = {}, [find(edge) for edge in roots]
    while waiting:
        package = waiting.pop()
        key = (package["name"], package["version"])
        if key not in found:
            found[key] = package
            waiting.extend(find(edge) for edge in package.get("dependencies", []))
    return sorted(found)


def texts(folder):
    """The files of a package whose names say that they hold a licence."""
    names = [path.name for path in folder.iterdir() if path.name.lower().startswith(NAMES)]
    folders = [path for path in folder.iterdir() if path.is_dir() and path.name.lower() in ("licenses", "license")]
    names += [f"{one.name}/{path.name}" for one in folders for path in one.iterdir() if path.is_file()]
    return sorted(set(names) - {one.name for one in folders})


def notices():
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    manifest = tomllib.loads((ROOT / "Cargo.toml").read_text())
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    known = {(one["name"], one["version"]): one for one in metadata["packages"]}
    rows = []
    for name, version in used(lock, manifest):
        package = known[name, version]
        files = texts(pathlib.Path(package["manifest_path"]).parent)
        # Some packages leave the text to their repository.
        held = ", ".join(f"`{file}`" for file in files) or "in the repository"
        licence = package["license"] or f"see {package['license_file']}"
        source = package["repository"] or f"https://crates.io/crates/{name}"
        rows.append(f"| {name} | {version} | {licence} | {held} | {source} |\n")
    return HEAD + "".join(rows) + FONTS


def main():
    text = notices()
    if "--check" not in sys.argv:
        NOTICES.write_text(text, encoding="utf8")
    elif NOTICES.read_text(encoding="utf8") != text:
        sys.exit("THIRD-PARTY.md is not what Cargo.lock leads to: run python3 tools/notices.py")


if __name__ == "__main__":
    main()
