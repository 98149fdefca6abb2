"""Compares whole processes: digest, smtp-source, nodemailer and smtplib to the same server.

    cargo build --release && (cd bench && npm ci) && python3 bench/compare.py

Every run is the whole process by the clock, from its start to its end, the ledger on disk and
synced. All runs of a table happen after each other on the same machine, the contestants in turn,
several rounds; the table shows medians, and ratios of medians. Needs Postfix's smtp-sink and
smtp-source, node and python3.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
DIGEST = ROOT / "target/release/digest"
PORT = 2629


def tool(name):
    found = shutil.which(name) or shutil.which(f"/usr/sbin/{name}")
    if not found:
        sys.exit(f"{name} is missing: install Debian's postfix")
    return found


def signed(work, count, connections):
    """The same with a DKIM signature (RSA-2048) on every message."""
    digest(work, count, connections, publication="signed")


def digest(work, count, connections, *more, publication="publication"):
    """digest send, with a fresh ledger."""
    ledger = work / "ledger.db"
    for left in work.glob("ledger.db*"):
        left.unlink()
    line = [DIGEST, "send", "2025-11", "--publication", work / publication]
    line += ["--subscribers", work / f"list-{count}.csv", "--relay", f"smtp://127.0.0.1:{PORT}{''.join(more)}"]
    line += ["--store", f"sqlite:{ledger}", "--connections", str(connections), "--yes", "--json"]
    done = subprocess.run([str(word) for word in line], capture_output=True, text=True)
    told = json.loads(done.stdout.strip().splitlines()[-1])
    assert told["accepted"] == count, done.stdout + done.stderr


def smtp_source(work, count, connections):
    size = (work / "message.eml").stat().st_size
    line = [tool("smtp-source"), "-d", "-s", connections, "-l", size, "-m", count]
    line += ["-f", "a@a.example", "-t", "b@b.example", f"127.0.0.1:{PORT}"]
    subprocess.run([str(word) for word in line], check=True)


def nodemailer(work, count, connections, *key):
    line = ["node", HERE / "nodemailer.mjs", PORT, count, connections, work / "message.html"]
    line += [work / "message.txt", *key]
    done = subprocess.run([str(word) for word in line], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["accepted"] == count


def smtplib(work, count, connections):
    line = [sys.executable, HERE / "smtplib_send.py", PORT, count, connections, work / "message.eml"]
    subprocess.run([str(word) for word in line], check=True, capture_output=True)


def timed(run, *arguments):
    started = time.perf_counter()
    run(*arguments)
    return time.perf_counter() - started


def prepare(work, counts):
    """A copy of the publication, messages of one size for all, and lists."""
    publication = work / "publication"
    publication.mkdir()
    for name in ("digest.toml", "issues", "theme"):
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, publication / name)
    shutil.copytree(publication, work / "signed")
    line = [DIGEST, "dkim", "keygen", "--publication", work / "signed", "--selector", "bench"]
    subprocess.run([str(word) for word in line], check=True, capture_output=True)
    with open(work / "signed" / "digest.toml", "a", encoding="utf-8") as file:
        file.write('\n[dkim]\nselector = "bench"\nkey_file = "dkim-bench.pem"\n')
    for kind, name in (("eml", "message.eml"), ("html", "message.html"), ("text", "message.txt")):
        line = [DIGEST, "render", "2025-11", "--publication", publication, "--format", kind, "-o", work / name]
        subprocess.run([str(word) for word in line], check=True, capture_output=True)
    names = ["Minji", "José", "민지", "Amara", "Grace", "하늘"]
    for count in counts:
        with open(work / f"list-{count}.csv", "w", encoding="utf-8") as file:
            file.write("email,first_name,tags\n")
            for at in range(count):
                tag = "member" if at % 3 == 0 else ""
                file.write(f"reader{at}@d{at % 50}.example,{names[at % 6]},{tag}\n")


class Sink:
    """A server for the length of a `with`."""

    def __init__(self, *line):
        self.line = [str(word) for word in line]

    def __enter__(self):
        self.process = subprocess.Popen(self.line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.7)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def table(title, count, rounds, contestants, base):
    """Runs the contestants in turn and prints medians, rates and ratios to `base`."""
    times = {name: [] for name, *_ in contestants}
    for _ in range(rounds):
        for name, run, *arguments in contestants:
            times[name].append(timed(run, *arguments))
    medians = {name: statistics.median(runs) for name, runs in times.items()}
    print(f"\n### {title}\n\n| | messages/s | ratio to {base} |\n| --- | ---: | ---: |")
    for name, median in medians.items():
        print(f"| {name} | {count / median:,.0f} | {medians[base] / median:.2f} |")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--count", type=int, default=20_000, help="messages of the fast runs")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--slow", type=int, default=200, help="messages of the runs with late answers")
    options.add_argument("--peers", type=int, default=2_000, help="messages of the slower peers")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        prepare(work, {chosen.count, chosen.slow, chosen.peers})
        size = (work / "message.eml").stat().st_size
        print(f"{os.cpu_count()} processors, messages of {size:,} bytes, {chosen.rounds} rounds")
        as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []
        with Sink(tool("smtp-sink"), *as_nobody, f"127.0.0.1:{PORT}", 1000):
            count = chosen.count
            table(f"{count:,} messages to smtp-sink, 4 connections", count, chosen.rounds, [
                ("smtp-source -d", smtp_source, work, count, 4),
                ("digest send, ledger on disk", digest, work, count, 4),
            ], "smtp-source -d")
            count = chosen.peers
            table(f"{count:,} messages to smtp-sink, 4 connections", count, chosen.rounds, [
                ("nodemailer, pool", nodemailer, work, count, 4),
                ("Python smtplib", smtplib, work, count, 4),
                ("digest send, ledger on disk", digest, work, count, 4),
            ], "nodemailer, pool")
            key = work / "signed" / "dkim-bench.pem"
            table(f"{count:,} messages, DKIM RSA-2048, 4 connections", count, chosen.rounds, [
                ("nodemailer, pool, DKIM", nodemailer, work, count, 4, key),
                ("digest send, DKIM, ledger on disk", signed, work, count, 4),
            ], "nodemailer, pool, DKIM")
        for delay in (0, 20, 50):
            with Sink(sys.executable, HERE / "slow_sink.py", PORT, delay):
                count = chosen.slow
                table(f"{count:,} messages, one connection, every answer {delay} ms late", count, 1, [
                    ("digest send, lockstep", digest, work, count, 1, "?pipelining=off"),
                    ("Python smtplib", smtplib, work, count, 1),
                    ("digest send", digest, work, count, 1),
                ], "digest send, lockstep")


main()
