"""`run`: a job in one process. `resume`: marks the killed run failed and re-executes it from its failure, as a person would."""

import sys

import step
from dagster import DagsterInstance, DagsterRunStatus, ReexecutionOptions, execute_job, in_process_executor, job, op, reconstructable


def made(number):
    if number == 0:

        @op(name="s0")
        def first():
            return step.run(0, step.first())

        return first

    @op(name=f"s{number}")
    def each(data):
        return step.run(number, data)

    return each


OPS = [made(number) for number in range(10)]


@job(executor_def=in_process_executor)
def ten_steps():
    data = OPS[0]()
    for each in OPS[1:]:
        data = each(data)


if __name__ == "__main__":
    instance = DagsterInstance.get()
    options = None
    if sys.argv[1:] == ["resume"]:
        killed = instance.get_runs(limit=1)[0]
        if killed.status != DagsterRunStatus.FAILURE:
            instance.report_run_failed(killed)
        options = ReexecutionOptions.from_failure(killed.run_id, instance)
    done = execute_job(reconstructable(ten_steps), instance=instance, reexecution_options=options)
    sys.exit(0 if done.success else 1)
