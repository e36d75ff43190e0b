"""The step that every peer runs: 64 KB of bytes in, 64 KB out, its start and end written to one file.

BENCH_EVENTS: that file. BENCH_SALT: makes a run's first input new. BENCH_HANG: a file that the first to reach step 5
leaves, and then stays there until it is killed.
"""

import hashlib
import os
import time

BYTES = 64 * 1024


def first() -> bytes:
    return hashlib.shake_256(os.environ["BENCH_SALT"].encode()).digest(BYTES)


def run(step: int, data: bytes) -> bytes:
    hang = os.environ.get("BENCH_HANG")
    hangs = bool(hang) and step == 5 and not os.path.exists(hang)
    if hangs:
        open(hang, "w").close()
    note("start", step)
    if hangs:
        time.sleep(600)
    out = hashlib.shake_256(data).digest(BYTES)
    note("end", step)
    return out


def note(kind: str, step: int) -> None:
    with open(os.environ["BENCH_EVENTS"], "a") as events:
        events.write(f"{time.time():.6f} {kind} {step}\n")
