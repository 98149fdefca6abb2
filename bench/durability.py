#!/usr/bin/env python3
"""What durability costs: ways of writing a send's states to SQLite, in rows a second.

    python3 bench/durability.py [--folder DIR] [--seconds 3]

Run it with a folder on the disk whose cost is asked for: on a disk in memory a sync costs nothing.
A row is claimed, marked before its final dot, and given its outcome; no message is sent.
"""

import argparse
import json
import os
import sqlite3
import statistics
import tempfile
import time

TABLE = """
CREATE TABLE recipient (
    id INTEGER PRIMARY KEY, issue TEXT NOT NULL, identity TEXT NOT NULL, state TEXT NOT NULL,
    claimed_by INTEGER, code INTEGER, text TEXT, message_id TEXT, at TEXT);
CREATE INDEX recipient_by_state ON recipient (issue, state, id);
"""
ROWS = 400_000
CLAIM = 200
GROUP = 200
REPLY = "2.0.0 Ok: queued as 4bXyZ1234567"
AT = "2025-11-06T14:00:00Z"


def book(folder, synchronous):
    """A ledger with rows that wait."""
    base = sqlite3.connect(os.path.join(folder, "bench.db"), isolation_level=None)
    base.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;" + TABLE)
    base.execute("BEGIN")
    base.executemany(
        "INSERT INTO recipient (id, issue, identity, state) VALUES (?, '2025-11', ?, 'pending')",
        ((row, f"reader{row}@mail.example") for row in range(1, ROWS + 1)),
    )
    base.execute("COMMIT")
    base.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    base.execute(f"PRAGMA synchronous = {synchronous}")
    return base


def claim(base, first, count):
    base.execute(
        "UPDATE recipient SET state = 'claimed', claimed_by = 1 WHERE id >= ? AND id < ?",
        (first, first + count),
    )


def settle(base, row):
    base.execute(
        "UPDATE recipient SET state = 'accepted', code = 250, text = ?, message_id = ?, at = ?"
        " WHERE id = ?",
        (REPLY, f"id{row}@a.example", AT, row),
    )


def mark(journal, row):
    journal.write(json.dumps({"dot": [row, f"id{row}@a.example"]}).encode() + b"\n")


def outcome(journal, row):
    line = {"row": row, "state": "accepted", "code": 250, "enhanced": "2.0.0", "text": REPLY,
            "at": AT, "message_id": f"id{row}@a.example"}
    journal.write(json.dumps({"settled": line}).encode() + b"\n")


def ledger(base, journal, first):
    """As digest writes: a claim and a group of outcomes synced, the marks between them not."""
    claim(base, first, CLAIM)
    for row in range(first, first + CLAIM):
        mark(journal, row)
        outcome(journal, row)
    for start in range(first, first + CLAIM, GROUP):
        base.execute("BEGIN")
        for row in range(start, start + GROUP):
            settle(base, row)
        base.execute("COMMIT")
    return CLAIM


def each(base, _journal, row):
    """The attempt and its outcome, a commit each."""
    claim(base, row, 1)
    settle(base, row)
    return 1


WAYS = [
    ("the ledger: claims and groups synced, marks not", "FULL", ledger),
    ("the same with synchronous=NORMAL", "NORMAL", ledger),
    ("the same with synchronous=OFF", "OFF", ledger),
    ("two commits a message, NORMAL", "NORMAL", each),
    ("two commits a message, FULL", "FULL", each),
]


def measure(where, synchronous, way, seconds):
    with tempfile.TemporaryDirectory(dir=where) as folder:
        base = book(folder, synchronous)
        with open(os.path.join(folder, "marks"), "wb", buffering=0) as journal:
            row, start = 1, time.perf_counter()
            while time.perf_counter() - start < seconds and row + CLAIM <= ROWS:
                row += way(base, journal, row)
            took = time.perf_counter() - start
        base.close()
        return (row - 1) / took


def fsync(where):
    """One 4 KiB block appended and synced, in milliseconds: the median of 200."""
    times = []
    with tempfile.TemporaryFile(dir=where, buffering=0) as file:
        for _ in range(200):
            file.write(bytes(4096))
            start = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", default=".", help="a folder on the disk in question")
    parser.add_argument("--seconds", type=float, default=3, help="for each way and round")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    print(f"One fdatasync of 4 KiB: {fsync(asked.folder):.2f} ms; SQLite {sqlite3.sqlite_version}\n")
    found = {name: [] for name, _, _ in WAYS}
    for _ in range(asked.rounds):
        for name, synchronous, way in WAYS:
            found[name].append(measure(asked.folder, synchronous, way, asked.seconds))
    first = statistics.median(found[WAYS[0][0]])
    print("| way | rows/s | ratio |\n| --- | ---: | ---: |")
    for name, rates in found.items():
        rate = statistics.median(rates)
        print(f"| {name} | {rate:,.0f} | {rate / first:.3f} |")


if __name__ == "__main__":
    main()
