/** The example of docs/trees.md trains: what it says becomes a model that ranks machines, some of whose numbers are missing. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProjectDefinition } from '../../src/domain/definition';
import { packageRoot } from '../../src/runtime/package-root';
import { mlopsJson } from '../cli/mlops';
import { Lifecycles } from '../support/lifecycles';
import { raw } from '../support/raw-records';
import { openSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let lifecycles: Lifecycles;
beforeAll(async () => {
  system = await openSystem('docs-trees');
  lifecycles = new Lifecycles(system, '');
  await system.startWorker();
});
afterAll(async () => {
  await lifecycles.end();
  await system.close();
});

async function definitionOf(page: string): Promise<ProjectDefinition> {
  const [, example] = /^# [^\n]+\n\n```ts\n(.*?)```/s.exec(readFileSync(join(packageRoot(), 'docs', page), 'utf8'))!;
  const folder = mkdtempSync(join(tmpdir(), 'mlops-trees-'));
  try {
    const file = join(folder, 'project.ts');
    const inPackage = JSON.stringify(join(packageRoot(), 'dist', 'src', 'index.js'));
    writeFileSync(file, example!.replace("'temporal-mlops'", inPackage));
    return ((await mlopsJson(['check', file])) as { definition: ProjectDefinition }).definition;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('the first example trains, stops by its validation part, and is asked about', async () => {
  const definition = { ...(await definitionOf('trees.md')), name: lifecycles.define().name };
  const rows = Array.from({ length: 1000 }, (_, id) => {
    const celsius = 20 + ((id * 37) % 60);
    const failed = celsius > 60 || id % 11 === 0 ? 1 : 0;
    return `${id},P${id % 7},${id % 9 === 0 ? '' : celsius},${(id * 13) % 500},${failed}`;
  });
  mkdirSync(join(system.folder, 'data'), { recursive: true });
  writeFileSync(join(system.folder, 'data', 'machines.csv'), `id,plant,celsius,hours,failed\n${rows.join('\n')}\n`);
  await lifecycles.start(definition);
  await lifecycles.request(definition.name, 1);
  const { refs } = (await raw(system.stores).cycles.findOne({ _id: `${definition.name}/1` }))!;
  const { body } = await system.stores.facts.get({ kind: 'run', id: refs.run!.id });
  const { roundsRun, bestRound } = body.parameters as Readonly<Record<string, number>>;
  expect(body.trainer).toBe('trees');
  expect(roundsRun === 200 || roundsRun === bestRound! + 20).toBe(true);
  expect(body.epochs.at(-1)!.loss).toBeLessThan(body.epochs[0]!.loss / 2);
});
