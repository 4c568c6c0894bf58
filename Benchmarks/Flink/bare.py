"""A failed update and the way back by hand: nothing but the REST calls, looking every 50 ms.

usage: bare.py URL GOOD-JAR-ID BAD-JAR-ID JOB SAVEPOINTS WINDOW COUNTED
Prints the id of the job that runs at the end.
"""

import http.client
import json
import sys
import time
import uuid
from urllib.parse import urlsplit

url, good, bad, job, savepoints, window, counted = sys.argv[1:]
connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)


def call(method, path, body=None):
    connection.request(
        method, path, json.dumps(body) if body is not None else None,
        {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read() or b"{}")


def wait(look):
    while (found := look()) is None:
        time.sleep(0.05)
    return found


def run(jar, savepoint):
    new = uuid.uuid4().hex
    return new, *call("POST", f"/jars/{jar}/run", {
        "jobId": new, "parallelism": 1, "savepointPath": savepoint, "restoreMode": "NO_CLAIM",
        "allowNonRestoredState": False, "programArgsList": ["--out", counted]})


def completed():
    _, seen = call("GET", f"/jobs/{job}/savepoints/{trigger}")
    return seen["operation"]["location"] if seen["status"]["id"] == "COMPLETED" else None


def finished():
    return call("GET", f"/jobs/{job}/status")[1]["status"] == "FINISHED" or None


def all_run():
    _, seen = call("GET", f"/jobs/{back}")
    return seen["state"] == "RUNNING" and all(
        vertex["tasks"]["RUNNING"] == vertex["parallelism"] for vertex in seen["vertices"]) or None


_, begun = call("POST", f"/jobs/{job}/stop", {"targetDirectory": savepoints, "drain": False})
trigger = begun["request-id"]
savepoint = wait(completed)
wait(finished)
_, status, _ = run(bad, savepoint)
assert status == 400, status
back, status, answer = run(good, savepoint)
assert status == 200, answer
wait(all_run)
end = time.monotonic() + float(window)
while time.monotonic() < end:
    assert all_run(), "it does not run any more"
    time.sleep(0.05)
print(back)
