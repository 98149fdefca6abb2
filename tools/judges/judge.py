#!/usr/bin/env python3
"""Independent judges over what a relay receives: ten varied issues, delivered, signed and read back.

Each issue of the gallery is sent to a catcher by the real program. The bytes that arrived are put
before two MIME parsers, two verifiers of signatures, the Nu HTML checker (as webmail and as Outlook
see the page), SpamAssassin's local rules and axe-core in Chromium. Two judges of our own say which
links within the letter lead nowhere in programs that go by names, and which links a finger misses.
What cannot be run is said.
"""

import argparse
import email
import email.policy
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
from html.parser import HTMLParser
from xml.etree import ElementTree

HERE = pathlib.Path(__file__).resolve().parent
SCREENSHOT = HERE.parent / "screenshot"
ROOT = HERE.parent.parent

# What the Nu checker calls an error and mail cannot do without: each with its reason.
IDIOM = [
    (r"^CSS: “mso-[a-z-]+”: Property “mso-[a-z-]+” doesn't exist", "Word's own properties"),
    (r"^The “(align|border|cellpadding|cellspacing|width)” attribute on the “table” element is obs",
     "Word lays out tables by attributes"),
    (r"^The “(valign|width|bgcolor|align)” attribute on the “(td|th)” element is obsolete",
     "the same for cells"),
    (r"^(The “name” attribute on the “a” element is obsolete"
     r"|Element “a” is missing required attribute “href”)",
     "Gmail's page, Outlook and Yahoo jump to names only; `anchors` looks at each"),
]


def scenes():
    for scene in json.loads((SCREENSHOT / "scenes.json").read_text()):
        scene.setdefault("issue", scene["name"])
        scene["root"] = (SCREENSHOT / scene.get("root", "scenes")).resolve()
        yield scene
    # Once more with its pictures inside.
    yield {"name": "embedded", "issue": "pictures", "root": SCREENSHOT / "scenes",
           "preset": "studio", "embed": True}


def run(command, **options):
    return subprocess.run(list(map(str, command)), capture_output=True, timeout=300, **options)


def keys(digest, folder):
    """A key of each kind, and the records that DNS would hold."""
    records, settings = {}, {}
    for kind, prefix, flags in (("rsa", "", []), ("ed", "ED25519_", ["--ed25519"])):
        file = folder / f"{kind}.pem"
        made = run([digest, "dkim", "keygen", "--selector", kind, "--domain", "harbour.example",
                    "-o", file, *flags], cwd=folder)
        text = (made.stdout + made.stderr).decode()
        record = re.search(r"v=DKIM1[^\n]*", text)
        if made.returncode or not record:
            sys.exit(f"dkim keygen: {text}")
        joined = "".join(re.findall(r'"([^"]*)"', f'"{record[0].strip()}')) or record[0]
        settings[f"DIGEST_DKIM__{prefix}SELECTOR"] = kind
        settings[f"DIGEST_DKIM__{prefix}KEY_FILE"] = str(file)
        for domain in ("harbour.example", "sejong.example"):
            records[f"{kind}._domainkey.{domain}"] = [joined.replace('" "', "")]
    return records, settings


def deliver(digest, scene, folder, settings):
    """The bytes that arrive, one file a recipient."""
    environment = dict(os.environ, **settings)
    if scene.get("preset"):
        environment["DIGEST_THEME__PRESET"] = scene["preset"]
    if scene.get("embed"):
        environment["DIGEST_PUBLICATION__IMAGES"] = "embed"
    out = folder / scene["name"]
    subscribers = scene["root"] / "subscribers.csv"
    if not subscribers.exists():
        subscribers = scene["root"] / "subscribers.example.csv"
    sent = run([digest, "--publication", scene["root"], "send", scene["issue"], "--subscribers",
                subscribers, "--catch", out, "--yes"], env=environment)
    if sent.returncode:
        sys.exit(f"{scene['name']}: {sent.stderr.decode()}")
    return sorted((out / "new").iterdir())


