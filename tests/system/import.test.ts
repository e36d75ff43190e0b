/** A model of scikit-learn on its way into a running project: imported, gated, approved by somebody else, served, made again. A story. */
import { readFileSync } from 'node:fs';
import { copyFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReproduceResult } from '../../src/domain/reproduce';
import type { Replica } from '../../src/replica/run-replica';
import { packageRoot } from '../../src/runtime/package-root';
import { type Ran, mlops, mlopsJson } from '../cli/mlops';
import { age } from '../support/aged';
import { cleaned } from '../support/cleaned';
import {
  IRIS,
  IRIS_AS_OF,
  irisProject,
  MEASURED,
  mlflowFolder,
  modelFile,
  ownScores,
  parityFile,
  SPECIES,
} from '../support/iris';
import { by, Lifecycles } from '../support/lifecycles';
import { raw } from '../support/raw-records';
import { startReplica } from '../support/replica';
import { openSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let lifecycles: Lifecycles;
let replica: Replica;
let project: string;

beforeAll(async () => {
  system = await openSystem('import');
  const file = join(system.folder, 'iris.csv');
  await copyFile(IRIS, file);
  lifecycles = new Lifecycles(system, file);
  project = lifecycles.define().name;
  await system.startWorker();
  replica = await startReplica(system, project);
  await lifecycles.start(irisProject(project, file), IRIS_AS_OF);
  await lifecycles.decide(project, 1, 'approve');
  await lifecycles.cycle(project, 1, 'finished');
});
afterAll(async () => {
  await lifecycles.end();
  await replica.close();
  await system.close();
});

const imported = (file: string, ...more: string[]): Promise<Ran> =>
  mlops(
    ['import', project, file, '--columns', MEASURED.join(','), '--as-of', IRIS_AS_OF, '--by', 'ana', ...more],
    system.env
  );
const version = (cycle: number) => system.stores.facts.get({ kind: 'version', id: `${project}/${cycle}` });

/** The command of docs/importing.md, on this project and these files. */
function documented(): string[] {
  const page = readFileSync(join(packageRoot(), 'docs', 'importing.md'), 'utf8');
  const [, command = ''] = /^# .+\n\n```bash\nmlops (.+)\n```/.exec(page) ?? [];
  const here: Readonly<Record<string, string>> = {
    iris: project,
    'model.onnx': modelFile('sklearn-classes'),
    'parity.json': parityFile('sklearn-classes'),
  };
  return command.split(' ').map((word) => here[word] ?? word);
}

test('the command of docs/importing.md has a cycle ask about the model, beside the champion, and say where it is from', async () => {
  const answer = await mlops([...documented(), '--id', 'forest'], system.env);
  expect(answer).toMatchObject({ code: 0, stdout: `${project}: a cycle follows\n` });
  const { evidence, causes } = await lifecycles.request(project, 2);
  const { body } = await version(2);
  expect(body.origin).toEqual({
    kind: 'import',
    file: 'sklearn-classes.onnx',
    digest: expect.stringMatching(/^sha256:/) as unknown,
    by: 'ana',
  });
  expect(causes).toMatchObject([{ kind: 'import', by: 'ana' }]);
  expect(evidence[1]).toMatch(/^\*\*imported\*\* by ana from `sklearn-classes.onnx`, sha256:.*may have seen the rows/);
  expect(evidence.some((line) => line.includes('; champion '))).toBe(true);
  expect(body.signature).toMatchObject({
    inputs: MEASURED.map((name) => ({ name, column: name, datatype: 'FP64', shape: [-1] })),
    outputs: [{ name: 'probability', datatype: 'FP32', shape: [-1, 3] }],
    determinism: 'tolerance',
  });
  const { artifacts, body: fitted } = await system.stores.facts.get(body.features);
  expect([fitted.trainRows, fitted.denseWidth, artifacts.map(({ name }) => name)]).toEqual([99, 0, ['dependencies']]);
  const run = await system.stores.facts.get(body.run);
  expect(run.body.imported?.parityDifference).toBeLessThan(1e-6);
});

test('who imported it does not approve it; once another has, the endpoint gives scikit-learn’s own scores', async () => {
  expect(await lifecycles.decide(project, 2, 'approve', 'ana')).toMatchObject({ outcome: 'refused', code: 'own-work' });
  expect(await lifecycles.decide(project, 2, 'approve', 'ben')).toMatchObject({ outcome: 'accepted' });
  expect(await lifecycles.cycle(project, 2, 'finished')).toMatchObject({ outcome: 'deployed' });
  const { data, scores } = ownScores('sklearn-classes');
  const inputs = MEASURED.map((name, at) => ({
    name,
    datatype: 'FP64',
    shape: [data.length],
    data: data.map((row) => row[at]),
  }));
  const answer = await fetch(`${replica.address}/v2/models/${project}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs }),
  });
  const { outputs } = (await answer.json()) as { readonly outputs: readonly { readonly data: readonly unknown[] }[] };
  const given = outputs[0]!.data as readonly number[];
  scores.flat().forEach((score, at) => expect(Math.abs(given[at]! - score)).toBeLessThan(1e-6));
  const likeliest = scores.map((row) => SPECIES[row.indexOf(Math.max(...row))]);
  expect(outputs[1]!.data).toEqual(likeliest);
});

test('the same message counts once, and the same bytes again, from a folder of MLflow, ask nobody anything', async () => {
  const file = modelFile('sklearn-classes');
  await imported(file, '--parity', parityFile('sklearn-classes'), '--id', 'forest');
  expect(await raw(system.stores).cycles.countDocuments({ project })).toBe(2);
  await imported(mlflowFolder('mlflow-classes'), '--parity', parityFile('sklearn-classes'));
  expect(await lifecycles.cycle(project, 3, 'finished')).toMatchObject({ outcome: 'nothing new' });
  expect((await version(3)).body.origin).toMatchObject({ file: 'mlflow-classes/model.onnx' });
  expect((await version(3)).body.model.digest).toBe((await version(2)).body.model.digest);
});

test('it is made again from its record, to the same bytes', async () => {
  const { outcome, steps } = await mlopsJson<ReproduceResult>(['reproduce', `${project}@2`], system.env);
  expect([outcome, ...steps.map(({ step }) => step)]).toEqual(['identical', 'label', 'fit', 'train']);
});

test('a cycle that trains comes after it as before', async () => {
  await mlops(['retrain', project, '--as-of', IRIS_AS_OF, '--by', 'cem', '--supersede'], system.env);
  const { evidence } = await lifecycles.request(project, 4);
  expect(evidence[1]).toMatch(/^trained on 99 rows/);
  expect((await version(4)).body.origin).toEqual({ kind: 'run' });
  await lifecycles.decide(project, 4, 'reject', 'ben');
  expect(await lifecycles.cycle(project, 4, 'finished')).toMatchObject({ outcome: 'rejected' });
});

test('what can be told of the file alone is told by the command, and nothing begins', async () => {
  const large = join(system.folder, 'large.onnx');
  await writeFile(large, '');
  await truncate(large, 2 ** 31);
  const text = join(system.folder, 'text.onnx');
  await writeFile(text, 'no model');
  for (const [file, code] of [
    [large, 'MLOPS_MODEL_TOO_LARGE'],
    [text, 'MLOPS_MODEL_INVALID'],
    [join(system.folder, 'nowhere.onnx'), 'MLOPS_NOT_FOUND'],
    [system.folder, 'MLOPS_MODEL_FOLDER'],
    [modelFile('torch-one-row'), 'MLOPS_MODEL_NO_BATCH'],
    [modelFile('sklearn-binary'), 'MLOPS_MODEL_OUTPUTS'],
  ] as const) {
    const ran = await imported(file);
    expect([file, ran.code, ran.stderr.split(':')[1]]).toEqual([file, 1, ` ${code}`]);
  }
  expect(await raw(system.stores).cycles.countDocuments({ project })).toBe(4);
});

test('what only a run shows waits for the operator with its code, and skipping ends that cycle alone', async () => {
  const { columns, data, scores } = JSON.parse(JSON.stringify(ownScores('torch-classes'))) as Record<string, unknown[]>;
  const other = join(system.folder, 'other.json');
  await writeFile(other, JSON.stringify({ columns, data, scores: scores!.toReversed() }));
  await imported(modelFile('torch-classes'), '--parity', other);
  expect(await lifecycles.cycle(project, 5, 'failed')).toMatchObject({
    failure: expect.stringMatching(/MLOPS_MODEL_PARITY/) as unknown,
  });
  await mlops(['skip', project, '--by', 'cem'], system.env);
  await imported(modelFile('torch-classes'), '--parity', parityFile('torch-classes'));
  const request = await lifecycles.cycle(project, 6, 'finished').catch(() => undefined);
  // An untrained network doesn't pass the gate: nobody is asked.
  expect(request).toMatchObject({ outcome: 'gate failed' });
});

test('a message renews the bytes that it names before it is recorded, and they stay while it waits', async () => {
  const path = modelFile('sklearn-binary');
  const { digest, bytes } = await system.stores.artifacts.put({
    name: 'imported',
    path,
    mediaType: 'application/onnx',
  });
  const touchedAt = async () => (await system.stores.artifacts.find(digest))!.touchedAt.getTime();
  // Nothing but the message touches them: the lifecycle opens no cycle.
  await system.client.pause(project, by('cem'));
  await age(system.stores, 200, [digest]);
  const before = await touchedAt();
  const message = { ...by('ana'), asOf: IRIS_AS_OF, model: { model: { digest, bytes }, file: 'binary.onnx' } };
  expect(await system.client.importModel(project, message)).toMatchObject({ outcome: 'accepted' });
  expect((await touchedAt()) - before).toBeGreaterThan(199 * 86_400_000);
  await age(system.stores, 200, [digest]);
  const { kept } = await cleaned(system.stores);
  expect(kept).toContainEqual(expect.objectContaining({ what: 'imported file', why: 'open import', count: 1 }));
  expect(await system.stores.artifacts.hasObject(digest)).toBe(true);
});
