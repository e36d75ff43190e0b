/** A project's life by the command alone: a worker, an endpoint, decisions, records. */
import type { ChildProcess } from 'node:child_process';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { CycleDocument } from '../../src/domain/records';
import { builtFile, packageRoot } from '../../src/runtime/package-root';
import { cycleIn } from '../support/lifecycles';
import { smallProject, writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { mlops, mlopsJson, start, untilPrinted } from './mlops';

const PROJECT = `by-command-${randomUUID().slice(0, 8)}`;

let system: TestSystem;
let file: string;
const running: ChildProcess[] = [];

beforeAll(async () => {
  system = await openSystem('command');
  file = join(system.folder, 'project.json');
  const project = smallProject(PROJECT, await writeSmallFlights(system.folder));
  await writeFile(file, JSON.stringify(project));
});

afterAll(async () => {
  for (const child of running) await ended(child);
  await system.close();
});

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null) {
    child.kill('SIGTERM');
    await once(child, 'close');
  }
  return child.exitCode;
}

async function begin(args: readonly string[], ready: string): Promise<{ child: ChildProcess; printed: string }> {
  const child = start(args, system.env);
  running.push(child);
  return { child, printed: await untilPrinted(child, ready) };
}

const run = (...args: string[]) => mlops(args, system.env);
const json = <T>(...args: string[]) => mlopsJson<T>(args, system.env);

const cycle = (number: number, state: CycleDocument['state']) => cycleIn(system, { project: PROJECT, number, state });

test.each([
  ['start', () => ['start', file, '--as-of', '2001-02-01']],
  ['stop', () => ['stop', PROJECT]],
  ['decide', () => ['decide', `${PROJECT}/1`, '--reject', '--digest', `sha256:${'0'.repeat(64)}`]],
])('%s without a worker says so, and starts nothing', async (_, args) => {
  const { code, stdout, stderr } = await run(...args());
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toBe(
    `mlops: MLOPS_NO_WORKER: no worker polls ${system.taskQueue} [queue=${system.taskQueue}] Start one: mlops worker.\n`
  );
  const open = await system.client.temporal.workflow.count(`WorkflowId STARTS_WITH "mlops/${PROJECT}"`);
  expect(open.count).toBe(0);
});

test('a worker whose registered code is wrong does not start', async () => {
  const wrong = join(system.folder, 'wrong.ts');
  await writeFile(wrong, 'export default { labellers: {} };\n');
  const unknown = await run('worker', '--register', wrong);
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toMatch(/^mlops: MLOPS_CONFIGURATION: .*labellers.*labelers.*\n$/);
  const gone = await run('worker', '--register', join(system.folder, 'gone.ts'));
  expect(gone.code).toBe(1);
  expect(gone.stderr).toMatch(/^mlops: MLOPS_CONFIGURATION: .*gone\.ts.*\n$/);
});

