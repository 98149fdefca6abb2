"""What `digest serve` bears: pages, people who leave, and visitors who mean no good.

    cargo build --release --bin digest --example links
    python3 bench/web.py [archive] [leave] [rush] [hostile] [--target target/release] [--seconds 6]

Prints a table: what was measured, what is wanted of it on two cores that the tools share, and whether it
is so. Needs wrk, nginx and Postfix's smtp-sink. All of it takes under four minutes.

archive  an issue's page beside the same bytes from nginx, and 1,000 open connections
leave    one-click POSTs of 64 clients, each durable before its answer; the same beside a send of 50,000
rush     1,000 who leave at once while an issue is sent to them
hostile  slow heads, idle connections, endless bodies and wrong tokens, and how others fare meanwhile
"""

import argparse
import asyncio
import contextlib
import datetime
import os
import pathlib
import re
import resource
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
HOST = "digest.sejong.example"
PARTS = ["archive", "leave", "rush", "hostile"]

DIGEST = """[publication]
name = "Sejong Digest"
from = "Sejong Digest <digest@sejong.example>"
postal_address = "P.O. Box 0000, Washington, DC 20000"
base_url = "https://digest.sejong.example"

[web]

[[relay]]
url = "smtp://127.0.0.1:{relay}"
connections = 4
"""

ISSUE = """number = 1
title = "The first issue"
subject = "The first issue"
preheader = "A preheader that is long enough to fill its line in a list."
date = 2025-11-06
[[section]]
heading = "In focus"
articles = ["a0", "a1", "a2"]
"""

# A token each; of two threads, each has its own half.
LEAVE = """
local threads = 0
function setup(thread) thread:set("id", threads); threads = threads + 1 end
function init(args)
  paths, at = {}, 0
  local number = 0
  for line in io.lines(args[1]) do
    if number % 2 == id % 2 then paths[#paths + 1] = line end
    number = number + 1
  end
  head = { ["Host"] = "digest.sejong.example", ["Content-Type"] = "application/x-www-form-urlencoded" }
end
function request()
  at = at % #paths + 1
  return wrk.format("POST", paths[at], head, "List-Unsubscribe=One-Click")
end
"""

# Each visitor has an address of their own, as a proxy says.
WRONG = """
local threads = 0
function setup(thread) thread:set("id", threads); threads = threads + 1 end
function init(args) at = 0 end
function request()
  at = at + 1
  local by = string.format("198.51.%d.%d", at / 250 % 250, at % 250)
  local head = { ["Host"] = "digest.sejong.example", ["X-Forwarded-For"] = by }
  return wrk.format("POST", string.format("/unsubscribe/Ab%d_%020d%064d", id, at, at), head, "x=y")
end
"""

# So many milliseconds between two requests of a connection.
SELDOM = """
function delay() return 500 end
"""


class Table:
    """The rows that are printed at the end."""

    def __init__(self):
        self.rows = []

    def add(self, what, found, wanted="", is_so=None):
        word = "" if is_so is None else ("yes" if is_so else "NO")
        self.rows.append((what, found, wanted, word))
        print(f"  {what}: {found} {word}", flush=True)

    def show(self):
        print("\n| What | Found | Wanted | So |\n| --- | --- | --- | --- |")
        for row in self.rows:
            print(f"| {' | '.join(row)} |")


class Wrk:
    """What a run of wrk tells."""

    def __init__(self, text):
        self.text = text
        self.rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
        self.requests = int(re.search(r"(\d+) requests in", text)[1])
        self.p99_ms = self.latency(text, "99%")
        failed = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        self.failed = int(failed[1]) if failed else 0
        broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
        self.broken = sum(int(number) for number in broken.groups()) if broken else 0

    @staticmethod
    def latency(text, name):
        number, unit = re.search(rf"{name}\s+([\d.]+)(us|ms|s|m)\b", text).groups()
        return float(number) * {"us": 0.001, "ms": 1, "s": 1_000, "m": 60_000}[unit]


