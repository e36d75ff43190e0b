/** The study's workflow, by activities of the test's own: when a trial may start, what is asked again, how a failure ends it. */
import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import flights from '../../examples/flights/project';
import type { MlopsClient } from '../../src/client';
import { studyWorkflowId } from '../../src/domain/ids';
import { MESSAGES, type OperatorAnswer } from '../../src/domain/messages';
import type { StudyBudget, StudyInput, StudyWinner } from '../../src/domain/phases';
import { planOf } from '../../src/domain/plan';
import type { StudyEnd } from '../../src/domain/study/study-records';
import type { Trial } from '../../src/domain/study/trial';
import { digestOf } from '../../src/runtime/digest';
import { eventually } from '../support/eventually';
import { startWorkflowsAlone } from '../support/workflows-alone';

const queue = `study-${randomUUID().slice(0, 8)}`;
const refs = {
  definition: { kind: 'definition', id: 'a', digest: digestOf('a') },
  snapshot: { kind: 'snapshot', id: 'b', digest: digestOf('b') },
  labelSet: { kind: 'labelSet', id: 'c', digest: digestOf('c') },
} as const;
const winner = {
  number: 1,
  loss: 0.5,
  features: { kind: 'featureSet', id: 'd', digest: digestOf('d') },
  run: { kind: 'run', id: 'e', digest: digestOf('e') },
} as const;

let client: MlopsClient;
let close: () => Promise<void>;
/** What a trial of the project does. */
const trials = new Map<string, (number: number) => Promise<Trial>>();
const fits = new Map<string, string[]>();

interface Decided {
  readonly project: string;
  readonly trials: number;
  readonly ended: StudyEnd;
}
/** Of how many trials a project's winner was chosen, and why of no more. */
const decided = new Map<string, Omit<Decided, 'project'>>();
const answers = new Map<string, string[]>();
/** What the record of a message waits for. */
const recording = new Map<string, Promise<void>>();

interface Fitted {
  readonly definition: { readonly id: string };
  readonly missing: string;
  readonly fold?: number;
}

interface Asked {
  readonly project: string;
  readonly number: number;
}

beforeAll(async () => {
  ({ client, close } = await startWorkflowsAlone(
    queue,
    {
      mlopsCountPollers: async () => 1,
      mlopsDecideStudy: async ({ project, trials: run, ended }: Decided): Promise<StudyWinner> => {
        decided.set(project, { trials: run, ended });
        return winner;
      },
      mlopsRecordStudyMessage: async ({ project, answer }: { project: string; answer: OperatorAnswer }) => {
        await recording.get(project);
        answers.set(project, [...(answers.get(project) ?? []), answer.outcome]);
      },
    },
    {
      mlopsFitFeatures: async ({ definition, missing, fold }: Fitted) => {
        const of = fold === undefined ? missing : `${missing}, fold ${fold}`;
        fits.set(definition.id, [...(fits.get(definition.id) ?? []), of]);
        return winner.features;
      },
      // Where it trains: by the others' queue it would have no slot.
      mlopsDecideStudy: async ({ project, trials: run, ended }: Decided): Promise<StudyWinner> => {
        decided.set(`compute: ${project}`, { trials: run, ended });
        return winner;
      },
      mlopsTrial: ({ project, number }: Asked) => trials.get(project)!(number),
    }
  ));
});
afterAll(() => close());

interface Started extends Partial<StudyBudget> {
  readonly trials: number;
  readonly parallelism: number;
  readonly folds?: number;
}

function start(project: string, { trials: all, parallelism, folds, ...budget }: Started) {
  const study = { trials: all, parallelism, ...(folds === undefined ? {} : { folds }) };
  const definition = { ...flights, name: project };
  const of = { oneOf: [{ trees: { depth: { int: [2, 6] } } }, { network: {} }] };
  const input: StudyInput = {
    v: 1,
    project,
    cycle: 1,
    ...refs,
    definition: { ...refs.definition, id: project },
    plan: planOf({ ...definition, model: { study: { of, ...study, sampler: 'tpe', seed: 1 } } }),
    searchAttributes: false,
    asOf: '2001-02-01T00:00:00Z',
    attempt: 'first',
    from: 1,
    ended: { trials: 0, failed: 0, stopped: 0 },
    budget: { trials: all, answers: [], ...budget },
  };
  return client.temporal.workflow.start<(input: StudyInput) => Promise<StudyWinner>>('study', {
    workflowId: studyWorkflowId(project, 1),
    taskQueue: queue,
    args: [input],
  });
}