test('one life, from start to rollback', async () => {
  const registered = join(system.folder, 'registered.ts');
  await writeFile(registered, "export default { labelers: { none: { version: '1', label: () => [] } } };\n");
  const args = [
    'worker',
    '--json',
    '--register',
    registered,
    '--data',
    system.folder,
    '--work-folder',
    join(system.folder, 'work'),
  ];
  const { child: worker, printed } = await begin(args, 'mlops worker: ready');
  expect(printed).toContain(`polls ${system.taskQueue}, ${system.taskQueue}-compute, ${system.taskQueue}-light`);

  const definition = JSON.parse((await run('check', file, '--json')).stdout) as { digest: string };
  const started = await json('start', file, '--as-of', '2001-02-01', '--by', 'cem');
  expect(started).toMatchObject({ project: PROJECT, outcome: 'accepted', by: 'cem', definition: definition.digest });
  const again = await run('start', file, '--as-of', '2001-02-01', '--by', 'cem');
  expect(again).toMatchObject({ code: 1, stdout: '' });
  expect(again.stderr).toMatch(/^mlops: by-command-\w+ refused: by-command-\w+ is running already.*\n$/);

  await cycle(1, 'waiting');
  const { subject } = await json<{ subject: { digests: { model: string } } }>('show', `request/${PROJECT}/1`);
  const { model } = subject.digests;
  const own = await run('decide', `${PROJECT}/1`, '--approve', '--by', 'cem', '--digest', model);
  expect(own.code).toBe(1);
  expect(own.stderr).toMatch(/^mlops: by-command-\w+\/1 refused: .*unknown-approver.*\n$/);
  const { child: replica } = await begin(
    ['serve', PROJECT, '--port', '0', '--folder', join(system.folder, 'replica')],
    'mlops serve:'
  );
  expect(await json('decide', `${PROJECT}/1`, '--approve', '--by', 'ana', '--digest', model)).toMatchObject({
    outcome: 'accepted',
    state: 'approved',
    digest: model,
  });
  expect(await cycle(1, 'finished')).toMatchObject({ outcome: 'deployed' });

  await predictAndTell();
  await readRecords(model);

  const back = await run('rollback', PROJECT, '--by', 'cem');
  expect(back.code).toBe(1);
  expect(back.stderr).toMatch(/^mlops: by-command-\w+ refused: no earlier version was ever live\n$/);
  expect((await run('pause', PROJECT, '--by', 'cem')).stdout).toMatch(/^by-command-\w+: it stops at the next phase/);
  expect(await json('status', PROJECT)).toMatchObject({
    lifecycle: 'running',
    noAnswer: null,
    status: { paused: true, last: 'deployed' },
    records: { champion: 1 },
  });
  expect((await run('unpause', PROJECT, '--by', 'cem')).code).toBe(0);
  const alone = await json('evaluate', '--model', `${PROJECT}@1`, '--as-of', '2001-02-09');
  expect(alone).toMatchObject({
    model: `${PROJECT}@1`,
    evaluation: { kind: 'evaluation' },
    metrics: { auc: expect.any(Number) },
  });
  const minute = ['--from', '2001-01-05T00:00:00Z', '--to', '2001-01-05T00:01:00Z'];
  const failed = await run('evaluate', '--model', `${PROJECT}@1`, '--as-of', '2001-02-09', ...minute);
  expect([failed.code, failed.stderr]).toEqual([1, expect.stringMatching(/^mlops: .*MLOPS_[A-Z_]+: [^\n]+\n$/)]);
  await askAtATerminal();
  expect((await run('stop', PROJECT, '--by', 'cem')).code).toBe(0);
  // The answer comes before the end: only the worker that is ended next can bring it about.
  await system.client.temporal.workflow.getHandle(`mlops/${PROJECT}`).result();

  expect(await ended(replica)).toBe(0);
  expect(await ended(worker)).toBe(0);
  await statusWithoutWorker();
});

async function predictAndTell(): Promise<void> {
  const inputs = ['date=2001-02-03T08:30:00Z', 'distance=1846', 'origin=SFO', 'destination=ORD'];
  const flags = inputs.flatMap((input) => ['--input', input]);
  const answer = await json('predict', PROJECT, ...flags, '--id', 'f1', '--event-time', '2001-02-03T08:30:00Z');
  expect(answer).toMatchObject({ id: 'f1', model_version: '1', outputs: [{ name: 'probability' }, {}] });
  const unknown = await run('predict', PROJECT, '--input', 'dist=1846');
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toMatch(/^mlops: .*no input "dist".*distance.*\n$/);
  const mistyped = await run('predict', PROJECT, '--input', 'distance=far');
  expect(mistyped.code).toBe(2);
  const told = await run('truth', PROJECT, '--id', 'f1', '--value', '1', '--event-time', '2001-02-04');
  expect(told).toMatchObject({ code: 0, stdout: 'f1: 1 is taken\n' });
  let stored = await json<{ truths?: unknown[] }>('show', `prediction/${PROJECT}/f1`);
  while (stored.truths?.length !== 1) stored = await json('show', `prediction/${PROJECT}/f1`);
  expect(stored).toMatchObject({ record: { inputs: { origin: 'SFO' } }, truths: [{ value: 1 }] });
}

