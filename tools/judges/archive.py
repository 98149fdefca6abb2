#!/usr/bin/env python3
"""Judges over the archive: the gallery's issues, sent, and their pages before programs that know nothing
of us: those of a folder that `digest archive build` wrote, and those that `digest serve` answers.

The Nu HTML checker reads each page, linkinator follows each link and picture, feedparser reads the
feeds, and what RFC 4287, JSON Feed 1.1, sitemaps.org and Open Graph ask for is looked up here. What
cannot be run is said.

    python3 archive.py [--digest PATH] [--keep DIR]
"""

import argparse
import collections
import datetime
import email
import email.policy
import json
import os
import pathlib
import re
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from html.parser import HTMLParser
from xml.etree import ElementTree

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SCENES = HERE.parent / "screenshot/scenes"
BASE = "https://digest.sejong.example"
HOST = "digest.sejong.example"

# What the Nu checker calls an error and a page of the archive has on purpose, with the reason.
IDIOM = []


class Sink(socketserver.StreamRequestHandler):
    """An SMTP server that takes everything, and keeps the texts."""

    texts = []

    def handle(self):
        self.wfile.write(b"220 archive.example\r\n")
        for line in self.rfile:
            if line.strip().upper() == b"DATA":
                self.wfile.write(b"354 go\r\n")
                text = []
                for part in self.rfile:
                    if part == b".\r\n":
                        break
                    text.append(part)
                self.texts.append(b"".join(text))
            self.wfile.write(b"250 taken\r\n")
            if line.strip().upper() == b"QUIT":
                return


def run(command, **options):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=600, **options)


def done(command, **options):
    told = run(command, **options)
    if told.returncode:
        sys.exit(f"{command}: {told.stdout}{told.stderr}")
    return told.stdout


def publication(folder, relay):
    """The gallery with an archive and a form, and all of its issues sent to one reader."""
    shutil.copytree(SCENES, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("digest.db*", ".digest*"))
    toml = (folder / "digest.toml").read_text()
    toml = re.sub(r'(?m)^base_url = .*$', f'base_url = "{BASE}"', toml)
    toml = re.sub(r'(?m)^(browser_url|preferences_url) = .*\n', "", toml)
    (folder / "digest.toml").write_text(
        f'{toml}\n[web]\n\n[audience]\nsource = "store"\n\n[form]\n\n[[relay]]\nurl = "{relay}"\n')
    (folder / "people.csv").write_text("email\nada@example.org\n")
    for list_of_people in folder.glob("subscribers*.csv"):
        list_of_people.unlink()


def nu(files):
    """What the Nu checker says of each file; nothing where it cannot be run."""
    jars = list((HERE / "node_modules/vnu-jar").rglob("vnu.jar"))
    if not jars or not shutil.which("java"):
        return None
    checked = run(["java", "-Xss4m", "-jar", jars[0], "--format", "json", "--exit-zero-always",
                   "--also-check-css", *files])
    found = []
    for message in json.loads(checked.stderr)["messages"]:
        text = message.get("message", "")
        if any(re.search(pattern, text) for pattern, _ in IDIOM):
            continue
        is_wrong = message["type"] == "error" or message.get("subType") == "warning"
        if is_wrong:
            name = urllib.parse.unquote(message.get("url", "")).split("/", 3)[-1]
            found.append(f"Nu: {name}:{message.get('lastLine')}: {text} {message.get('extract', '')[:100]!r}")
    return found


def links(folder):
    """What linkinator finds broken in the folder."""
    program = HERE / "node_modules/.bin/linkinator"
    if not program.exists():
        return None
    told = run([program, ".", "--recurse", "--format", "json", "--skip", r"^https?://(?!localhost|127\.0\.0\.1)",
                "--skip", "/subscribe$", "--skip", "^mailto:"], cwd=folder)
    answer = json.loads(told.stdout[told.stdout.index("{"):])
    bad = [one for one in answer["links"] if one["state"] == "BROKEN"]
    counted = sum(one["state"] == "OK" for one in answer["links"])
    print(f"linkinator: {counted} links")
    return [f"linkinator: {one['url']} ({one['status']}) on {one.get('parent')}" for one in bad]


