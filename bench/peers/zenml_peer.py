import os

import step as work
from zenml import pipeline, step


@step
def s0(salt: str) -> bytes:
    return work.run(0, work.first())


@step
def s1(data: bytes) -> bytes:
    return work.run(1, data)


@step
def s2(data: bytes) -> bytes:
    return work.run(2, data)


@step
def s3(data: bytes) -> bytes:
    return work.run(3, data)


@step
def s4(data: bytes) -> bytes:
    return work.run(4, data)


@step
def s5(data: bytes) -> bytes:
    return work.run(5, data)


@step
def s6(data: bytes) -> bytes:
    return work.run(6, data)


@step
def s7(data: bytes) -> bytes:
    return work.run(7, data)


@step
def s8(data: bytes) -> bytes:
    return work.run(8, data)


@step
def s9(data: bytes) -> bytes:
    return work.run(9, data)


@pipeline(enable_cache=True)
def ten_steps(salt: str):
    data = s0(salt)
    for each in (s1, s2, s3, s4, s5, s6, s7, s8, s9):
        data = each(data)


ten_steps(os.environ["BENCH_SALT"])
