"""What all peers of the ingest benchmark share: one piece of work, measured, and the digests of its files."""

import hashlib
import json
import resource
import sys
import time


def measure(work):
    """Runs work(path, format, key, written) once and prints its cost; starting Python and importing are not in it."""
    asked = json.loads(sys.argv[1])
    written = asked["out"] + "/table.parquet"
    before, at = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    work(asked["path"], asked["format"], asked["key"], written)
    for path in (asked["path"], written):
        with open(path, "rb") as file:
            hashlib.file_digest(file, "sha256")
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    cost = {"cpuSeconds": cpu, "seconds": time.monotonic() - at, "peakBytes": after.ru_maxrss * 1024}
    print(json.dumps(cost))
