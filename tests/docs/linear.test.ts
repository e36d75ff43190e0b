/** The example of docs/linear.md trains, is approved and answers: what it says becomes a model of counts. A story. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProjectDefinition } from '../../src/domain/definition';
import type { Replica } from '../../src/replica/run-replica';
import { packageRoot } from '../../src/runtime/package-root';
import { mlopsJson } from '../cli/mlops';
import { Lifecycles } from '../support/lifecycles';
import { raw } from '../support/raw-records';
import { startReplica } from '../support/replica';
import { openSystem, type TestSystem } from '../support/system';

const STATIONS = ['north', 'south', 'harbour'];
const rateOf = (station: number, celsius: number): number => Math.exp(0.5 + station * 0.4 + celsius / 15);

let system: TestSystem;
let lifecycles: Lifecycles;
let replica: Replica;
let definition: ProjectDefinition;

beforeAll(async () => {
  system = await openSystem('docs-linear');
  lifecycles = new Lifecycles(system, '');
  await system.startWorker();
  const { name, rollout } = lifecycles.define();
  definition = { ...(await exampleOf('linear.md')), name, rollout };
  mkdirSync(join(system.folder, 'data'), { recursive: true });
  const rows = Array.from({ length: 1500 }, (_, id) => {
    const [station, celsius] = [id % 3, (id * 37) % 30];
    // About the rate, by as much above as below.
    const rentals = Math.round(rateOf(station, celsius) * (1 + (((id * 7) % 11) - 5) / 12));
    return `${id},${STATIONS[station]},${(id * 13) % 24},${celsius},${rentals}`;
  });
  const header = 'id,station,hour,celsius,rentals';
  writeFileSync(join(system.folder, 'data', 'rentals.csv'), `${header}\n${rows.join('\n')}\n`);
  replica = await startReplica(system, definition.name);
  await lifecycles.start(definition);
});
afterAll(async () => {
  await lifecycles.end();
  await replica.close();
  await system.close();
});

test('the first example trains to the end of its slopes, and leaves out what helps little', async () => {
  await lifecycles.request(definition.name, 1);
  const { refs } = (await raw(system.stores).cycles.findOne({ _id: `${definition.name}/1` }))!;
  const { body } = await system.stores.facts.get({ kind: 'run', id: refs.run!.id });
  expect(body).toMatchObject({ trainer: 'linear', tolerance: [], numerics: 'exact', parameters: { converged: true } });
  const { zeroWeights, trainableNumbers } = body.parameters as Readonly<Record<string, number>>;
  expect(zeroWeights).toBeGreaterThan(0);
  expect(zeroWeights).toBeLessThan(trainableNumbers! - 3);
  expect(body.epochs.at(-1)!.loss).toBeLessThan(body.epochs[0]!.loss / 2);
});

test('approved, it answers with about the rate that made the rows, alone and among others', async () => {
  await lifecycles.decide(definition.name, 1, 'approve', 'ben');
  await lifecycles.cycle(definition.name, 1, 'finished');
  const asked = [
    [0, 5],
    [1, 15],
    [2, 25],
  ] as const;
  const answers = await predictions(asked);
  answers.forEach((answer, i) => {
    expect(answer / rateOf(asked[i]![0], asked[i]![1])).toBeGreaterThan(0.85);
    expect(answer / rateOf(asked[i]![0], asked[i]![1])).toBeLessThan(1.15);
  });
  expect(await predictions(asked.slice(1, 2))).toEqual(answers.slice(1, 2));
});

async function exampleOf(page: string): Promise<ProjectDefinition> {
  const [, example] = /^# [^\n]+\n\n```ts\n(.*?)```/s.exec(readFileSync(join(packageRoot(), 'docs', page), 'utf8'))!;
  const folder = mkdtempSync(join(tmpdir(), 'mlops-linear-'));
  try {
    const file = join(folder, 'project.ts');
    const inPackage = JSON.stringify(join(packageRoot(), 'dist', 'src', 'index.js'));
    writeFileSync(file, example!.replace("'temporal-mlops'", inPackage));
    return ((await mlopsJson(['check', file])) as { definition: ProjectDefinition }).definition;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function predictions(rows: readonly (readonly [number, number])[]): Promise<readonly number[]> {
  const input = (name: string, datatype: string, data: readonly unknown[]) => ({
    name,
    datatype,
    shape: [rows.length],
    data,
  });
  const inputs = [
    input(
      'station',
      'BYTES',
      rows.map(([station]) => STATIONS[station])
    ),
    input(
      'hour',
      'INT64',
      rows.map(() => 12)
    ),
    input(
      'celsius',
      'FP64',
      rows.map(([, celsius]) => celsius)
    ),
  ];
  const answer = await fetch(`${replica.address}/v2/models/${definition.name}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id: `asked-${rows.length}`, inputs }),
  });
  const body = (await answer.json()) as { outputs?: { name: string; data: number[] }[] };
  const output = body.outputs?.find(({ name }) => name === 'prediction');
  if (output === undefined) throw new Error(JSON.stringify(body));
  return output.data;
}