def mime(raw):
    """What Python's strict parser finds wrong, and the two parts."""
    found = []
    try:
        mail = email.message_from_bytes(raw, policy=email.policy.SMTP.clone(raise_on_defect=True))
    except Exception as error:  # the parser's many kinds of defect
        return [f"python: {error!r}"], "", ""
    for name in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "List-Unsubscribe",
                 "List-Unsubscribe-Post", "List-Id", "Feedback-ID", "Content-Language"):
        if len(mail.get_all(name, [])) != 1:
            found.append(f"python: {len(mail.get_all(name, []))} x {name}")
    if mail["Bcc"]:
        found.append("python: Bcc")
    head = raw.split(b"\r\n\r\n")[0]
    if any(byte > 126 for byte in head):
        found.append("a header that is not ASCII")
    lines = raw.split(b"\r\n")
    if b"\n" in raw.replace(b"\r\n", b"") or max(map(len, lines)) > 998:
        found.append("a bare LF, or a line of more than 998 bytes")
    # A URL cannot be folded (RFC 5322 2.1.1 asks for 78 where it can be had, and rules at 998).
    long = [line for line in head.split(b"\r\n") if len(line) > 78 and b"<http" not in line]
    found += [f"a header line of {len(line)} bytes: {line[:40]!r}" for line in long]
    parts = {part.get_content_type(): part for part in mail.walk()}
    text, html = (parts[kind].get_content() for kind in ("text/plain", "text/html"))
    for kind in ("text/plain", "text/html"):
        if parts[kind].get_content_charset() != "utf-8":
            found.append(f"{kind} is not utf-8")
    return found, text, html


def outlook(html):
    """The page as Word sees it: its comments opened, what is hidden from it gone."""
    html = re.sub(r"<!--\[if !mso\]><!-->.*?<!--<!\[endif\]-->", "", html, flags=re.S)
    html = re.sub(r"<!--\[if mso[^\]]*\]>(.*?)<!\[endif\]-->", r"\1", html, flags=re.S)
    # Settings for Word, in XML: to be well-formed, and no business of an HTML checker.
    settings = re.compile(r"<noscript>(<xml>.*?</xml>)</noscript>", flags=re.S)
    for xml in settings.findall(html):
        ElementTree.fromstring(xml.replace("<xml>", '<xml xmlns:o="urn:schemas-microsoft-com">'))
    return settings.sub("", html)


def nu(files):
    """Messages of the Nu checker by file, those apart that are the idiom of mail."""
    jars = list((HERE / "node_modules/vnu-jar").rglob("vnu.jar"))
    if not jars or not shutil.which("java"):
        return None
    checked = run(["java", "-Xss4m", "-jar", jars[0], "--format", "json", "--exit-zero-always", *files])
    said = json.loads(checked.stderr or checked.stdout)["messages"]
    found, idiom = {}, {}
    for message in said:
        if message["type"] == "info" and message.get("subType") != "warning":
            continue
        text = message["message"]
        if any(re.search(pattern, text) for pattern, _ in IDIOM):
            idiom[text] = idiom.get(text, 0) + 1
            continue
        name = pathlib.Path(message.get("url", "").removeprefix("file:")).stem
        found.setdefault(name, []).append(f"nu: {text}")
    return found, idiom


def spam(file):
    """SpamAssassin's score by its local rules, without what only a real delivery can pass."""
    if not shutil.which("spamassassin"):
        return None
    # A file was never received, and its addresses are examples.
    setting = "score NO_RECEIVED 0\nscore NO_RELAYS 0\nscore ALL_TRUSTED 0\n"
    with tempfile.NamedTemporaryFile("w", suffix=".cf") as rules:
        rules.write(setting)
        rules.flush()
        with open(file, "rb") as mail:
            told = run(["spamassassin", "-L", "-t", "--cf", "use_bayes 0", "--prefspath", rules.name],
                       stdin=mail).stdout.decode(errors="replace")
    score = re.search(r"X-Spam-Status:[^\n]*score=(-?[\d.]+)", told)
    tests = re.search(r"tests=([^=]*?)\s+(?:autolearn|version)", told, flags=re.S)
    names = re.sub(r"\s+", "", tests[1]) if tests else ""
    return float(score[1]) if score else None, names


class Anchors(HTMLParser):
    """Links within the page, and what they can lead to by name and by id."""

    def __init__(self):
        super().__init__()
        self.links, self.names, self.ids = [], [], []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if given.get("id"):
            self.ids.append(given["id"])
        if tag == "a" and given.get("name"):
            self.names.append(given["name"])
        if tag == "a" and (given.get("href") or "").startswith("#"):
            self.links.append(urllib.parse.unquote(given["href"][1:]))


def anchors(html):
    """Links that lead nowhere in programs that know only names, or only ids (EMAIL rule L9)."""
    page = Anchors()
    page.feed(html)
    found = [f"anchors: no a[name={link}]" for link in page.links if link not in page.names]
    found += [f"anchors: nothing has the id {link}" for link in page.links if link not in page.ids]
    for kind in (page.names, page.ids):
        found += [f"anchors: {name} is there twice" for name in set(kind) if kind.count(name) > 1]
    return sorted(set(found))


