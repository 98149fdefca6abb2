"""Compares whole processes: digest, smtp-source, nodemailer and smtplib to the same server.

    python3 bench/compare.py

It builds what it compares (cargo, npm) and prints Markdown tables. Every run is the whole process
by the clock, from its start to its end, the ledger on disk and synced. All runs of a table happen
after each other on the same machine, the contestants in turn, several rounds; the table shows
medians, and ratios of medians. Needs Postfix's smtp-sink and smtp-source, cargo, node, npm and
python3.
"""

import argparse
import json
import os
import pathlib
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
BUILT = ROOT / "target/release"
DIGEST = BUILT / "digest"
PORT = 2629


def tool(name):
    found = shutil.which(name) or shutil.which(f"/usr/sbin/{name}")
    if not found:
        sys.exit(f"{name} is missing: install Debian's postfix")
    return found


def build():
    """digest, the contestants in Rust, and what npm has to fetch."""
    for manifest, targets in ((ROOT, ["--bins", "--examples"]), (HERE / "lettre-pool", [])):
        line = ["cargo", "build", "--release", "--quiet", "--locked", *targets, "--manifest-path"]
        line += [manifest / "Cargo.toml", "--target-dir", ROOT / "target"]
        subprocess.run([str(word) for word in line], check=True)
    installed, wanted = HERE / "node_modules/.package-lock.json", HERE / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
        subprocess.run(["npm", "ci", "--silent"], cwd=HERE, check=True)


def accepted(line, count):
    """Runs a contestant that says at its end how many were accepted."""
    done = subprocess.run([str(word) for word in line], capture_output=True, text=True)
    said = done.stdout.strip().splitlines()
    assert done.returncode == 0 and json.loads(said[-1])["accepted"] == count, done.stdout + done.stderr


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
    # The receipt of the round before stands for a ledger that is gone on purpose.
    line += ["--store", f"sqlite:{ledger}", "--connections", str(connections), "--yes", "--json"]
    line += ["--despite-receipt"]
    accepted(line, count)


def no_ledger(work, count, connections, publication="publication"):
    """The same without a ledger: what crashes loses its place."""
    line = [BUILT / "examples/without_ledger", work / publication, "2025-11", work / f"list-{count}.csv"]
    accepted([*line, PORT, connections], count)


def lettre(work, count, connections):
    """lettre's pool. Each message costs five answers: NOOP, MAIL, RCPT, DATA, dot."""
    line = [BUILT / "lettre-pool", PORT, count, connections, work / "message.html"]
    accepted([*line, work / "message.txt"], count)


def smtp_source(work, count, connections):
    size = (work / "message.eml").stat().st_size
    line = [tool("smtp-source"), "-d", "-s", connections, "-l", size, "-m", count]
    line += ["-f", "a@a.example", "-t", "b@b.example", f"127.0.0.1:{PORT}"]
    subprocess.run([str(word) for word in line], check=True)


def nodemailer(work, count, connections, *key):
    line = ["node", HERE / "nodemailer.mjs", PORT, count, connections, work / "message.html"]
    accepted([*line, work / "message.txt", *key], count)


def smtplib(work, count, connections):
    line = [sys.executable, HERE / "smtplib_send.py", PORT, count, connections, work / "message.eml"]
    accepted(line, count)


def render(work, *_):
    line = [DIGEST, "render", "2025-11", "--publication", work / "publication", "--format", "html"]
    subprocess.run([str(word) for word in line], check=True, capture_output=True)


def mjml(work, *_):
    line = [HERE / "node_modules/.bin/mjml", HERE / "layout.mjml", "-o", work / "mjml.html"]
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
    for count in counts:
        write_list(work / f"list-{count}.csv", range(count))


def write_list(path, order):
    names = ["Minji", "José", "민지", "Amara", "Grace", "하늘"]
    with open(path, "w", encoding="utf-8") as file:
        file.write("email,first_name,tags\n")
        for at in order:
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


def medians(rounds, contestants):
    """Seconds of each contestant, who take turns."""
    times = {name: [] for name, *_ in contestants}
    for _ in range(rounds):
        for name, run, *arguments in contestants:
            times[name].append(timed(run, *arguments))
    return {name: statistics.median(runs) for name, runs in times.items()}


def load():
    """What else the machine did in the last minute, as the system counts it."""
    return f"load average {os.getloadavg()[0]:.1f}"


def table(title, count, rounds, contestants, base):
    """Runs the contestants in turn and prints medians, rates and ratios to `base`."""
    before = load()
    found = medians(rounds, contestants)
    print(f"\n### {title}\n\n{rounds} rounds, {before} before and {load()} after")
    print(f"\n| | messages/s | ratio to {base} |\n| --- | ---: | ---: |")
    for name, median in found.items():
        print(f"| {name} | {count / median:,.0f} | {found[base] / median:.2f} |", flush=True)


def render_table(work, rounds):
    found = medians(rounds, [("mjml", mjml, work), ("digest render", render, work)])
    print("\n### One issue to HTML, whole process\n\n| | ms | ratio to mjml |\n| --- | ---: | ---: |")
    for name, median in found.items():
        print(f"| {name} | {median * 1000:,.1f} | 1/{found['mjml'] / median:,.0f} |", flush=True)


