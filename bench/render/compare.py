"""Renders one content with digest, MJML, react-email and Maizzle, and compares what comes out.

    cargo build --release
    for peer in mjml react-email maizzle; do (cd bench/render/$peer && npm ci); done
    (cd tools/screenshot && npm ci)
    python3 bench/render/compare.py

The content is the publication in content/: masthead, title, contents, four short articles with a
picture each, a Korean passage, two columns, footer. The peers get the same words, colours and sizes
and the same dark rules. Prints a Markdown table, and the time of whole processes by hyperfine.
Needs node, python3, Chromium; spamassassin and hyperfine where they are installed.
"""

import argparse
import base64
import email
import email.policy
import json
import pathlib
import quopri
import re
import shutil
import subprocess
import tempfile
import tomllib
import unicodedata
from email.message import EmailMessage
from html.parser import HTMLParser

import content

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DIGEST = ROOT / "target/release/digest"
SHOOT = ROOT / "tools/screenshot/shoot.mjs"
MJML = HERE / "mjml/node_modules/.bin/mjml"
PEERS = ["digest", "MJML", "react-email", "Maizzle"]


def run(*line, **more):
    return subprocess.run([str(word) for word in line], check=True, capture_output=True, text=True, **more).stdout


def lengthen(publication):
    """The issue `more`: each article of `equal` once more, in the same sections."""
    more = publication / "issues/more"
    shutil.copytree(publication / "issues/equal", more)
    told = (more / "issue.toml").read_text()
    for names in tomllib.loads(told)["section"]:
        old = json.dumps(names["articles"])
        new = json.dumps(names["articles"] + [f"{name}-2" for name in names["articles"]])
        assert old in told
        told = told.replace(old, new)
        for name in names["articles"]:
            shutil.copy(more / f"{name}.md", more / f"{name}-2.md")
    (more / "issue.toml").write_text(told)


def render(work, publication, issue):
    """Name -> (HTML, text or None, message or None)."""
    told = work / f"{issue}.json"
    content.write(publication, issue, told)
    made = {}
    page, message = work / f"digest-{issue}.html", work / f"digest-{issue}.eml"
    run(DIGEST, "render", issue, "--publication", publication, "-o", page)
    run(DIGEST, "render", issue, "--publication", publication, "--format", "eml", "-o", message)
    parsed = email.message_from_bytes(message.read_bytes(), policy=email.policy.default)
    made["digest"] = page.read_text(), parsed.get_body(("plain",)).get_content(), parsed
    source, page = work / f"{issue}.mjml", work / f"MJML-{issue}.html"
    run("node", "build.mjs", told, source, cwd=HERE / "mjml")
    run(MJML, source, "--config.minify", "true", "-o", page)
    made["MJML"] = page.read_text(), None, None
    for peer in PEERS[2:]:
        page, text = work / f"{peer}-{issue}.html", work / f"{peer}-{issue}.txt"
        run("node", "build.mjs", told, page, text, cwd=HERE / peer.lower())
        made[peer] = page.read_text(), text.read_text(), None
    return made


def lines(text):
    return "\r\n".join(text.splitlines()).encode() + b"\r\n"


def wire(html, message):
    """Bytes of the HTML part as it would be sent: the smaller of the two encodings."""
    if message:
        return len(message.get_body(("html",)).get_payload().replace("\r\n", "\n").replace("\n", "\r\n").encode())
    quoted = quopri.encodestring(lines(html).replace(b"\r\n", b"\n"))
    return min(len(quoted) + quoted.count(b"\n"), len(base64.encodebytes(lines(html))) * 78 // 77)


def columns(line):
    wide = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line if not unicodedata.combining(c))
    return wide - sum(unicodedata.category(c) == "Cf" for c in line)


def widest(text):
    """The widest line, apart from an address that stands alone: nobody can break that one."""
    lines = (line for line in text.splitlines() if not re.fullmatch(r"\W*(\d+\W+)?https?://\S+", line.strip()))
    return max(map(columns, lines))