def axe(scene, html, folder):
    """What axe finds, and which links a finger misses."""
    if not (SCREENSHOT / "node_modules").is_dir() or scene.get("embed"):
        return None
    file = folder / f"{scene['name']}.html"
    file.write_text(html)
    done = run(["node", SCREENSHOT / "shoot.mjs", file, "--axe", "--targets", "--strict",
                "--images-off", "--out", folder / "pictures"])
    lines = done.stdout.decode().splitlines()
    # Without its lines nothing was looked at, which is no praise.
    if not any("first article at" in line for line in lines):
        return [f"chromium: {done.stderr.decode()[-200:]}"], []
    seen = [line.strip() for line in lines
            if " axe " in line or ("overflow" in line and "overflow 0 px" not in line)]
    return seen, sorted({line.strip() for line in lines if "small target" in line})


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--digest", default=None, help="the program (default: target/*/digest)")
    arguments.add_argument("--no-browser", action="store_true", help="leave axe out")
    arguments.add_argument("--idiom", action="store_true", help="list what is let pass as idiom")
    given = arguments.parse_args()
    candidates = [ROOT / "target" / profile / "digest" for profile in ("release", "debug")]
    digest = pathlib.Path(given.digest).resolve() if given.digest else next(
        (path for path in candidates if path.exists()), None)
    if not digest:
        sys.exit("there is no target/*/digest: cargo build, or --digest PROGRAM")
    with tempfile.TemporaryDirectory() as name:
        return judge(digest, pathlib.Path(name), given)


def judge(digest, folder, given):
    records, settings = keys(digest, folder)
    rows, pages, mails, found = [], [], [], {}
    for scene in scenes():
        files = deliver(digest, scene, folder, settings)
        wrong, text, html = mime(files[0].read_bytes())
        found[scene["name"]] = wrong
        for view, page in (("", html), ("@outlook", outlook(html))):
            path = folder / f"{scene['name']}{view}.htm"
            path.with_suffix(".html").write_text(page)
            pages.append(path.with_suffix(".html"))
        mails.append(files[0])
        rows.append((scene, text, html))
    asked = json.dumps({"records": records, "messages": list(map(str, mails))}).encode()
    told = run(["node", HERE / "judge.mjs"], input=asked)
    answers = json.loads(told.stdout) if told.returncode == 0 else None
    if answers is None:
        print("mailparser and mailauth: not run:", told.stderr.decode()[-200:])
    checked = nu(pages)
    print(f"{'issue':<12} {'HTML':>7} {'MIME':>5} {'DKIM':>9} {'Nu':>4} {'spam':>5} {'axe':>4} "
          f"{'anchors':>7} {'target':>6}")
    for at, (scene, text, html) in enumerate(rows):
        wrong = found[scene["name"]]
        signed = signatures(mails[at], records, answers and answers[at], wrong)
        if answers:
            answer = answers[at]
            if not (answer["text"] and answer["html"] and answer["unsubscribe"]
                    and len(answer["to"]) == 1):
                wrong.append(f"mailparser: {answer}")
        in_mime = len(wrong)
        mistakes = []
        if checked:
            mistakes = [m for view in ("", "@outlook") for m in checked[0].get(scene["name"] + view, [])]
        score = spam(mails[at])
        if score and (score[0] is None or score[0] > 0):
            wrong.append(f"spamassassin: {score[0]} {score[1]}")
        dead = anchors(html)
        seen, small = (None if given.no_browser else axe(scene, html, folder)) or (None, None)
        wrong += mistakes + dead + (seen or []) + (small or [])
        tell = lambda value: "-" if value is None else value
        print(f"{scene['name']:<12} {len(html.encode()):>7} {in_mime:>5} {signed:>9} "
              f"{tell(checked and len(mistakes)):>4} {tell(score and score[0]):>5} "
              f"{tell(seen if seen is None else len(seen)):>4} {len(dead):>7} "
              f"{tell(small if small is None else len(small)):>6}")
        for line in wrong:
            print(f"    {line}")
    if checked:
        print(f"Nu checker: {sum(checked[1].values())} messages are the idiom of mail; --idiom lists them")
        for text, count in sorted(checked[1].items()) if given.idiom else []:
            print(f"    {count} x {text}")
    return 1 if any(found.values()) else 0


def signatures(file, records, answer, wrong):
    """How many of the two signatures each verifier accepts, as text."""
    told = []
    try:
        import dkim

        raw = file.read_bytes()
        lookup = lambda name, timeout=5: records[name.decode().rstrip(".")][0].encode()
        good = 0
        for index in range(2):
            try:
                good += dkim.DKIM(raw, minkey=2048).verify(idx=index, dnsfunc=lookup)
            except dkim.DKIMException as error:
                wrong.append(f"dkimpy: {error!r}")
        told.append(f"{good}/2")
        if good != 2:
            wrong.append("dkimpy: a signature does not verify")
    except ImportError:
        told.append("-")
    if answer:
        good = answer["dkim"].count("pass")
        told.append(f"{good}/2")
        if good != 2:
            wrong.append(f"mailauth: {answer['dkim']}")
    return " ".join(told)


if __name__ == "__main__":
    sys.exit(main())
