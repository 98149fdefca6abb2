"""The equal content as the peers read it: the publication in content/ -> one JSON file.

Reads the little Markdown that the content uses (paragraphs, links, bold, one fenced passage in
another language), so that the words of all four contestants are the same by construction.
"""

import html
import json
import pathlib
import re
import struct
import tomllib

WIDTHS = {False: 552, True: 268}


def inline(text):
    text = html.escape(text, quote=False).replace("'", "’")
    text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)
    return re.sub(r"\[(.+?)\]\((.+?)\)", r'<a href="\2" style="color:#114499">\1</a>', text)


def size(path):
    """Width and height of a PNG or JPEG."""
    data = path.read_bytes()
    if data[:4] == b"\x89PNG":
        return struct.unpack(">II", data[16:24])
    at = 2
    while True:
        marker, length = struct.unpack(">HH", data[at : at + 4])
        if marker in (0xFFC0, 0xFFC1, 0xFFC2):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + length


def day(date):
    return f"{date.day} {date:%B %Y}"


def article(folder, slug, base, columns):
    import datetime

    _, front, body = (folder / f"{slug}.md").read_text().split("---\n", 2)
    front = dict(line.split(": ", 1) for line in front.strip().splitlines())
    width, height = size(folder / front["image"])
    shown = WIDTHS[columns]
    parts, lang = [], None
    for block in body.strip().split("\n\n"):
        if opened := re.match(r"::: \{lang=(\w+)\}\n", block):
            lang, block = opened[1], block[opened.end() :]
        closes = block.endswith("\n:::")
        text = " ".join(block.removesuffix("\n:::").splitlines())
        parts.append({"html": inline(text), "lang": lang})
        lang = None if closes else lang
    return {
        "slug": slug,
        "title": front["title"],
        "byline": f"{front['author']} · {day(datetime.date.fromisoformat(front['date']))}",
        "image": {
            "src": f"{base}/issues/{folder.name}/{front['image']}",
            "alt": front["alt"],
            "width": shown,
            "height": -(-height * shown // width),
            "caption": front["caption"],
        },
        "body": parts,
    }


def read(publication, name):
    told = tomllib.loads((publication / "digest.toml").read_text())
    about = told["publication"]
    folder = publication / "issues" / name
    issue = tomllib.loads((folder / "issue.toml").read_text())
    sections = []
    for section in issue["section"]:
        columns = section.get("layout") == "columns"
        articles = [article(folder, slug, about["base_url"], columns) for slug in section["articles"]]
        rows = [articles[at : at + 2] for at in range(0, len(articles), 2)]
        sections.append({"heading": section["heading"], "columns": columns, "articles": articles, "rows": rows})
    return {
        "name": about["name"],
        "organization": about["organization"],
        "address": about["postal_address"],
        "why": told["theme"]["footer"],
        # A link as long as one that names a reader.
        "unsubscribe": f"{about['base_url']}/unsubscribe/AWhyv7k0a-D-zVTc7sAwadtyZWFkZXJAZXhhbXBsZS5vcmc",
        "title": issue["title"],
        "preheader": issue["preheader"],
        "dateline": f"No. {issue['number']} · {day(issue['date'])}",
        "intro": [inline(text.replace("\n", " ")) for text in issue["intro"].strip().split("\n\n")],
        "contents": [{"slug": it["slug"], "title": it["title"]} for part in sections for it in part["articles"]],
        "sections": sections,
    }


def write(publication, name, path: pathlib.Path):
    path.write_text(json.dumps(read(publication, name), ensure_ascii=False))
