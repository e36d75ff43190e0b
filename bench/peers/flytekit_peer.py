import step
from flytekit import task, workflow


@task(cache=True, cache_version="1")
def one(number: int, data: str) -> str:
    return step.run(number, bytes.fromhex(data)).hex()


@workflow
def ten_steps(data: str) -> str:
    for number in range(10):
        data = one(number=number, data=data)
    return data


if __name__ == "__main__":
    ten_steps(data=step.first().hex())