def feeds(folder):
    """What is wrong with the feeds."""
    found = []
    atom = "{http://www.w3.org/2005/Atom}"
    for name in ("feed.xml", "articles.xml"):
        text = (folder / name).read_bytes()
        root = ElementTree.fromstring(text)
        ids = [one.text for one in root.iter(f"{atom}id")]
        found += [f"{name}: {one} is the id of {count}" for one, count in collections.Counter(ids).items() if count > 1]
        for entry in [root, *root.iter(f"{atom}entry")]:
            for what in ("id", "title", "updated"):
                if len(entry.findall(atom + what)) != 1:
                    found.append(f"{name}: {what} is not there once (RFC 4287 4.1)")
            for time_of in entry.findall(f"{atom}updated") + entry.findall(f"{atom}published"):
                datetime.datetime.fromisoformat(time_of.text)
            if entry.tag == f"{atom}entry" and entry.find(f"{atom}content") is None and entry.find(f"{atom}summary") is None:
                found.append(f"{name}: an entry has neither content nor summary")
        try:
            import feedparser

            read = feedparser.parse(text)
            if read.bozo or not read.entries:
                found.append(f"{name}: feedparser: {read.get('bozo_exception')} {len(read.entries)} entries")
        except ImportError:
            print("feedparser: not installed")
    for name in ("feed.json", "articles.json"):
        feed = json.loads((folder / name).read_bytes())
        if feed.get("version") != "https://jsonfeed.org/version/1.1" or not feed.get("title"):
            found.append(f"{name}: version or title")
        for item in feed["items"]:
            if not isinstance(item.get("id"), str) or not ("content_html" in item or "content_text" in item):
                found.append(f"{name}: an item without id or content: {item.get('title')}")
            datetime.datetime.fromisoformat(item["date_published"])
            for key in ("url", "external_url", "image"):
                if key in item and not re.match(r"https?://", item[key]):
                    found.append(f"{name}: {key} {item[key]}")
        ids = [item["id"] for item in feed["items"]]
        if len(ids) != len(set(ids)):
            found.append(f"{name}: an id stands twice")
    return found


def file_of(folder, address):
    path = urllib.parse.unquote(urllib.parse.urlsplit(address).path).lstrip("/")
    return folder / (f"{path}index.html" if path.endswith("/") or not path else path)


def sitemap(folder):
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    root = ElementTree.parse(folder / "sitemap.xml").getroot()
    addresses = [one.text for one in root.iter(f"{space}loc")]
    print(f"sitemap: {len(addresses)} pages")
    return [f"sitemap: {one} is not there" for one in addresses
            if not one.startswith(BASE) or not file_of(folder, one).is_file()]


class Head(HTMLParser):
    """What stands in a page's head."""

    def __init__(self):
        super().__init__()
        self.meta, self.data, self.in_data = {}, "", False

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "meta":
            self.meta[attributes.get("property") or attributes.get("name")] = attributes.get("content")
        self.in_data = tag == "script" and attributes.get("type") == "application/ld+json"

    def handle_endtag(self, tag):
        self.in_data = False

    def handle_data(self, data):
        if self.in_data:
            self.data += data


def heads(folder, pages):
    """Whether programs that show links find a picture, and JSON-LD that is JSON."""
    found, cards = [], 0
    for page in pages:
        head = Head()
        head.feed(page.read_text())
        name = page.relative_to(folder)
        if head.data:
            if json.loads(head.data).get("@context") != "https://schema.org":
                found.append(f"{name}: JSON-LD")
        picture = head.meta.get("og:image")
        if picture:
            cards += 1
            bytes = file_of(folder, picture).read_bytes()
            size = [head.meta[f"og:image:{side}"] for side in ("width", "height")]
            if bytes[:8] == b"\x89PNG\r\n\x1a\n":
                real = [str(int.from_bytes(bytes[at:at + 4], "big")) for at in (16, 20)]
                if real != size:
                    found.append(f"{name}: og:image is {real}, not {size}")
        elif head.data:
            found.append(f"{name}: no og:image")
    print(f"heads: {cards} pages with a picture")
    return found