class Page(HTMLParser):
    """The style sheets, style attributes, names and classes of a document; Word's comments apart."""

    def __init__(self, html):
        super().__init__()
        self.sheet, self.styles, self.names, self.inside, self.words = "", [], set(), None, []
        self.feed(re.sub(r"<!--.*?-->", "", html, flags=re.S))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.inside = tag
        self.names |= {tag} | {f".{name}" for name in (attrs.get("class") or "").split()}
        if attrs.get("style"):
            self.styles.append(attrs["style"])

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside == "style":
            self.sheet += data
        elif self.inside != "title":
            self.words += data.split()


def left_to_inline(page):
    """Plain rules of the sheet that fit an element: a program without style sheets loses them."""
    plain = re.sub(r"@[^{]*\{(?:[^{}]*\{[^}]*\})*[^{}]*\}", "", page.sheet)
    count = 0
    for selectors, _ in re.findall(r"([^{}]+)\{([^}]*)\}", plain):
        for selector in selectors.split(","):
            last = re.findall(r"\.[\w-]+|^[a-z]\w*", selector.strip().split(" ")[-1])
            if not re.search(r"[:\[#]", selector) and last and set(last) <= page.names:
                count += 1
                break
    return count


UNSUPPORTED = re.compile(
    r"(?:^|;)\s*(?:display:\s*(?:inline-)?(?:flex|grid)|position:|gap:|object-fit:"
    r"|[a-z-]+:[^;]*(?:var\(|calc\(|clamp\(|(?<![\w])-?[\d.]+rem)|margin[a-z-]*:[^;]*(?<=[ :])-\d)"
)


def unsupported(page):
    """Inline declarations that Word or large webmail drops, without one before them to fall back on."""
    count = 0
    for style in page.styles:
        seen = set()
        for declaration in style.split(";"):
            name = declaration.split(":")[0].strip()
            count += bool(UNSUPPORTED.search(declaration)) and name not in seen
            seen.add(name)
    return count


def shoot(work, publication, name, page, *more):
    """What shoot.mjs prints: overflow in pixels, and the nodes that axe finds."""
    told = run("node", SHOOT, page, "--out", work / "pictures", "--name", name, "--root", publication,
               "--base-url", "https://digest.sejong.example", *more)
    overflow = max(int(found) for found in re.findall(r"overflow (\d+) px", told))
    return overflow, sum(int(found) for found in re.findall(r"axe .*?: .*?\((\d+)\): ", told))


def spam(headers, html, text, message):
    """SpamAssassin's local rules on a message with the same headers for all."""
    if not shutil.which("spamassassin"):
        return "not installed"
    if message is None:
        message = EmailMessage(policy=email.policy.SMTP)
        for name, value in headers.items():
            if name.lower() not in ("content-type", "content-transfer-encoding", "mime-version"):
                message[name] = str(value)
        if text is None:
            message.set_content(html, subtype="html")
        else:
            message.set_content(text)
            message.add_alternative(html, subtype="html")
    told = subprocess.run(["spamassassin", "-L", "-t"], input=message.as_bytes(policy=email.policy.SMTP), capture_output=True)
    status = re.search(r"X-Spam-Status:.*?score=(-?[\d.]+).*?tests=(.*?)\s*autolearn=", told.stdout.decode("utf-8", "replace"), re.S)
    tests = re.sub(r"\s", "", status[2])
    return f"{status[1]} ({tests})" if tests != "none" else status[1]


def same_words(pages):
    """Everybody writes every word that ours has: otherwise the bytes cannot be compared."""
    plain = lambda page: set(re.findall(r"[\w가-힣]{3,}", " ".join(page.words)))
    ours = plain(pages["digest"])
    for name, page in pages.items():
        missing = {word for word in ours - plain(page) if not word.startswith("847")}
        assert len(missing) == 0, f"{name} lacks {sorted(missing)[:10]}"


