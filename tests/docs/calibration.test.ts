/** The example of docs/calibration.md trains, and what is evaluated are the rates of its validation rows. */
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
  system = await openSystem('docs-calibration');
  lifecycles = new Lifecycles(system, '');
  await system.startWorker();
});
afterAll(async () => {
  await lifecycles.end();
  await system.close();
});

async function definitionOf(page: string): Promise<ProjectDefinition> {
  const [, example] = /^# [^\n]+\n\n```ts\n(.*?)```/s.exec(readFileSync(join(packageRoot(), 'docs', page), 'utf8'))!;
  const folder = mkdtempSync(join(tmpdir(), 'mlops-calibration-'));
  try {
    const file = join(folder, 'project.ts');
    const inPackage = JSON.stringify(join(packageRoot(), 'dist', 'src', 'index.js'));
    writeFileSync(file, example!.replace("'temporal-mlops'", inPackage));
    return ((await mlopsJson(['check', file])) as { definition: ProjectDefinition }).definition;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('the first example trains, its run has the curve, and its evaluation is of calibrated scores', async () => {
  const definition = { ...(await definitionOf('calibration.md')), name: lifecycles.define().name };
  const rows = Array.from({ length: 2000 }, (_, id) => {
    const [age, power] = [18 + ((id * 37) % 60), 40 + ((id * 53) % 150)];
    // Whoever is young claims more often; the rest is as if by chance.
    const claimed = (id * 7919) % 100 < (age < 30 ? 60 : 20) ? 1 : 0;
    return `${id},R${id % 5},${age},${power},${claimed}`;
  });
  mkdirSync(join(system.folder, 'data'), { recursive: true });
  writeFileSync(join(system.folder, 'data', 'claims.csv'), `id,region,age,power,claimed\n${rows.join('\n')}\n`);
  await lifecycles.start(definition);
  await lifecycles.request(definition.name, 1);
  const { refs } = (await raw(system.stores).cycles.findOne({ _id: `${definition.name}/1` }))!;
  const { body } = await system.stores.facts.get({ kind: 'run', id: refs.run!.id });
  const { calibration } = body.parameters as { calibration: { rates: number[]; rows: number; points: number } };
  expect(calibration).toMatchObject({ method: 'isotonic', points: calibration.rates.length });
  expect(calibration.rows).toBeGreaterThan(300);
  const { evaluation } = (await system.stores.facts.get({ kind: 'evaluation', id: refs.evaluation!.id })).body;
  const { candidate } = evaluation.curves!;
  if (candidate.task !== 'binary') throw new Error('curves of another task');
  // No score lies outside of the curve.
  const scores = candidate.calibration.map(({ meanScore }) => meanScore);
  expect(Math.min(...scores)).toBeGreaterThanOrEqual(Math.min(...calibration.rates) - 1e-6);
  expect(Math.max(...scores)).toBeLessThanOrEqual(Math.max(...calibration.rates) + 1e-6);
});