test('trial n starts once trials 1 to n − parallelism have ended, in whichever order the others do', async () => {
  const project = `${queue}-order`;
  const ended = new Set<number>();
  const early: number[] = [];
  const waiting = new Map<number, (() => void)[]>();
  const over = (number: number) =>
    new Promise<void>((resolve) => {
      if (ended.has(number)) resolve();
      else waiting.set(number, [...(waiting.get(number) ?? []), resolve]);
    });
  let running = 0;
  let most = 0;
  const parallelism = 3;
  trials.set(project, async (number) => {
    running += 1;
    most = Math.max(most, running);
    for (let before = 1; before <= number - parallelism; before += 1) if (!ended.has(before)) early.push(number);
    // The first of each three is the last of them to end.
    if (number % parallelism === 1) await Promise.all([over(number + 1), over(Math.min(number + 2, 20))]);
    ended.add(number);
    running -= 1;
    for (const go of waiting.get(number) ?? []) go();
    return { number, choices: [], loss: 1 / number };
  });
  const handle = await start(project, { trials: 20, parallelism });
  expect(await handle.result()).toEqual(winner);
  const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
  expect(currentDetails).toContain('- trials: 20 of 20, 3 at once\n- failed: 0\n- best: trial 20, loss 0.05\n');
  expect(early).toEqual([]);
  expect(ended.size).toBe(20);
  // As many at once: the first of three could not end before the others had.
  expect(most).toBeLessThanOrEqual(parallelism);
  // Once for each way in which its models take missing numbers, before all trials.
  expect(fits.get(project)).toEqual(['replaced', 'kept']);
});

test('a trial that fails by itself is one of the trials', async () => {
  const project = `${queue}-own`;
  trials.set(project, async (number) =>
    number === 2
      ? { number, choices: [], failure: { code: 'MLOPS_TRAINING_DIVERGED', reason: 'diverged' } }
      : { number, choices: [], loss: number }
  );
  const handle = await start(project, { trials: 4, parallelism: 2 });
  expect(await handle.result()).toEqual(winner);
});

test('what every trial would fail with ends the study with that very failure, and no trial begins after it', async () => {
  const project = `${queue}-all`;
  const asked: number[] = [];
  trials.set(project, async (number) => {
    asked.push(number);
    if (number === 2) throw ApplicationFailure.nonRetryable('MLOPS_ONE_CLASS: all labels are alike', 'MLOPS_ONE_CLASS');
    return { number, choices: [], loss: number };
  });
  const handle = await start(project, { trials: 500, parallelism: 2 });
  await expect(handle.result()).rejects.toMatchObject({ cause: { cause: { type: 'MLOPS_ONE_CLASS' } } });
  expect(Math.max(...asked)).toBeLessThanOrEqual(3);
});

test('a thousand trials are several short runs, and each trial is asked for once', async () => {
  const project = `${queue}-many`;
  const asked: number[] = [];
  trials.set(project, async (number) => {
    asked.push(number);
    return { number, choices: [], loss: number };
  });
  const handle = await start(project, { trials: 600, parallelism: 10 });
  expect(await handle.result()).toEqual(winner);
  expect(asked.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 600 }, (_, at) => at + 1));
  const last = await client.temporal.workflow.getHandle(studyWorkflowId(project, 1)).describe();
  expect(last.runId).not.toBe(handle.firstExecutionRunId);
  expect(last.historyLength).toBeLessThan(2_500);
  expect(fits.get(project)).toEqual(['replaced', 'kept']);
});

/** A trial that ends once it is let go, and the number of those that have begun. */
function held(project: string) {
  const begun: number[] = [];
  const gates = new Map<number, () => void>();
  trials.set(project, (number) => {
    begun.push(number);
    return new Promise((resolve) => {
      gates.set(number, () => resolve({ number, choices: [], loss: number }));
    });
  });
  const beginning = (number: number) => eventually(`trial ${number} has begun`, async () => gates.get(number));
  return { begun, end: async (number: number) => (await beginning(number))(), beginning };
}

type Handle = Awaited<ReturnType<typeof start>>;
const send = (handle: Handle, name: string, id: string, more: object = {}): Promise<OperatorAnswer> =>
  handle.executeUpdate<OperatorAnswer, [object]>(name, { args: [{ id, by: 'ana', ...more }] });