def timing(work, publication, runs):
    """Medians of whole processes, in turn."""
    ours = f"{DIGEST} render equal --publication {publication} -o {work}/timed.html"
    theirs = f"{MJML} {work}/equal.mjml -o {work}/timed-mjml.html"
    told = work / "times.json"
    run("hyperfine", "-N", "--warmup", 2, "--runs", runs, "--export-json", told, ours, theirs)
    digest, mjml = (result["median"] for result in json.loads(told.read_text())["results"])
    print(f"\nWhole process: digest render {digest * 1000:.1f} ms, mjml {mjml * 1000:.0f} ms, 1/{mjml / digest:.0f}")


def version(peer):
    package = {"MJML": "mjml", "react-email": "@react-email/components", "Maizzle": "@maizzle/framework"}[peer]
    return json.loads((HERE / peer.lower() / "node_modules" / package / "package.json").read_text())["version"]


def measure(work, publication):
    four, eight = render(work, publication, "equal"), render(work, publication, "more")
    pages = {name: Page(made[0]) for name, made in four.items()}
    same_words(pages)
    headers = four["digest"][2]
    rows = {}
    for name, (html, text, message) in four.items():
        page = work / f"{name}-equal.html"
        overflow, light = shoot(work, publication, name, page, "--axe", "--scheme", "light")
        _, dark = shoot(work, publication, name, page, "--axe", "--scheme", "dark")
        images_off, _ = shoot(work, publication, name, page, "--images-off", "--width", 375)
        unstyled, _ = shoot(work, publication, name, page, "--no-style")
        rows[name] = {
            "HTML, bytes": f"{len(html.encode()):,}",
            "HTML part on the wire, bytes": f"{wire(html, message):,}",
            "each further article, bytes": f"{(len(eight[name][0].encode()) - len(html.encode())) // 4:,}",
            "inline CSS without support or fallback": unsupported(pages[name]),
            "rules left for a second inliner": left_to_inline(pages[name]),
            "`[data-ogsc]` rules": "yes" if "[data-ogsc]" in html else "no",
            "axe violations, light / dark, nodes": f"{light} / {dark}",
            "overflow, px": overflow,
            "overflow at 375 px, images off, px": images_off,
            "overflow without `<style>`, px": unstyled,
            "text part, widest line in columns": "none" if text is None else widest(text),
            "SpamAssassin, local rules": spam(headers, html, text, message),
        }
    return rows


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--keep", type=pathlib.Path, help="a folder for what was rendered and its pictures")
    options.add_argument("--runs", type=int, default=15, help="timed runs of each process; 0 for none")
    options.add_argument("--require", action="store_true", help="exit 1 where digest misses its own marks")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = given.keep or pathlib.Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        publication = work / "publication"
        shutil.rmtree(publication, ignore_errors=True)
        shutil.copytree(HERE / "content", publication)
        lengthen(publication)
        rows = measure(work, publication)
        print("| what | digest |", " | ".join(f"{peer} {version(peer)}" for peer in PEERS[1:]), "|")
        print("| --- |", " --- |" * 4)
        for what in rows["digest"]:
            print(f"| {what} |", " | ".join(str(rows[peer][what]) for peer in PEERS), "|")
        if given.runs and shutil.which("hyperfine"):
            timing(work, publication, given.runs)
    return int(given.require and not reached(rows["digest"]))


def reached(ours):
    number = lambda what: int(str(ours[what]).replace(",", ""))
    return all([
        number("HTML, bytes") <= 9_500,
        number("HTML part on the wire, bytes") <= 10_500,
        number("each further article, bytes") <= 1_400,
        number("text part, widest line in columns") <= 72,
        number("overflow, px") + number("overflow at 375 px, images off, px") == 0,
        ours["axe violations, light / dark, nodes"] == "0 / 0",
        ours["`[data-ogsc]` rules"] == "yes",
    ])


if __name__ == "__main__":
    raise SystemExit(main())