const LISTS = [
  ...[
    'projects',
    'definitions',
    'cycles',
    'snapshots',
    'reports',
    'labelSets',
    'featureSets',
    'runs',
    'versions',
    'evaluations',
  ],
  ...['requests', 'decisions', 'endpoints', 'replicas', 'rollouts', 'audit', 'predictions', 'artifacts'],
];

async function readRecords(model: string): Promise<void> {
  for (const kind of LISTS) {
    const { code, stdout } = await run('ls', kind, PROJECT);
    const [, ...rows] = stdout.trimEnd().split('\n');
    expect([kind, code, rows.length > 0]).toEqual([kind, 0, true]);
  }
  for (const kind of ['windows', 'triggers']) {
    expect(await run('ls', kind, PROJECT)).toMatchObject({ code: 0, stdout: `no ${kind}\n` });
  }
  const [{ _id: id }] = (await json<{ _id: string }[]>('ls', 'runs', PROJECT)) as [{ _id: string }];
  const shown = await run('show', `run/${id.slice(7, 19)}`);
  expect(shown.stdout).toMatch(/\nEpochs\n +epoch +rows +loss\n +1 /);
  for (const heading of ['Parameters', 'Data', 'Environment', 'Code']) expect(shown.stdout).toContain(`\n${heading}\n`);
  expect(shown.stdout).toContain(model);
  const lineage = await run('lineage', `version/${PROJECT}@1`);
  expect(lineage.stdout).toMatch(/^Made from:\nversion\/by-command-\w+\/1 .*\n {2}used definition\//);
  expect(lineage.stdout).toMatch(/\nBecame:\n(.*\n)* {2}was deployed to endpoint\/by-command-/);
  const missing = await run('show', `version/${PROJECT}@9`);
  expect(missing.code).toBe(1);
  expect(missing.stderr).toMatch(/^mlops: MLOPS_NOT_FOUND: .*\n$/);
}

/** Python has pseudo-terminals; Node has none. It types `answer` where it is asked. */
const TERMINAL = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0: os.execv(sys.argv[2], sys.argv[2:])
said = b''
while True:
    try: part = os.read(terminal, 4096)
    except OSError: break
    if not part: break
    said += part
    if b'[y/N]' in part: os.write(terminal, sys.argv[1].encode() + b'\\n')
os.write(1, said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

async function atATerminal(answer: string, ...args: string[]): Promise<{ code: number; said: string }> {
  const python = ['-c', TERMINAL, answer, process.execPath, builtFile('src', 'cli', 'mlops.js'), ...args];
  const options = { cwd: packageRoot(), env: { ...process.env, ...system.env } };
  return promisify(execFile)('python3', python, options).then(
    ({ stdout }) => ({ code: 0, said: stdout }),
    (error: { code: number; stdout: string }) => ({ code: error.code, said: error.stdout })
  );
}

async function askAtATerminal(): Promise<void> {
  await run('retrain', PROJECT, '--as-of', '2001-02-08', '--by', 'cem', '--comment', 'a week later');
  await cycle(2, 'waiting');
  const waiting = await json<{ waitingFor: string[] }>('status', PROJECT);
  expect(waiting.waitingFor).toEqual(['approver:ana', 'approver:ben']);
  const no = await atATerminal('n', 'decide', `${PROJECT}/2`, '--reject', '--by', 'ana');
  expect(no.code).toBe(1);
  expect(no.said).toContain('why: a week later');
  expect(no.said).toContain('Nothing was decided.');
  const yes = await atATerminal('y', 'decide', `${PROJECT}/2`, '--reject', '--by', 'ana');
  expect(yes.code).toBe(0);
  expect(yes.said).toContain('the request is rejected');
  expect(await cycle(2, 'finished')).toMatchObject({ outcome: 'rejected' });
}

async function statusWithoutWorker(): Promise<void> {
  const { code, stdout, stderr } = await run('status', PROJECT);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^mlops: .+\n$/);
  expect(stdout).toMatch(/^champion +by-command-\w+@1$/m);
  expect(stdout).toMatch(/^lifecycle +stopped$/m);
}
