/**
 * The model of Google's magika (PyPI), which knows 214 types of content by 2,048 of its bytes: imported, approved by somebody else, and
 * served with the scores that magika itself gives in Python (magika/reference.py). A story.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pythonFile } from '../../scripts/tour/python';
import type { ProjectDefinition } from '../../src/domain/definition';
import { defineProject } from '../../src/project/define-project';
import type { Replica } from '../../src/replica/run-replica';
import { packageRoot } from '../../src/runtime/package-root';
import { mlops } from '../cli/mlops';
import { Lifecycles } from '../support/lifecycles';
import { startReplica } from '../support/replica';
import { openSystem, type TestSystem } from '../support/system';

interface Example {
  readonly name: string;
  readonly content: string;
  /** Of each class. */
  readonly scores: readonly number[];
}

const AS_OF = '2026-01-01T00:00:00Z';
const EXAMPLES = JSON.parse(readFileSync(join(__dirname, 'magika', 'reference.json'), 'utf8')) as readonly Example[];
/** Files whose type is known. */
const FILES: Readonly<Record<string, (root: string) => readonly string[]>> = {
  typescript: (root) => filesIn(join(root, 'src', 'domain'), /\.ts$/),
  csv: (root) => filesIn(join(root, 'node_modules', 'vega-datasets', 'data'), /\.csv$/),
  markdown: (root) => filesIn(join(root, 'docs'), /\.md$/),
};

let system: TestSystem;
let lifecycles: Lifecycles;
let replica: Replica | undefined;

beforeAll(async () => {
  system = await openSystem('magika');
  lifecycles = new Lifecycles(system, '');
  await system.startWorker();
});
afterAll(async () => {
  await lifecycles.end();
  await replica?.close();
  await system.close();
});

test('imported, approved and served, it gives the scores of Python', async () => {
  const folder = 'magika/models/standard_v3_3';
  const model = await pythonFile(`${folder}/model.onnx`);
  const { target_labels_space: classes } = JSON.parse(
    readFileSync(await pythonFile(`${folder}/config.min.json`), 'utf8')
  ) as { readonly target_labels_space: readonly string[] };
  expect(classes).toHaveLength(214);
  await writeFile(join(system.folder, 'files.jsonl'), rows());
  const { name: project } = lifecycles.define();
  await lifecycles.start(projectOf(project, classes), AS_OF);
  // Files of three types can't teach 214: the project begins with a model that knows them.
  expect(await lifecycles.cycle(project, 1, 'failed')).toMatchObject({
    failure: expect.stringContaining('MLOPS_CLASS_MISSING') as unknown,
  });
  expect(await mlops(['skip', project, '--by', 'cem'], system.env)).toMatchObject({ code: 0 });

  const parity = join(system.folder, 'parity.json');
  const data = EXAMPLES.map(({ content }) => [bytesOf(Buffer.from(content))]);
  await writeFile(parity, JSON.stringify({ columns: ['bytes'], data, scores: EXAMPLES.map(({ scores }) => scores) }));
  const asked = ['import', project, model, '--columns', 'bytes', '--parity', parity, '--as-of', AS_OF, '--by', 'ana'];
  expect(await mlops(asked, system.env)).toMatchObject({ code: 0 });
  await lifecycles.request(project, 2);
  const version = await system.stores.facts.get({ kind: 'version', id: `${project}/2` });
  expect(version.body.origin).toMatchObject({ kind: 'import', file: 'model.onnx', by: 'ana' });
  expect(version.body.signature).toMatchObject({
    inputs: [{ name: 'bytes', datatype: 'FP64', shape: [-1, 2048] }],
    outputs: [{ name: 'probability', shape: [-1, 214] }],
    // Its convolutions sum in an order that follows the number of rows.
    determinism: 'tolerance',
  });
  const run = await system.stores.facts.get(version.body.run);
  expect(run.body.imported?.parityDifference).toBeLessThan(1e-5);
  expect(await lifecycles.decide(project, 2, 'approve', 'ben')).toMatchObject({ outcome: 'accepted' });

  replica = await startReplica(system, project);
  expect(await lifecycles.cycle(project, 2, 'finished')).toMatchObject({ outcome: 'deployed' });
  for (const { name, content, scores } of EXAMPLES) {
    const answer = await fetch(`${replica.address}/v2/models/${project}/infer`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        inputs: [{ name: 'bytes', datatype: 'FP64', shape: [1, 2048], data: bytesOf(Buffer.from(content)) }],
      }),
    });
    const { outputs } = (await answer.json()) as { readonly outputs: readonly { readonly data: readonly unknown[] }[] };
    const given = outputs[0]!.data as readonly number[];
    const furthest = Math.max(...scores.map((score, at) => Math.abs(given[at]! - score)));
    expect([name, furthest < 1e-5]).toEqual([name, true]);
    expect([name, outputs[1]!.data]).toEqual([name, [classes[scores.indexOf(Math.max(...scores))]]]);
  }
}, 900_000);

function projectOf(name: string, classes: readonly string[]): ProjectDefinition {
  return defineProject({
    name,
    source: {
      reader: { file: { path: 'files.jsonl' } },
      columns: { file: 'string', bytes: 'vector(2048)', kind: 'string' },
      key: ['file'],
    },
    objective: { task: 'classes', classes: [...classes] },
    label: { name: 'kind', labeler: { column: 'kind' } },
    features: [{ transform: 'components', column: 'bytes' }],
    model: { linear: {} },
    split: { by: 'hash', test: 0.5, minTrainRows: 20, minTestRows: 20 },
    gates: [{ metric: 'accuracy', atLeast: 0.9 }],
    approval: { approvers: ['ana', 'ben'] },
    // No traffic is needed for the version to be rolled out.
    rollout: { steps: [{ name: 'full', share: 1, shadow: false, for: { event: '0 seconds' } }] },
  });
}

function rows(): string {
  const root = packageRoot();
  const lines = Object.entries(FILES).flatMap(([kind, files]) =>
    files(root).map((path) =>
      JSON.stringify({ file: path.slice(root.length), bytes: bytesOf(readFileSync(path)), kind })
    )
  );
  return `${lines.join('\n')}\n`;
}

function filesIn(folder: string, ending: RegExp): readonly string[] {
  return readdirSync(folder)
    .filter((name) => ending.test(name))
    .map((name) => join(folder, name));
}

const SIZE = 1024;
const BLOCK = 4096;
const PADDING = 256;

/** What magika reads: the first and the last bytes of a content, from where it is not blank; 256 stands for none. */
function bytesOf(content: Buffer): readonly number[] {
  const first = content
    .subarray(0, BLOCK)
    .toString('latin1')
    .replace(/^[ \t\n\r\v\f]+/, '');
  const last = content
    .subarray(-BLOCK)
    .toString('latin1')
    .replace(/[ \t\n\r\v\f]+$/, '');
  const begin = [...Buffer.from(first, 'latin1').subarray(0, SIZE)];
  const end = [...Buffer.from(last, 'latin1').subarray(-SIZE)];
  const padding = (count: number) => Array.from({ length: count }, () => PADDING);
  return [...begin, ...padding(SIZE - begin.length), ...padding(SIZE - end.length), ...end];
}