def watched(line):
    """Seconds of a process and the most memory that it had at once, in MiB."""
    started, peak = time.perf_counter(), 0
    with open(os.devnull, "w") as nowhere, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen([str(word) for word in line], stdout=nowhere, stderr=errors)
        # Not wait4: its figure begins with the memory of the process that forked, which is Python.
        # The mark only rises, so that the last look before the end is the peak.
        while process.poll() is None:
            try:
                with open(f"/proc/{process.pid}/status") as status:
                    marks = [mark for mark in status if mark.startswith("VmHWM")]
                peak = max([peak, *(int(mark.split()[1]) for mark in marks)])
            except (FileNotFoundError, ProcessLookupError):
                pass
            time.sleep(0.002 if time.perf_counter() - started < 1 else 0.05)
        seconds = time.perf_counter() - started
        errors.seek(0)
        assert process.returncode == 0, errors.read().decode()
    return seconds, peak / 1024


def scale(work, counts):
    """Lists of several lengths in random order: time and memory of planning and of sending."""
    rows = []
    for count in counts:
        people, ledger = work / "scale.csv", work / "scale.db"
        order = list(range(count))
        random.Random(count).shuffle(order)
        write_list(people, order)
        del order
        common = ["2025-11", "--publication", work / "publication", "--subscribers", people]
        common += ["--relay", f"smtp://127.0.0.1:{PORT}", "--store", f"sqlite:{ledger}", "--json"]
        planned = watched([DIGEST, "plan", *common])
        sent = watched([DIGEST, "send", *common, "--connections", 4, "--yes"])
        rows.append((count, *planned, *sent))
        for left in work.glob("scale.*"):
            left.unlink()
    first = rows[0]
    print(f"\n### Planning and sending by the length of the list, 4 connections\n\n{load()} after\n")
    print("| recipients | plan | peak memory | send | peak memory | ratio to the first | messages/s |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for count, plan, plan_peak, send, send_peak in rows:
        print(
            f"| {count:,} | {plan:.2f} s | {plan_peak:.0f} MiB | {send:.1f} s | {send_peak:.0f} MiB "
            f"| {send_peak / first[4]:.2f} | {count / send:,.0f} |",
            flush=True,
        )


def to_sink(work, chosen):
    """Tables against smtp-sink, which is on this machine and answers at once."""
    count, rounds = chosen.count, chosen.rounds
    table(f"{count:,} messages to smtp-sink, 4 connections", count, rounds, [
        ("smtp-source -d", smtp_source, work, count, 4),
        ("digest send, ledger on disk", digest, work, count, 4),
        ("the same without a ledger", no_ledger, work, count, 4),
    ], "smtp-source -d")
    count = chosen.peers
    table(f"{count:,} messages to smtp-sink, 4 connections", count, rounds, [
        ("nodemailer, pool", nodemailer, work, count, 4),
        ("lettre, pool", lettre, work, count, 4),
        ("Python smtplib", smtplib, work, count, 4),
        ("digest send, ledger on disk", digest, work, count, 4),
    ], "nodemailer, pool")
    key = work / "signed" / "dkim-bench.pem"
    table(f"{count:,} messages, DKIM RSA-2048, 4 connections", count, rounds, [
        ("nodemailer, pool, DKIM", nodemailer, work, count, 4, key),
        ("digest send, DKIM, ledger on disk", signed, work, count, 4),
        ("the same without a ledger", no_ledger, work, count, 4, "signed"),
    ], "nodemailer, pool, DKIM")


def to_slow(work, chosen, delay):
    """One connection to a server whose every answer is late."""
    count = chosen.slow
    with Sink(sys.executable, HERE / "slow_sink.py", PORT, delay):
        title = f"{count:,} messages, one connection, every answer {delay} ms late"
        table(title, count, 1 if delay else chosen.rounds, [
            ("lettre, pool (5 answers a message)", lettre, work, count, 1),
            ("digest send, lockstep (4 answers)", digest, work, count, 1, "?pipelining=off"),
            ("Python smtplib (4 answers)", smtplib, work, count, 1),
            ("digest send", digest, work, count, 1),
            ("digest send, DKIM", signed, work, count, 1),
        ], "lettre, pool (5 answers a message)")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--count", type=int, default=20_000, help="messages of the fast runs")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--slow", type=int, default=100, help="messages of the runs with late answers")
    options.add_argument("--peers", type=int, default=2_000, help="messages of the slower peers")
    options.add_argument("--scale", default="", help="lengths of lists, such as 10000,100000,1000000")
    options.add_argument("--only", default="sink,slow,render,scale", help="a part of the tables")
    chosen = options.parse_args()
    parts = chosen.only.split(",")
    build()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        prepare(work, {chosen.count, chosen.slow, chosen.peers})
        size = (work / "message.eml").stat().st_size
        print(f"{os.cpu_count()} processors ({platform.machine()}), messages of {size:,} bytes", flush=True)
        as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []
        sink = [tool("smtp-sink"), *as_nobody, f"127.0.0.1:{PORT}", 1000]
        if "sink" in parts:
            with Sink(*sink):
                to_sink(work, chosen)
        if "slow" in parts:
            for delay in (0, 20, 50):
                to_slow(work, chosen, delay)
        if "render" in parts:
            render_table(work, 2 * chosen.rounds + 1)
        if "scale" in parts and chosen.scale:
            with Sink(*sink):
                scale(work, [int(count) for count in chosen.scale.split(",")])


if __name__ == "__main__":
    main()