def answers(digest, folder, site, mails):
    """What `digest serve` answers: the same bytes for the site's pages; its own pages, as files."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serving = subprocess.Popen([digest, "serve", "--listen", f"127.0.0.1:{port}"], cwd=folder,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def ask(path):
        asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": HOST})
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    found, own = [], folder / "answers"
    own.mkdir()
    try:
        for _ in range(200):
            time.sleep(0.1)
            try:
                if ask("/issues/")[0] == 200:
                    break
            except OSError:
                pass
        pages = [file for file in site.rglob("*") if file.is_file() and not file.name.startswith(".")]
        for file in pages:
            path = str(file.relative_to(site)).removesuffix("index.html")
            if path == "404.html":
                continue
            status, body = ask("/" + urllib.parse.quote(path))
            if status != 200 or body != file.read_bytes():
                found.append(f"serve: /{path}: {status}, {len(body)} bytes")
        print(f"serve: {len(pages)} files asked for")
        mail = email.message_from_bytes(mails[-1], policy=email.policy.default)
        leave = re.search(rf"<{BASE}([^>]*)>", mail["List-Unsubscribe"])[1]
        text = mail.get_body(("plain",)).get_content()
        preferences = re.search(rf"{BASE}(/preferences/[^\s<>]*)", text)[1]
        for name, path in [("subscribe", "/subscribe"), ("sent", "/subscribe/sent"), ("leave", leave),
                           ("preferences", preferences),
                           ("broken", "/unsubscribe/AAAA"), ("missing", "/nothing")]:
            status, body = ask(path)
            (own / f"{name}.html").write_bytes(body)
            print(f"serve: {name}: {status}")
    finally:
        serving.terminate()
        serving.wait()
    return found, sorted(own.iterdir())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--digest", type=pathlib.Path, default=ROOT / "target/debug/digest")
    parser.add_argument("--keep", type=pathlib.Path, help="leave the publication and its site here")
    given = parser.parse_args()
    digest = given.digest.resolve()
    with tempfile.TemporaryDirectory() as temporary, socketserver.ThreadingTCPServer(("127.0.0.1", 0), Sink) as sink:
        threading.Thread(target=sink.serve_forever, daemon=True).start()
        folder = (given.keep or pathlib.Path(temporary)).resolve()
        publication(folder, f"smtp://127.0.0.1:{sink.server_address[1]}")
        done([digest, "subscribers", "import", "people.csv", "--consent", "asked at a meeting"], cwd=folder)
        for issue in sorted(one.name for one in (folder / "issues").iterdir()):
            told = run([digest, "send", issue, "--yes"], cwd=folder)
            if told.returncode:
                print(f"{issue} is not sent: {told.stderr.splitlines()[-1:]}")
        print(done([digest, "archive", "build", "-o", "site"], cwd=folder).strip())
        site = folder / "site"
        pages = sorted(site.rglob("*.html"))
        found = heads(site, pages) + feeds(site) + sitemap(site)
        told, own = answers(digest, folder, site, sink.RequestHandlerClass.texts)
        found += told
        for name, judged in (("Nu", nu([*pages, site / "site.css", *own])), ("linkinator", links(site))):
            if judged is None:
                print(f"{name}: not run")
            else:
                found += judged
        sink.shutdown()
    for line in found:
        print(f"    {line}")
    print(f"{len(pages)} pages, {len(own)} more of `digest serve`: {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    os.environ.pop("DIGEST_SECRET", None)
    sys.exit(main())
