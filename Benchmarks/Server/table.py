"""Makes the table of what Benchmarks/Server/run has measured."""

import os
import statistics
import sys


def read(path):
    with open(path) as file:
        rows = [[float(word) for word in line.split()] for line in file]
    assert rows and all(row[2] == 0 for row in rows), f"errors in {path}: {rows}"
    return rows


def spread(values):
    return f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"


def main():
    scratch, size, idle, loaded = sys.argv[1:5]
    ours, bare = read(scratch + "/ours"), read(scratch + "/bare")
    rate = [a[0] / b[0] for a, b in zip(ours, bare)]
    tail = [a[1] / b[1] for a, b in zip(ours, bare)]
    print(f"ListApplicationOperations, 20 of a million ({size} bytes), {len(ours)} rounds\n")
    print("| | ours | bare | ratio (lowest to highest round) | goal | |")
    print("|---|---|---|---|---|---|")
    for name, index, ratios, goal, met in [
        ("requests a second", 0, rate, "≥ 0.5", statistics.median(rate) >= 0.5),
        ("p99, ms", 1, tail, "≤ 2", statistics.median(tail) <= 2),
    ]:
        left = statistics.median(row[index] for row in ours)
        right = statistics.median(row[index] for row in bare)
        verdict = "met" if met else "missed"
        print(f"| {name} | {left:.1f} | {right:.1f} | {spread(ratios)} | {goal} | {verdict} |")
    # Nothing is asked twice, so that every answer is looked up in the journal.
    others = read(scratch + "/spread")
    rate = [a[0] / b[0] for a, b in zip(others, bare)]
    left, right = (statistics.median(row[0] for row in rows) for rows in (others, bare))
    print(f"| requests a second, each about another application | {left:.1f} | {right:.1f} ", end="")
    print(f"| {spread(rate)} | | |")
    for name, value, goal in [("idle", float(idle), 40), ("at that load", float(loaded), 150)]:
        verdict = "met" if value <= goal else "missed"
        print(f"| memory {name}, MiB | {value} | | | ≤ {goal} | {verdict} |")
    if os.path.exists(scratch + "/moto"):
        moto, own = read(scratch + "/moto")[0], read(scratch + "/applications")[0]
        print(f"\nListApplications: moto {moto[0]:.0f}/s (p99 {moto[1]:.1f} ms, no application), ", end="")
        print(f"Rollbook {own[0]:.0f}/s (p99 {own[1]:.1f} ms, one of 10,000)")


main()
