"""What suppression and topics cost a send: rates of whole processes, in turn.

    python3 bench/list.py [--count 20000] [--rounds 11] [--without PATH]

Suppression: digest send with 1,000 suppressed people in its store, against the program at PATH, which
is digest built with the looks at the suppressions taken out (`Leavers::watch`, `refresh` and
`keep_looking`, and `leave_suppressed_out`). Topics: 10 sections of 5 topics to people of whom each has
opted out of some by chance, against the same issue to people who want all. The server is Postfix's
smtp-sink; it shares the processors. Prints medians, and the ratio of each pair of neighbouring runs.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import tempfile
import time

from compare import DIGEST, PORT, ROOT, Sink, load, tool, write_list

TOPICS = ["events", "jobs", "books", "film", "music"]


def send(digest, publication, people, template, work):
    """Seconds of one send, and how many were accepted; with a fresh copy of the store."""
    for left in work.glob("run.db*"):
        left.unlink()
    if template:
        shutil.copy(template, work / "run.db")
    line = [digest, "send", "2025-11", "--publication", publication, "--subscribers", people]
    line += ["--relay", f"smtp://127.0.0.1:{PORT}", "--store", f"sqlite:{work / 'run.db'}"]
    line += ["--connections", 4, "--yes", "--json", "--despite-receipt", "--despite-copy"]
    started = time.perf_counter()
    done = subprocess.run([str(word) for word in line], capture_output=True, text=True)
    seconds = time.perf_counter() - started
    assert done.returncode == 0, done.stderr + done.stdout
    return seconds, json.loads(done.stdout)["accepted"]


def pairs(name, rounds, one, other):
    """Runs both in turn, each first as often as the other, and prints their rates."""
    rates, ratios = ([], []), []
    for at in range(rounds):
        found = {}
        for which in (0, 1) if at % 2 == 0 else (1, 0):
            seconds, accepted = send(*(one, other)[which])
            found[which] = accepted / seconds
            rates[which].append(found[which])
        ratios.append(found[0] / found[1])
    first, second = (statistics.median(each) for each in rates)
    low, high = min(ratios), max(ratios)
    print(
        f"{name}: {first:,.0f}/s against {second:,.0f}/s, median of {rounds} ratios "
        f"{statistics.median(ratios):.3f} ({low:.3f} to {high:.3f}), {load()}",
        flush=True,
    )


def copy_publication(work):
    publication = work / "publication"
    publication.mkdir()
    for name in ("digest.toml", "issues", "theme"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, publication / name)
    return publication


def with_suppressed(work, publication):
    """A store in which 1,000 people are suppressed."""
    template = work / "template.db"
    people = work / "gone.csv"
    people.write_text("email,status\n" + "".join(f"gone{at}@g.example,unsubscribed\n" for at in range(1000)))
    line = [DIGEST, "subscribers", "import", people, "--publication", publication]
    line += ["--store", f"sqlite:{template}", "--consent", "the bench"]
    subprocess.run([str(word) for word in line], check=True, capture_output=True)
    return template


def with_topics(work):
    """An issue of ten sections, each with a topic, and two lists: who wants all, and who does not."""
    publication = work / "topics"
    shutil.copytree(work / "publication", publication)
    with open(publication / "digest.toml", "a", encoding="utf-8") as file:
        for topic in TOPICS:
            file.write(f'\n[topic.{topic}]\nname = "{topic.title()}"\n')
    folder = publication / "issues/2025-11"
    for left in folder.glob("*.md"):
        left.unlink()
    manifest = 'number = 1\ntitle = "Ten"\nsubject = "Ten sections"\ndate = 2025-11-06\n'
    manifest += 'preheader = "A preheader that is long enough to fill its line."\n'
    for at in range(10):
        manifest += f'\n[[section]]\nheading = "Section {at}"\ntopic = "{TOPICS[at % 5]}"\narticles = ["a{at}"]\n'
        words = " ".join(f"word{random.Random(at).randrange(999)}" for _ in range(200))
        text = f"---\ntitle: Article {at}\nauthor: A. Writer\n---\n\n{words}.\n"
        (folder / f"a{at}.md").write_text(text)
    (folder / "issue.toml").write_text(manifest)
    return publication


def write_choices(path, count, chance):
    choose = random.Random(count)
    with open(path, "w", encoding="utf-8") as file:
        file.write("email,first_name,topics\n")
        for at in range(count):
            # Somebody who wants nothing at all gets no mail: one topic stays.
            out = [topic for topic in TOPICS[1:] if choose.random() < chance]
            file.write(f"reader{at}@d{at % 50}.example,Ada,{';'.join('-' + topic for topic in out)}\n")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--count", type=int, default=20000)
    arguments.add_argument("--rounds", type=int, default=11)
    arguments.add_argument("--without", type=pathlib.Path)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=ROOT / "target") as folder:
        work = pathlib.Path(folder)
        publication = copy_publication(work)
        template = with_suppressed(work, publication)
        write_list(work / "list.csv", range(asked.count))
        topics = with_topics(work)
        write_choices(work / "some.csv", asked.count, 0.3)
        write_choices(work / "all.csv", asked.count, 0)
        # As root it wants the name of somebody to run as.
        as_nobody = ["-u", "nobody"] if os.getuid() == 0 else []
        with Sink(tool("smtp-sink"), *as_nobody, f"127.0.0.1:{PORT}", 1000):
            if asked.without:
                pairs(
                    "suppression checked, against not checked", asked.rounds,
                    (DIGEST, publication, work / "list.csv", template, work),
                    (asked.without, publication, work / "list.csv", template, work),
                )
            pairs(
                "topics by chance, against one variant", asked.rounds,
                (DIGEST, topics, work / "some.csv", template, work),
                (DIGEST, topics, work / "all.csv", template, work),
            )


if __name__ == "__main__":
    main()
