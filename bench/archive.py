"""How long `digest archive build` takes: 500 issues with 5 articles each, into an empty folder, and
again where nothing has changed; at the end once with a card for each page.

    python3 bench/archive.py [--digest target/release/digest] [--issues 500] [--rounds 3]

One issue is sent to a server that takes everything. The others are copies of its rows under other
names, each with titles and words of its own: what `build` reads is the ledger alone.
"""

import argparse
import hashlib
import json
import pathlib
import random
import shutil
import socketserver
import sqlite3
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORDS = [f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in ("n", "rel", "sto", "ming")]

DIGEST = """[publication]
name = "Sejong Digest"
from = "Sejong Digest <digest@sejong.example>"
postal_address = "P.O. Box 0000, Washington, DC 20000"
base_url = "https://digest.sejong.example"

[archive]
"""

ISSUE = """number = 1
title = "Issue 0"
subject = "Issue 0"
preheader = "A preheader that is long enough to fill its line in a list."
date = 2025-11-06
[[section]]
heading = "In focus"
articles = ["a0", "a1", "a2", "a3", "a4"]
"""


class Sink(socketserver.StreamRequestHandler):
    """An SMTP server that takes everything."""

    def handle(self):
        self.wfile.write(b"220 archive.example\r\n")
        for line in self.rfile:
            if line.strip().upper() == b"DATA":
                self.wfile.write(b"354 go\r\n")
                for text in self.rfile:
                    if text == b".\r\n":
                        break
            self.wfile.write(b"250 taken\r\n")
            if line.strip().upper() == b"QUIT":
                return


def paragraphs(words):
    return "\n\n".join(
        " ".join(words.choice(WORDS) for _ in range(80)).capitalize() + "." for _ in range(6)
    )


def publication(folder):
    words = random.Random(1)
    issue = folder / "issues" / "i0000"
    issue.mkdir(parents=True)
    (folder / "digest.toml").write_text(DIGEST)
    (folder / "subscribers.csv").write_text("email\nkim@example.org\n")
    (issue / "issue.toml").write_text(ISSUE)
    for article in range(5):
        text = f"---\ntitle: Article {article}\nauthor: Aoife Daly\n---\n\n{paragraphs(words)}\n"
        (issue / f"a{article}.md").write_text(text)


def copies(folder, count):
    """The rows of the issue that was sent, under other names."""
    store = sqlite3.connect(folder / "digest.db")
    words = random.Random(2)

    def columns(table):
        return [row[1] for row in store.execute(f"PRAGMA table_info({table})") if row[1] != "id"]

    def copied(table, changed):
        names = columns(table)
        row = dict(zip(names, store.execute(f"SELECT {', '.join(names)} FROM {table}").fetchone()))
        row.update(changed)
        marks = ", ".join("?" for _ in names)
        statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"
        return store.execute(statement, [row[name] for name in names]).lastrowid

    (web,) = store.execute("SELECT web FROM revision").fetchone()
    for number in range(1, count):
        edition = json.loads(web)
        edition["title"], edition["number"] = f"Issue {number}", number + 1
        edition["date"] = f"{2016 + number % 10}-{number % 12 + 1:02}-{number % 28 + 1:02}"
        for section in edition["sections"]:
            for article in section["articles"]:
                article["text"] = paragraphs(words)
                lines = article["text"].split("\n\n")
                article["body"] = "".join(f"<p>{line}</p>" for line in lines)
                article["title"] = f"{words.choice(WORDS)} {words.choice(WORDS)}".capitalize()
        text = json.dumps(edition, ensure_ascii=False)
        # As the program hashes: each part behind its length.
        raw = text.encode()
        checksum = hashlib.sha256(len(raw).to_bytes(8, "big") + raw).hexdigest()
        name = f"i{number:04}"
        changed = {"issue": name, "web": text, "web_checksum": checksum}
        revision = copied("revision", changed)
        copied("recipient", {"issue": name, "revision": revision})
    store.commit()
    store.close()


def seconds(command, folder):
    before = time.monotonic()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done
    return time.monotonic() - before, done.stdout.strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--digest", default=ROOT / "target/release/digest", type=pathlib.Path)
    parser.add_argument("--issues", default=500, type=int)
    parser.add_argument("--rounds", default=3, type=int)
    parser.add_argument("--keep", type=pathlib.Path, help="leave the publication here")
    options = parser.parse_args()
    digest = str(options.digest.resolve())
    with tempfile.TemporaryDirectory() as temporary, socketserver.ThreadingTCPServer(
        ("127.0.0.1", 0), Sink
    ) as sink:
        threading.Thread(target=sink.serve_forever, daemon=True).start()
        folder = pathlib.Path(options.keep or temporary)
        folder.mkdir(exist_ok=True)
        publication(folder)
        relay = f"smtp://127.0.0.1:{sink.server_address[1]}"
        seconds([digest, "send", "i0000", "--yes", "--relay", relay], folder)
        sink.shutdown()
        copies(folder, options.issues)
        build = [digest, "archive", "build", "-o", "site"]
        toml = (folder / "digest.toml").read_text()
        for cards in [False] * options.rounds + [True]:
            (folder / "digest.toml").write_text(f"{toml}cards = {str(cards).lower()}\n")
            shutil.rmtree(folder / "site", ignore_errors=True)
            cold, told = seconds(build, folder)
            unchanged, _ = seconds(build, folder)
            what = "with cards" if cards else "without cards"
            print(f"{what}: {told}: {cold:.2f} s; nothing changed: {unchanged:.3f} s")
        checked, told = seconds([digest, "archive", "check", "site"], folder)
        print(f"{told}: {checked:.2f} s")


if __name__ == "__main__":
    main()
