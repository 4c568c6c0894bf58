"""What the peers in Python share: they are told WORK COUNT and answer with times in microseconds."""

import random
import sys
import time

KIND_SCALE = 4
STEPS_EVERY = 50  # as baseline_with_steps


class Refusal(Exception):
    """Why a peer is not measured."""


def now():
    return time.time_ns() // 1000


def expect(connection, pragma, expected):
    found = connection.execute(f"PRAGMA {pragma}").fetchone()[0]
    if found != expected:
        raise Refusal(f"{pragma} is {found}, not {expected}")


def configure(connection):
    """Sets what Rollbook's writer sets, and reads it back."""
    pragmas = {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "wal_autocheckpoint": 16000,
        "journal_size_limit": 75497472, "temp_store": 2, "cache_size": -32768}
    for pragma, value in pragmas.items():
        connection.execute(f"PRAGMA {pragma} = {value}").fetchall()
        expect(connection, pragma, value)


class Peer:
    """A peer's works are its methods; each is timed as a whole."""

    def __init__(self, journal, statements, operations, last):
        with open(statements, encoding="utf-8") as lines:
            self.sql = dict(line.rstrip("\n").split("\t") for line in lines)
        self.journal = journal
        self.operations = int(operations)
        self.last = int(last)
        self.chance = random.Random(1)

    def told(self):
        """The number of an operation that has steps."""
        return (self.chance.randrange(self.operations // STEPS_EVERY) * STEPS_EVERY
                + STEPS_EVERY // 2)

    def answer(self, question):
        work, _, count = question.partition(" ")
        if work == "hello":
            return self.hello()
        times = []
        for _ in range(int(count)):
            subject = self.choose(work)
            begin = time.perf_counter_ns()
            getattr(self, work)(subject)
            times.append(f"{(time.perf_counter_ns() - begin) / 1000:.1f}")
        return " ".join(times)


def serve(make):
    peer = None
    for line in sys.stdin:
        try:
            peer = peer or make(*sys.argv[1:])
            print(peer.answer(line.strip()), flush=True)
        except Refusal as refusal:
            print(f"refused: {refusal}", flush=True)
        except Exception as error:  # told to who asked, whatever it is
            print(f"failed: {error!r}".replace("\n", " "), flush=True)
