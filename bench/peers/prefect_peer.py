import step
from prefect import flow, task


@task
def one(number: int, data: bytes) -> bytes:
    return step.run(number, data)


@flow
def ten_steps():
    data = step.first()
    for number in range(10):
        data = one(number, data)


ten_steps()
