#!/usr/bin/env python3
"""Makes src/check/clients.tsv from caniemail's data, as the npm package `caniemail` carries it.

    npm pack caniemail@2.0.2 && tar xzf caniemail-2.0.2.tgz
    python3 tools/clients/table.py package > src/check/clients.tsv

A line is a feature: what in a mail means it, and one letter for each program of the header line,
the newest answer that was tested: y(es), p(artly), n(o), ? (not tested).
"""

import json
import re
import sys

# Titles that do not say by themselves what to look for; "" leaves a feature out.
MEANS = {
    "css-display-flex": "value display flex inline-flex",
    "css-display-grid": "value display grid inline-grid",
    "css-display-none": "value display none",
    "css-display": "",
    "css-flex-direction": "property flex-direction",
    "css-flex-wrap": "property flex-wrap",
    "css-gap": "property gap column-gap row-gap",
    "css-grid-template": "property grid-template grid-template-columns grid-template-rows grid-template-areas",
    "css-left-right-top-bottom": "property left right top bottom",
    "css-column-layout-properties": "property columns column-width column-rule column-span column-fill",
    "css-block-inline-size": "property block-size inline-size",
    "css-inline-size": "",
    "css-border-inline-block": "property border-inline border-block",
    "css-border-inline-block-individual": "property border-inline-start border-inline-end border-block-start border-block-end",
    "css-border-inline-block-longhand": "",
    "css-border-radius-logical": "property border-start-start-radius border-start-end-radius border-end-start-radius border-end-end-radius",
    "css-margin-block-start-end": "property margin-block-start margin-block-end",
    "css-margin-inline-block": "property margin-inline margin-block",
    "css-margin-inline-start-end": "property margin-inline-start margin-inline-end",
    "css-padding-block-start-end": "property padding-block-start padding-block-end",
    "css-padding-inline-block": "property padding-inline padding-block",
    "css-padding-inline-start-end": "property padding-inline-start padding-inline-end",
    "css-intrinsic-size": "word fit-content min-content max-content",
    "css-modern-color": "function lch oklch lab oklab",
    "css-sytem-ui": "word ui-serif ui-sans-serif ui-rounded ui-monospace",
    "css-variables": "function var",
    "css-unit-calc": "function calc",
    "css-unit-initial": "word initial",
    "css-font": "property font",
    "css-color-scheme": "property color-scheme",
    "css-comments": "",
    "css-important": "",
    "css-inert-attribute": "attribute inert",
    "css-nesting": "",
    "css-scroll-snap": "property scroll-snap-type scroll-snap-align",
    "css-position": "property position",
    "html-address": "element address",
    "html-align": "attribute align",
    "html-base": "element base",
    "html-body": "",
    "html-button-reset": "",
    "html-button-submit": "element button",
    "html-comments": "",
    "html-doctype": "",
    "html-form": "element form",
    "html-h1-h6": "element h1 h2 h3 h4 h5 h6",
    "html-image-maps": "element map area",
    "html-anchor-links": "anchor",
    "html-mailto-links": "",
    "html-lists": "element ul ol dl",
    "html-link": "element link",
    "html-meta-color-scheme": "",
    "html-semantics": "element article aside details figcaption figure footer header main mark nav section summary time",
    "html-srcset": "attribute srcset sizes",
    "html-svg": "element svg",
    "html-target": "attribute target",
    "image-base64": "",
    "image-hdr": "",
    "image-mp4": "format mp4",
    "image-jpg": "format jpg jpeg",
    "image-apng": "format apng",
    "image-heif": "format heif heic",
    "image-tiff": "format tiff tif",
}


def means(feature):
    """What in a mail means the feature: a kind and its names."""
    slug, title = feature["slug"], feature["title"].strip()
    if slug in MEANS:
        return MEANS[slug]
    if slug.startswith("image-"):
        return "format " + slug[len("image-"):]
    if slug.startswith("html-input"):
        return "element input" if slug == "html-input-text" else ""
    if slug.startswith("html-"):
        if match := re.fullmatch(r"<([a-z0-9]+)>( element)?", title):
            return "element " + match[1]
        if match := re.fullmatch(r"([a-z-]+) attribute", title):
            return "attribute " + match[1]
        return ""
    if match := re.fullmatch(r"([a-z-]+)\(\)", title):
        return "function " + match[1]
    if match := re.fullmatch(r"([a-z%]+) unit", title):
        return "unit " + match[1]
    if match := re.fullmatch(r"([a-z-]+)( property| CSS property)?", title):
        return "property " + match[1]
    return ""


def newest(answers):
    """The newest tested answer, as one letter."""
    dated = all(re.fullmatch(r"\d{4}-\d{2}", version) for version in answers)
    last = max(answers) if dated else list(answers)[-1]
    answer = answers[last].split()[0]
    return {"y": "y", "a": "p", "n": "n"}.get(answer, "?")


def main():
    package = sys.argv[1]
    data = json.load(open(f"{package}/data/caniemail.json", encoding="utf-8"))
    programs = sorted({
        f"{family}.{platform}"
        for feature in data["data"]
        for family, platforms in feature["stats"].items()
        for platform in platforms
    })
    print(f"# What mail programs support, made by tools/clients/table.py from the npm package")
    print(f"# caniemail {json.load(open(f'{package}/package.json'))['version']} (data of {data['last_update_date'][:10]}); https://www.caniemail.com, data by Rémi Parmentier.")
    print("# Its licence:")
    for line in open(f"{package}/LICENSE", encoding="utf-8").read().strip().splitlines():
        print(("# " + line).rstrip())
    print("#")
    print("means\t" + " ".join(programs))
    for feature in data["data"]:
        meaning = means(feature)
        if not meaning:
            continue
        letters = ""
        for program in programs:
            family, platform = program.split(".", 1)
            answers = feature["stats"].get(family, {}).get(platform)
            letters += newest(answers) if answers else "?"
        print(f"{meaning}\t{letters}")


main()