def wrk(url, seconds, connections, *more, script=None, arguments=(), threads=1):
    """Begins a run; `wait` ends it."""
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "8s"]
    command += ["-H", f"Host: {HOST}", *more]
    if script:
        command += ["-s", str(script)]
    command += [url, *(["--", *arguments] if arguments else [])]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait(running):
    text, _ = running.communicate()
    assert "Requests/sec" in text, text
    return Wrk(text)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Publication:
    """A folder with an issue, its people and what serves it."""

    def __init__(self, options, folder, people):
        self.digest = str(options.target.resolve() / "digest")
        self.folder, self.relay = folder, free_port()
        issue = folder / "issues" / "i1"
        issue.mkdir(parents=True)
        (folder / "digest.toml").write_text(DIGEST.format(relay=self.relay))
        (issue / "issue.toml").write_text(ISSUE)
        for number in range(3):
            text = f"Harbour {number} is old, and its {number + 3} cranes are new. " * 80
            (issue / f"a{number}.md").write_text(f"---\ntitle: Harbour {number}\n---\n\n{text}\n")
        rows = "\n".join(f"r{number:07}@x.example" for number in range(people))
        (folder / "subscribers.csv").write_text(f"email\n{rows}\n")
        self.run("render", "i1", "--format", "eml", "--as", "r0000000@x.example")
        # The first plan makes the store, and no message.
        self.run("subscribers", "suppress", "nobody@x.example", "--why", "a first row")
        links = options.target.resolve() / "examples" / "links"
        made = [str(links), str(folder), HOST, str(people + 200_000)]
        told = subprocess.run(made, check=True, capture_output=True, text=True)
        self.links = told.stdout.split()
        self.people = people

    def run(self, *arguments):
        done = subprocess.run([self.digest, *arguments], cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done
        return done

    @contextlib.contextmanager
    def sink(self):
        as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []
        sink = subprocess.Popen(
            ["smtp-sink", *as_nobody, f"127.0.0.1:{self.relay}", "1000"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(0.3)
        try:
            yield
        finally:
            sink.kill()
            sink.wait()

    @contextlib.contextmanager
    def serving(self):
        command = [self.digest, "serve", "--listen", "127.0.0.1:0"]
        running = subprocess.Popen(command, cwd=self.folder, stderr=subprocess.PIPE, text=True)
        self.pid = running.pid
        for line in running.stderr:
            if found := re.search(r"at http://127\.0\.0\.1:(\d+)/", line):
                self.port = int(found[1])
                self.url = f"http://127.0.0.1:{self.port}"
                break
        # Nothing that it says later may fill the pipe.
        threading.Thread(target=lambda: sys.stderr.writelines(running.stderr), daemon=True).start()
        fetched(self, "/style.css")
        try:
            yield
        finally:
            running.terminate()
            running.wait()

    def memory_mib(self, name="VmHWM"):
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+) kB", text)[1]) / 1024

    def sending(self):
        command = [self.digest, "send", "i1", "--yes"]
        return subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def accepted(self):
        """When each person's message was taken, by address."""
        store = sqlite3.connect(f"file:{self.folder}/digest.db?mode=ro", uri=True)
        rows = store.execute("SELECT email, state, at FROM recipient").fetchall()
        store.close()
        return {
            email: datetime.datetime.fromisoformat(at[:26].rstrip("Z") + "+00:00").timestamp()
            for email, state, at in rows
            if state == "accepted"
        }

    def has_begun(self, sending):
        """Waits until some are sent to."""
        while sending.poll() is None:
            if len(self.accepted()) > 200:
                return
            time.sleep(0.05)


def rate(times):
    """Messages a second between the first and the last one."""
    return len(times) / max(0.001, max(times) - min(times))


@contextlib.contextmanager
def publication(options, people):
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        yield Publication(options, pathlib.Path(folder), people)


def script(here, name, text):
    path = here.folder / name
    path.write_text(text)
    return path


@contextlib.contextmanager
def nginx(folder, page):
    site = folder / "site"
    (site / "issues" / "i1").mkdir(parents=True)
    (site / "issues" / "i1" / "index.html").write_bytes(page)
    # Its workers are another user's where we are root.
    for path in [folder, site, *site.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    port = free_port()
    (folder / "nginx.conf").write_text(
        f"daemon off; worker_processes 2; pid {folder}/pid; error_log /dev/null;\n"
        "events { worker_connections 4096; }\n"
        f"http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;\n"
        "types { text/html html; } open_file_cache max=100;\n"
        f"server {{ listen 127.0.0.1:{port} backlog=2048; root {site}; }} }}\n"
    )
    running = subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait()


def fetched(here, path):
    with socket.create_connection(("127.0.0.1", here.port)) as one:
        one.sendall(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: one.recv(65_536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" 200 " in head.split(b"\r\n")[0], head
    return body


def archive(options, table):
    with publication(options, 1) as here, here.sink():
        here.run("send", "i1", "--yes")
        with here.serving():
            time.sleep(3)
            page, path = fetched(here, "/issues/i1/"), "/issues/i1/"
            with nginx(here.folder, page) as other:
                found = {here.url: [], other: []}
                for _ in range(2):
                    for url, rates in found.items():
                        rates.append(wait(wrk(url + path, options.seconds, 64)).rate)
                ours, theirs = (max(rates) for rates in found.values())
                told = f"{ours:,.0f}/s to {theirs:,.0f}/s of nginx: {ours / theirs:.2f} ({len(page)} bytes)"
                table.add("an archive page, 64 clients", told, ">= 0.5", ours / theirs >= 0.5)
                many = [wait(wrk(url + path, options.seconds, 1_000)) for url in found]
                told = f"{many[0].p99_ms:.0f} ms at {many[0].rate:,.0f}/s; nginx {many[1].p99_ms:.0f} ms"
                table.add("p99, 1,000 clients without a pause", told)
                seldom = script(here, "seldom.lua", SELDOM)
                calm, beside = (
                    wait(wrk(url + path, options.seconds, 1_000, script=seldom)) for url in found
                )
                told = f"{calm.p99_ms:.1f} ms at {calm.rate:,.0f}/s; nginx {beside.p99_ms:.1f} ms"
                table.add("p99, 1,000 open connections", told, "<= 20 ms", calm.p99_ms <= 20)


def leaving(here, seconds, first):
    """One-click POSTs of 64 clients, of people from the `first` on."""
    paths = here.folder / "paths"
    paths.write_text("\n".join(here.links[first:]) + "\n")
    post = script(here, "leave.lua", LEAVE)
    return wrk(here.url, seconds, 64, script=post, arguments=[str(paths)], threads=2)


def leave(options, table):
    def tell(what, found):
        told = f"{found.rate:,.0f}/s, p99 {found.p99_ms:.0f} ms, {found.failed + found.broken} failed"
        is_so = found.rate >= 1_500 and found.p99_ms <= 60 and not found.failed + found.broken
        table.add(what, told, ">= 1,500/s, p99 <= 60 ms", is_so)

    with publication(options, options.people) as here, here.sink():
        with here.serving():
            tell("one-click, 64 clients", wait(leaving(here, options.seconds, here.people)))
        sending = here.sending()
        assert sending.wait() == 0, sending.stderr.read()
        alone = rate(list(here.accepted().values()))
    with publication(options, options.people) as here, here.sink(), here.serving():
        sending = here.sending()
        here.has_begun(sending)
        # Until the send is over: its time is not known before.
        posting = leaving(here, 120, here.people)
        begun = time.monotonic()
        assert sending.wait() == 0, sending.stderr.read()
        posting.send_signal(2)
        tell(f"the same for {time.monotonic() - begun:.0f} s of a send", wait(posting))
        beside = rate(list(here.accepted().values()))
        told = f"{beside:,.0f}/s to {alone:,.0f}/s alone: {beside / alone:.2f}"
        table.add(f"the send of {options.people:,} meanwhile", told, ">= 0.9", beside >= 0.9 * alone)


async def one_click(here, path):
    """When the answer was there, or nothing."""
    try:
        reading, writing = await asyncio.open_connection("127.0.0.1", here.port)
        body = "List-Unsubscribe=One-Click"
        writing.write(
            f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}".encode()
        )
        answer = await reading.read()
        writing.close()
        return time.time() if b" 200 " in answer[:20] else None
    except OSError:
        return None


def rush(options, table):
    async def together(here, paths):
        return await asyncio.gather(*(one_click(here, path) for path in paths))

    with publication(options, options.people) as here, here.sink(), here.serving():
        first = here.people - 2_000
        sending = here.sending()
        here.has_begun(sending)
        begun = time.monotonic()
        answers = asyncio.run(together(here, here.links[first : first + 1_000]))
        took = time.monotonic() - begun
        assert sending.wait() in (0, 4), sending.stderr.read()
        accepted = here.accepted()
        unanswered = sum(answer is None for answer in answers)
        late = early = 0
        for number, answer in enumerate(answers):
            at = accepted.get(f"r{first + number:07}@x.example")
            early += at is not None
            late += at is not None and answer is not None and at > answer + 0.5
        store = sqlite3.connect(f"file:{here.folder}/digest.db?mode=ro", uri=True)
        kept = store.execute("SELECT count(*) FROM suppression WHERE origin = 'web'").fetchone()[0]
        told = f"{1_000 - unanswered} answered within {took:.2f} s, {kept} written down"
        table.add("1,000 leave at once during a send", told, "none lost", unanswered == 0 and kept == 1_000)
        told = f"{late} ({early} had it before)"
        table.add("sent to later than 0.5 s after the answer", told, "0", late == 0)


async def held(here, count, seconds, first, drip):
    """Opens connections and keeps them, a few bytes a second; how many are open in the end, and for how
    long the first was."""
    lives = []

    async def one():
        begun = time.monotonic()
        try:
            reading, writing = await asyncio.open_connection("127.0.0.1", here.port)
            writing.write(first)
            over = asyncio.ensure_future(reading.read())
            while time.monotonic() - begun < seconds and not over.done():
                if drip:
                    writing.write(drip)
                await asyncio.wait([over], timeout=1)
            lives.append((over.done(), time.monotonic() - begun))
            writing.close()
        except OSError:
            lives.append((True, time.monotonic() - begun))

    tasks = []
    for number in range(count):
        tasks.append(asyncio.ensure_future(one()))
        if number % 200 == 199:
            await asyncio.sleep(0.02)
    await asyncio.gather(*tasks)
    return lives


async def endless(here, count, seconds):
    """Sends bodies of 1 GB until the other side hangs up; bytes that were taken of all."""

    async def one():
        sent = 0
        try:
            reading, writing = await asyncio.open_connection("127.0.0.1", here.port)
            head = f"POST /subscribe HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 1000000000\r\n\r\n"
            writing.write(head.encode())
            begun = time.monotonic()
            while time.monotonic() - begun < seconds:
                writing.write(bytes(65_536))
                await asyncio.wait_for(writing.drain(), seconds)
                sent += 65_536
                if writing.transport.is_closing() or reading.at_eof():
                    break
            writing.close()
        except (OSError, asyncio.TimeoutError):
            pass
        return sent

    rounds = 0
    taken = 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        taken += sum(await asyncio.gather(*(one() for _ in range(count))))
        rounds += count
    return taken, rounds


def hostile(options, table):
    """Others are eight clients of the archive."""

    def others(here, seconds):
        return wrk(here.url + "/issues/i1/", seconds, 8, "-H", "X-Forwarded-For: 203.0.113.9")

    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65_536), most))
    with publication(options, 1) as here, here.sink():
        here.run("send", "i1", "--yes")
        with here.serving():
            time.sleep(3)
            alone = wait(others(here, options.seconds))
            table.add("others, alone", f"p99 {alone.p99_ms:.1f} ms, {alone.rate:,.0f}/s")

            def beside(what, attack, seconds):
                watched = others(here, seconds)
                told, is_cut_off = attack()
                found = wait(watched)
                fare = f"others p99 {found.p99_ms:.1f} ms, {found.failed + found.broken} failed"
                is_so = is_cut_off and found.p99_ms <= max(20.0, 4 * alone.p99_ms)
                memory = here.memory_mib("VmRSS")
                table.add(what, f"{told}; {fare}; {memory:.0f} MiB", "cut off, others as before", is_so)

            def slow():
                lives = asyncio.run(held(here, 2_000, 13, b"GET / HTTP/1.1\r\nHost: x\r\nA", b"a"))
                cut = sum(is_cut for is_cut, _ in lives)
                return f"{cut} of {len(lives)} cut off", cut == len(lives)

            def idle():
                lives = asyncio.run(held(here, 10_000, 13, b"", b""))
                cut = sum(is_cut for is_cut, _ in lives)
                return f"{cut} of {len(lives)} cut off", cut == len(lives)

            def bodies():
                taken, count = asyncio.run(endless(here, 16, 6))
                return f"{taken / 2**20 / count:.1f} MiB taken of each", taken < 2**23 * count

            def wrong():
                path = script(here, "wrong.lua", WRONG)
                found = wait(wrk(here.url, 8, 64, script=path))
                is_so = found.failed == found.requests >= 100_000
                return f"{found.requests:,} refused at {found.rate:,.0f}/s", is_so

            beside("2,000 slow heads", slow, 14)
            beside("10,000 idle connections", idle, 14)
            beside("bodies of 1 GB, 16 at once", bodies, 6)
            beside("wrong tokens", wrong, 8)
            most = here.memory_mib()
            table.add("memory at most", f"{most:.0f} MiB", "<= 128 MiB", most <= 128)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("parts", nargs="*", help=", ".join(PARTS))
    parser.add_argument("--target", default=ROOT / "target/release", type=pathlib.Path)
    parser.add_argument("--folder", type=pathlib.Path, help="where publications are made: a real disk")
    parser.add_argument("--seconds", default=6, type=int)
    parser.add_argument("--people", default=50_000, type=int)
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(unknown)}: {', '.join(PARTS)}")
    table, begun = Table(), time.monotonic()
    for part in options.parts or PARTS:
        print(part, flush=True)
        globals()[part](options, table)
    table.show()
    print(f"\n{time.monotonic() - begun:.0f} s in all")


if __name__ == "__main__":
    main()