test('a person stops it: no further trial starts, those that run end, and the best of them is chosen', async () => {
  const project = `${queue}-stopped`;
  const { begun, end, beginning } = held(project);
  const handle = await start(project, { trials: 50, parallelism: 2 });
  await end(1);
  await beginning(3);
  expect(await send(handle, MESSAGES.stopStudy, 'enough')).toMatchObject({ outcome: 'accepted' });
  // The same message is the same answer; it can't be extended any more.
  expect(await send(handle, MESSAGES.stopStudy, 'enough')).toMatchObject({ outcome: 'accepted' });
  expect(await send(handle, MESSAGES.extendStudy, 'more', { trials: 5 })).toMatchObject({ outcome: 'refused' });
  await end(2);
  await end(3);
  expect(await handle.result()).toEqual(winner);
  expect(begun.toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
  expect(decided.get(project)).toEqual({ trials: 3, ended: 'stopped' });
  expect(answers.get(project)).toEqual(['accepted', 'refused']);
});

test('a person extends it while its last trials run, and the one message counts once', async () => {
  const project = `${queue}-extended`;
  const { begun, end, beginning } = held(project);
  const handle = await start(project, { trials: 2, parallelism: 2 });
  await beginning(2);
  for (const _ of [1, 2])
    expect(await send(handle, MESSAGES.extendStudy, 'two', { trials: 2 })).toEqual({
      outcome: 'accepted',
      reason: 'the study has 4 trials',
    });
  for (const number of [1, 2, 3, 4]) await end(number);
  expect(await handle.result()).toEqual(winner);
  expect(begun.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4]);
  expect(decided.get(project)).toEqual({ trials: 4, ended: 'trials' });
});

test('messages that come together count one after the other: two extensions add up, and after a stop none is accepted', async () => {
  const project = `${queue}-together`;
  const { end, beginning } = held(project);
  let recorded = (): void => undefined;
  recording.set(project, new Promise((resolve) => (recorded = resolve)));
  const handle = await start(project, { trials: 1, parallelism: 1 });
  await beginning(1);
  const accepted = async (count: number) =>
    eventually('the messages are in the history', async () => {
      const { events } = await handle.fetchHistory();
      const found = events?.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes) ?? [];
      return found.length === count ? true : undefined;
    });
  const answered: Promise<OperatorAnswer>[] = [];
  for (const [name, id, more] of [
    [MESSAGES.extendStudy, 'one', { trials: 1 }],
    [MESSAGES.extendStudy, 'two', { trials: 2 }],
    [MESSAGES.stopStudy, 'stop', {}],
    [MESSAGES.extendStudy, 'three', { trials: 3 }],
  ] as const) {
    answered.push(send(handle, name, id, more));
    await accepted(answered.length);
  }
  recorded();
  expect(await Promise.all(answered)).toMatchObject([
    { outcome: 'accepted', reason: 'the study has 2 trials' },
    { outcome: 'accepted', reason: 'the study has 4 trials' },
    { outcome: 'accepted' },
    { outcome: 'refused', reason: 'the study starts no further trial: stopped' },
  ]);
  await end(1);
  expect(await handle.result()).toEqual(winner);
  expect(decided.get(project)).toEqual({ trials: 1, ended: 'stopped' });
});

test('an extension that is being recorded when the last trial ends still counts', async () => {
  const project = `${queue}-late`;
  const { end, beginning } = held(project);
  let recorded = (): void => undefined;
  recording.set(project, new Promise((resolve) => (recorded = resolve)));
  const handle = await start(project, { trials: 1, parallelism: 1 });
  await beginning(1);
  const extending = send(handle, MESSAGES.extendStudy, 'one', { trials: 1 });
  await eventually('the message is in the history', async () => {
    const { events } = await handle.fetchHistory();
    return events?.some((event) => event.workflowExecutionUpdateAcceptedEventAttributes) ? true : undefined;
  });
  await end(1);
  recorded();
  expect(await extending).toMatchObject({ outcome: 'accepted' });
  await end(2);
  expect(await handle.result()).toEqual(winner);
  expect(decided.get(project)).toEqual({ trials: 2, ended: 'trials' });
});

test('its time is over: those that run end, and it has one trial at least', async () => {
  const project = `${queue}-time`;
  trials.set(project, async (number) => ({ number, choices: [], loss: number }));
  const handle = await start(project, { trials: 50, parallelism: 2, until: 1 });
  expect(await handle.result()).toEqual(winner);
  expect(decided.get(project)).toEqual({ trials: 1, ended: 'time' });
});

test('a message without a number of trials is refused before it is in the history', async () => {
  const project = `${queue}-malformed`;
  const { end } = held(project);
  const handle = await start(project, { trials: 1, parallelism: 1 });
  await expect(send(handle, MESSAGES.extendStudy, 'x')).rejects.toMatchObject({
    cause: { type: 'MLOPS_MESSAGE_INVALID' },
  });
  await end(1);
  await handle.result();
});

test('with folds, features are fitted for each of them before the trials, and what trains the winner is compute', async () => {
  const project = `${queue}-folds`;
  trials.set(project, async (number) => ({ number, choices: [], loss: number }));
  const handle = await start(project, { trials: 2, parallelism: 2, folds: 2 });
  expect(await handle.result()).toEqual(winner);
  expect(fits.get(project)).toEqual(['replaced, fold 0', 'replaced, fold 1', 'kept, fold 0', 'kept, fold 1']);
  expect(decided.get(`compute: ${project}`)).toEqual({ trials: 2, ended: 'trials' });
  expect(decided.get(project)).toBeUndefined();
});
