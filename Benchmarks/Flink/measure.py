"""Times Rollbook and bare.py in turn, and each way to fail once. See run."""

import json
import os
import statistics
import subprocess
import sys
import time
import uuid

rollbook, url, jobs, scratch, rounds = sys.argv[1:]
rounds = int(rounds)
here = os.path.dirname(os.path.abspath(__file__))
WINDOW = 1.0
environment = dict(os.environ, NO_COLOR="1")


def command(words, status):
    """Runs a command; returns its output, seconds, processor seconds and peak memory in KiB."""
    with open(scratch + "/err", "w+") as err, open(scratch + "/out", "w+") as out:
        start = time.monotonic()
        process = subprocess.Popen(words, stdout=out, stderr=err, env=environment)
        _, code, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(code)
        for file in (out, err):
            file.seek(0)
        if process.returncode != status:
            sys.exit(f"{words}: {process.returncode}\n{out.read()}{err.read()}")
        return out.read(), seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def ours(*words, status=0):
    return command([rollbook, *words], status)


def sql(text):
    out = ours("sql", "--output", "jsonl", text)[0]
    return [json.loads(line) for line in out.splitlines()]


def create(name, *options):
    ours("create", name, "--runtime", "flink", "--flink-url", url, "--code",
         f"{jobs}/counting.jar", "--rollback", "--settle", str(WINDOW),
         "--arg", "--out", "--arg", f"{scratch}/{name}", *options)
    ours("start", name)


def curl(*words):
    return json.loads(subprocess.run(
        ["curl", "-sf", *words], check=True, capture_output=True).stdout)


def upload(name):
    answer = curl("-F", f"jarfile=@{jobs}/{name}.jar;type=application/x-java-archive",
                  url + "/jars/upload")
    return os.path.basename(answer["filename"])


def spread(values):
    return f"{statistics.median(values):.3f} ({min(values):.3f}–{max(values):.3f})"


def compare():
    create("shop")
    good, bad = upload("counting"), upload("throws-in-main")
    job = uuid.uuid4().hex
    curl("-H", "Content-Type: application/json", "-d", json.dumps(
        {"jobId": job, "parallelism": 1, "programArgsList": ["--out", scratch + "/bare"]}),
        f"{url}/jars/{good}/run")
    time.sleep(3)
    figures = []
    for number in range(rounds + 1):
        _, seconds, processor, memory = ours(
            "update", "shop", "--code", f"{jobs}/throws-in-main.jar", "--description",
            str(number), status=3)
        out, bare, bare_processor, _ = command(
            [sys.executable, here + "/bare.py", url, good, bad, job,
             f"file://{scratch}/flink/savepoints", str(WINDOW), scratch + "/bare"], 0)
        job = out.strip()
        # The first round warms everything.
        if number:
            figures.append(
                (seconds, bare, processor * 1000, memory / 1024, bare_processor * 1000))
    good_ones = [
        ours("update", "shop", "--code", f"{jobs}/counting.jar", "--description", f"good {number}")
        for number in range(5)]
    ours("stop", "shop", "--force")
    curl("-X", "PATCH", f"{url}/jobs/{job}?mode=cancel")
    times, bares, processors, memories, bare_processors = zip(*figures)
    ratios = [one / other for one, other in zip(times, bares)]
    print(f"A failed update until RUNNING again, {rounds} rounds, window {WINDOW:g} s:\n")
    print("| | median (lowest to highest) | goal | |\n|---|---|---|---|")
    print(f"| `rollbook update`, s | {spread(times)} | | |")
    print(f"| the bare script, s | {spread(bares)} | | |")
    print(f"| its processor time, Python included, ms | {spread(bare_processors)} | | |")
    rows = [("ratio", ratios, 1.15),
            ("processor time of an update that succeeds, ms", [o[2] * 1000 for o in good_ones], 100),
            ("of one that fails and is rolled back, ms", processors, 100),
            ("its peak memory, MiB", memories, 40)]
    for name, values, goal in rows:
        verdict = "met" if statistics.median(values) <= goal else "missed"
        print(f"| {name} | {spread(values)} | ≤ {goal} | {verdict} |")


CASES = [
    ("main() throws", "throws-in-main"),
    ("main() never calls execute()", "never-executes"),
    ("main() calls System.exit", "exits-in-main"),
    ("main() throws after it has executed", "throws-after-executing"),
    ("the entry class is not there", "counting", "--entry-class", "jobs.Nope"),
    ("an operator fails at the first number", "null-pointer"),
    ("open() fails", "fails-in-open"),
    ("fails after 3 s, inside a bake time of 20 s", "fails-later", "--bake", "20"),
    ("operator uid changed", "uid-changed"),
    ("serializer changed", "serializer-changed"),
    ("parallelism above the max parallelism", "counting", "--parallelism", "3",
     "--max-parallelism", "2"),
    ("more parallelism than slots", "counting", "--parallelism", "40"),
]


def table():
    print("\nEach way to fail once, restart strategy and all else as in `scripts/flink`, seconds:\n")
    print("| | phase | update to failure | failure to RUNNING | root cause |\n|---|---|---|---|---|")
    for number, (what, jar, *options) in enumerate(CASES):
        name = f"case-{number}"
        create(name)
        time.sleep(1)
        ours("update", name, "--code", f"{jobs}/{jar}.jar", *options, status=3)
        seen = sql(f"""
            SELECT f.phase, f.root_cause, u.started_at AS started, o.ended_at AS ended,
              (SELECT min(t.at) FROM operation_steps AS t
               WHERE t.operation_id = u.id AND t.step = 'failing') AS failed
            FROM applications AS a
            JOIN operations AS u ON u.application_id = a.id
            JOIN failures AS f ON f.operation_id = u.id
            JOIN operations AS r ON r.caused_by = u.id
            JOIN operation_outcomes AS o ON o.operation_id = r.id
            WHERE a.name = '{name}'""")[0]
        ours("stop", name, "--force")
        cause = seen["root_cause"][:90].replace("|", "\\|")
        print(f"| {what} | {seen['phase']} | {(seen['failed'] - seen['started']) / 1e6:.1f} | "
              f"{(seen['ended'] - seen['failed']) / 1e6:.1f} | {cause} |")


compare()
table()
