"""The recorder of the Python package `eventsourcing`: events of aggregates, not operations.

A durable append is one event recorded; a whole operation is two, one after the other; the newest 20
are those of an aggregate; one event is described. As many events as the journal has operations, of
10,000 aggregates.
"""

import importlib.metadata
import sqlite3
import sys
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder, SQLiteConnectionPool, SQLiteDatastore)

from peer import Peer, configure, serve

AGGREGATES = 10_000
TOPIC = "journal.domain:Operation.Scaled"
STATE = (b'{"actor":"deploy@build-07","kind":"ScaleApplication","parallelism_from":4,'
         b'"parallelism_to":5,"version":7}')


class Pool(SQLiteConnectionPool):
    """The package's own, whose connections are set as Rollbook's."""

    def _create_connection(self):
        connection = super()._create_connection()
        configure(connection._sqlite_conn)
        return connection


class RecorderPeer(Peer):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        datastore = SQLiteDatastore(self.journal)
        datastore.pool = Pool(db_name=self.journal)
        self.recorder = SQLiteApplicationRecorder(datastore)
        self.each = self.operations // AGGREGATES
        self.versions = {}

    def fill(self):
        """In the order in which they would have come: one of each aggregate, again and again."""
        connection = sqlite3.connect(self.journal, isolation_level=None)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        for statement in self.recorder.create_table_statements:
            connection.execute(statement)
        connection.execute("BEGIN")
        connection.execute(
            "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?) "
            "INSERT INTO stored_events SELECT printf('%032x', i % ?), i / ? + 1, ?, ? FROM n",
            (self.each * AGGREGATES, AGGREGATES, AGGREGATES, TOPIC, STATE))
        connection.execute("COMMIT")
        connection.close()

    def hello(self):
        return (f"ready: eventsourcing {importlib.metadata.version('eventsourcing')}, "
                f"SQLite {sqlite3.sqlite_version}, synchronous FULL, read back; "
                "events of aggregates, not operations")

    def choose(self, work):
        return UUID(int=self.chance.randrange(AGGREGATES))

    def append(self, aggregate):
        version = self.versions.get(aggregate, self.each) + 1
        self.recorder.insert_events([StoredEvent(aggregate, version, TOPIC, STATE)])
        self.versions[aggregate] = version

    def operate(self, aggregate):
        self.append(aggregate)
        self.append(aggregate)

    def newest(self, aggregate):
        assert len(self.recorder.select_events(aggregate, desc=True, limit=20)) == 20

    def describe(self, aggregate):
        version = 1 + aggregate.int % self.each
        assert len(self.recorder.select_events(aggregate, gt=version - 1, lte=version)) == 1


# `recorder.py fill …` makes the database, and answers nobody.
if sys.argv[1] == "fill":
    RecorderPeer(*sys.argv[2:]).fill()
else:
    serve(RecorderPeer)
