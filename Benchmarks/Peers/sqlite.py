"""The journal's work in Python's sqlite3: the same statements on a copy of the same journal."""

import platform
import sqlite3

from peer import KIND_SCALE, Peer, configure, now, serve

FREQUENT_KINDS = 5
OPEN = 1000
SUCCESSFUL, RUNNING = 2, 2
OUTCOME = 20  # where a record's outcome begins


class SQLitePeer(Peer):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.writer = sqlite3.connect(self.journal, isolation_level=None)
        configure(self.writer)
        self.reader = sqlite3.connect(
            f"file:{self.journal}?mode=ro", uri=True, isolation_level=None)
        self.writer.execute("BEGIN IMMEDIATE")
        self.open = [self.begin(2 + i, i % 8 + 1)[0] for i in range(OPEN)]
        self.writer.execute("COMMIT")
        self.next_open = 0

    def hello(self):
        return (f"ready: Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
                "synchronous FULL, read back")

    def choose(self, work):
        if work == "append":
            self.next_open += 1
            return self.open[self.next_open % OPEN]
        if work == "describe":
            return self.told()
        if work == "operate":
            return self.chance.randint(2 + OPEN, self.last), self.chance.randint(1, 8)
        return self.chance.randint(2, self.last)

    # Writing

    def begin(self, application, parallelism):
        run = self.writer.execute
        last = run(self.sql["newest_record"], (application,)).fetchone()
        pointers = [None] * 8
        version, before, good_state = 1, 1, None
        if last:
            pointers = list(last[12:20])
            pointers[0] = last[0]
            pointers[2 if last[OUTCOME + 1] == SUCCESSFUL else 1] = last[0]
            if last[2] <= FREQUENT_KINDS:
                pointers[2 + last[2]] = last[0]
            version, before, good_state = (last[OUTCOME + i] for i in (4, 5, 9))
        row = (application, KIND_SCALE, now(), "deploy@build-07", None, None, version, None, before,
               parallelism, None, *pointers)
        operation = run(self.sql["insert_operation"], row).lastrowid
        run(self.sql["upsert_head"], (application, operation))
        run(self.sql["insert_open"], (application, operation))
        return operation, version, good_state

    def finish(self, application, operation, version, parallelism, good_state):
        run = self.writer.execute
        top = run(self.sql["good_state"], (good_state,)).fetchone() if good_state else None
        pushes = top is None or (top[0], top[1]) != (version, parallelism)
        self.refuse_ended(operation)
        run(self.sql["insert_outcome"],
            (operation, application, SUCCESSFUL, now(), RUNNING, version, parallelism, None, None,
             None, operation if pushes else good_state, good_state if pushes else None,
             1 if pushes else None, None, None, None))
        run(self.sql["delete_open"], (application,))

    def refuse_ended(self, operation):
        if self.writer.execute(self.sql["has_ended"], (operation,)).fetchone():
            raise ValueError("the operation has ended")

    def operate(self, subject):
        application, parallelism = subject
        self.writer.execute("BEGIN IMMEDIATE")
        operation, version, good_state = self.begin(application, parallelism)
        self.writer.execute("COMMIT")
        self.writer.execute("BEGIN IMMEDIATE")
        self.finish(application, operation, version, parallelism, good_state)
        self.writer.execute("COMMIT")

    def append(self, operation):
        detail = f'{{"generation":"{operation:032x}","parallelism":4,"version":7}}'
        self.writer.execute("BEGIN IMMEDIATE")
        self.refuse_ended(operation)
        self.writer.execute(self.sql["insert_step"], (operation, now(), "deploying", detail))
        self.writer.execute("COMMIT")

    # Reading

    def newest(self, application):
        run = self.reader.execute
        run("BEGIN")
        next_one = run(self.sql["head"], (application,)).fetchone()[0]
        rows = []
        while next_one and len(rows) < 20:
            row = run(self.sql["record"], (next_one,)).fetchone()
            rows.append(row)
            next_one = row[12]
        run("COMMIT")
        assert len(rows) == 20

    def describe(self, operation):
        run = self.reader.execute
        run("BEGIN")
        record = run(self.sql["record"], (operation,)).fetchone()
        run(self.sql["failure"], (operation,)).fetchone()
        steps = run(self.sql["steps"], (operation,)).fetchall()
        run("COMMIT")
        assert record and len(steps) == 3


serve(SQLitePeer)
