/** Each page of docs/ starts with an example, and the example works. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { request } from 'undici';
import { definitionPage, withEntries } from '../../scripts/docs/definition-page';
import { malformedDecision } from '../../src/domain/approval';
import type { ProjectDefinition } from '../../src/domain/definition';
import { describeRegistered, type RegisteredCode } from '../../src/project/registry';
import { packageRoot } from '../../src/runtime/package-root';
import { createInferenceServer, STATUS } from '../../src/serve/server';
import { connectionNamed, readConnections } from '../../src/sources/connections';
import { mlopsJson } from '../cli/mlops';
import { denseRows } from '../engines/features/dense-rows';
import { numberColumn, table, textColumn, timeColumn } from '../engines/features/tables';
import { flightsModel, openServing } from '../serve/serving';

const FOLDER = join(packageRoot(), '.stack', `docs-${process.pid}`);

function blocksOf(page: string): string[] {
  const text = readFileSync(join(packageRoot(), 'docs', page), 'utf8');
  if (!/^# .+\n\n```(ts|json)\n/.test(text)) throw new Error(`${page} doesn't start with an example`);
  return [...text.matchAll(/```(?:ts|json)\n(.*?)```/gs)].map(([, block = '']) => block);
}

beforeAll(() => mkdirSync(FOLDER, { recursive: true }));
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

test('definition.md is what the types and defaults say today: npm run docs', () => {
  expect(readFileSync(join(packageRoot(), 'docs', 'definition.md'), 'utf8')).toBe(definitionPage());
});

test('a transform or a trigger of which nothing says the defaults is refused, instead of shown without them', () => {
  for (const feature of withEntries.features!.slice(1)) {
    const others = withEntries.features!.filter((each) => each !== feature);
    expect(() => definitionPage({ ...withEntries, features: others })).toThrow(`transform: '${feature.transform}'`);
  }
  expect(() => definitionPage({ ...withEntries, triggers: [{ on: 'bias' }] })).toThrow("on: 'drift'");
});

test('no field is without a description', () => {
  const rows = definitionPage()
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  expect(rows.length).toBeGreaterThan(100);
  expect(rows.filter((row) => /\|\s*\|$/.test(row))).toEqual([]);
});

test('the examples in TypeScript compile', () => {
  const files = {
    'project.ts': blocksOf('getting-started.md')[0]!,
    'short.ts': blocksOf('definition.md')[0]!,
    'features.ts': blocksOf('features.md')[0]!,
    'sources.ts': blocksOf('sources.md')[0]!,
    'trees.ts': blocksOf('trees.md')[0]!,
    'linear.ts': blocksOf('linear.md')[0]!,
    'calibration.ts': blocksOf('calibration.md')[0]!,
    'networks.ts': blocksOf('networks.md')[0]!,
    'classes.ts': blocksOf('classes.md')[0]!,
    'labels.ts': blocksOf('labels.md')[0]!,
    'studies.ts': blocksOf('studies.md')[0]!,
    'feature-views.ts': blocksOf('feature-views.md')[0]!,
    'predictions.ts': blocksOf('predictions.md')[0]!,
    'control-group.ts': blocksOf('predictions.md')[1]!,
    'registered.ts': blocksOf('registered-code.md')[0]!,
    'worker.ts': blocksOf('operating.md')[0]!,
    'housekeeping.ts': blocksOf('housekeeping.md')[0]!,
    'reproducing.ts': blocksOf('reproducing.md')[0]!,
    'limits.ts': `import { MlopsPlugin } from 'temporal-mlops';\n${blocksOf('limits.md')[0]}`,
    'workflows.ts': "export * from 'temporal-mlops/workflows';\n",
    'tsconfig.json': JSON.stringify({
      extends: '../../tsconfig.json',
      compilerOptions: { noEmit: true, rootDir: '../..' },
      include: ['*.ts'],
    }),
  };
  for (const [file, text] of Object.entries(files)) writeFileSync(join(FOLDER, file), text);
  const tsc = join(packageRoot(), 'node_modules', 'typescript', 'bin', 'tsc');
  expect(execFileSync(process.execPath, [tsc, '-p', FOLDER], { encoding: 'utf8' })).toBe('');
});

test('the project of sources.md names a connection of its connections', async () => {
  const [project, connections] = blocksOf('sources.md');
  const file = join(FOLDER, 'with-connection.ts');
  writeFileSync(file, project!);
  const { definition } = (await mlopsJson(['check', file])) as { definition: ProjectDefinition };
  const { reader } = definition.source;
  if (!('http' in reader)) throw new Error('another reader');
  const all = readConnections(JSON.parse(connections!));
  for (const more of blocksOf('sources.md').slice(2)) readConnections(JSON.parse(more));
  expect(connectionNamed(all, reader.http.connection, 'http').headers).toBeDefined();
});

test.each([
  'getting-started.md',
  'definition.md',
  'prepare.md',
  'feature-views.md',
  'predictions.md',
  'splits.md',
  'labels.md',
  'studies.md',
  'features.md',
])('the project of %s is one', async (page) => {
  const file = join(FOLDER, `${page}.ts`);
  writeFileSync(file, blocksOf(page)[0]!);
  const checked = await mlopsJson(['check', file]);
  expect(checked).toMatchObject({ valid: true, definition: { approval: { approvers: ['Zoë Müller', 'ben'] } } });
});

test('the statement of predictions.md gives the columns of its project', async () => {
  const file = join(FOLDER, 'of-the-control-group.ts');
  writeFileSync(file, blocksOf('predictions.md')[1]!);
  expect(await mlopsJson(['check', file])).toMatchObject({ valid: true, definition: { name: 'payments' } });
});

test('a place of splits.md is computed as the page says', () => {
  const page = readFileSync(join(packageRoot(), 'docs', 'splits.md'), 'utf8');
  const [, expression = '', place = ''] = /```js\n(.*) \/\/ (\S+)…/.exec(page) ?? [];
  const found: unknown = runInNewContext(expression, { require });
  expect(String(found).slice(0, place.length)).toBe(place);
  expect(place).toMatch(/^0\.\d{4}$/);
});

test('the features of features.md can be fitted, and are numbers for any row', async () => {
  const file = join(FOLDER, 'fitted.ts');
  writeFileSync(file, blocksOf('features.md')[0]!);
  const { definition } = (await mlopsJson(['check', file])) as { definition: ProjectDefinition };
  const rows = 300;
  const each = <T>(value: (row: number) => T) => Array.from({ length: rows }, (_, row) => value(row));
  const training = table({
    ordered: timeColumn(each((row) => BigInt(row) * 7_200_000_000n)),
    picked: timeColumn(each((row) => (row % 9 === 0 ? null : BigInt(row + 1) * 7_200_000_000n))),
    courier: textColumn(each((row) => `c${row % 20}`)),
    district: textColumn(each((row) => (row % 11 === 0 ? null : ['north', 'south'][row % 2]!))),
    size: textColumn(each((row) => ['small', 'medium', 'large', 'huge'][row % 4]!)),
    kilometres: numberColumn(each((row) => (row % 5 === 0 ? Number.NaN : row / 10))),
    items: numberColumn(each((row) => row % 13)),
  });
  const labels = Float32Array.from(each((row) => row % 2));
  const made = await denseRows(definition.features, training, training, labels);
  expect(made).toHaveLength(rows);
  expect(made.flat().filter((x) => !Number.isFinite(x))).toEqual([]);
});

test('the code of registered-code.md can be registered, and gives what it should', async () => {
  const file = join(FOLDER, 'code.ts');
  writeFileSync(file, blocksOf('registered-code.md')[0]!);
  const { default: code } = require(file) as { default: RegisteredCode };
  expect(describeRegistered(code).map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    'labeler hot',
    'metric found',
    'notifier pager',
  ]);
  const rows = [{ celsius: 90 }, { celsius: 20 }, { celsius: null }];
  expect(await code.labelers.hot!.label(rows, { above: 80 })).toEqual([1, 0, null]);
  const scores = new Float32Array([0.9, 0.1, 0.8]);
  const labels = new Float32Array([1, 1, 0]);
  expect(await code.metrics.found!.compute({ scores, width: 1, labels, columns: {}, params: {} })).toBe(0.5);
});

test('the endpoint answers the requests of http.md as it says', async () => {
  const [infer, answer, truth] = blocksOf('http.md').map((block) => JSON.parse(block) as Record<string, unknown>);
  const serving = openServing();
  serving.predictor.take({ revision: 1, rolloutId: 'r', step: 'one', champion: await flightsModel(1) });
  const { predictor, limits } = serving;
  const server = createInferenceServer({
    model: 'flights',
    predictor,
    limits,
    release: '1',
    onFailure: (error) => {
      throw error;
    },
  });
  const address = await server.listen({ port: 0, host: '127.0.0.1' });
  const post = async (path: string, body: unknown): Promise<unknown> => {
    const headers = { 'content-type': 'application/json' };
    const posted = await request(`${address}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: posted.statusCode, body: await posted.body.json() };
  };
  try {
    const outputs = [
      { name: 'probability', shape: [1], datatype: 'FP32' },
      { name: 'decision', shape: [1], datatype: 'INT64' },
    ];
    const expected = { status: 200, body: { ...answer, outputs } };
    expect(await post('/v2/models/flights/infer', infer)).toMatchObject(expected);
    expect(await post('/v2/models/flights/versions/1/infer', infer)).toMatchObject(expected);
    expect(await post('/v2/models/flights/truth', truth)).toEqual({ status: 200, body: { accepted: 1 } });
    expect(await post('/v2/models/flights/truth', { truths: [truth] })).toMatchObject({ status: 200 });
  } finally {
    await server.close();
    await serving.close();
  }
});

test('http.md lists every status that the endpoint answers with', () => {
  const page = readFileSync(join(packageRoot(), 'docs', 'http.md'), 'utf8');
  const listed = [...page.matchAll(/^\| (\d{3}) \|/gm)].map(([, status]) => Number(status));
  // 431 comes from Node before there is a request, 500 from what has no code.
  expect(listed).toEqual([...new Set([...Object.values(STATUS), 431, 500])].toSorted((a, b) => a - b));
});

test('each page starts with an example, and a test reads the page', () => {
  const root = packageRoot();
  const suites = readdirSync(join(root, 'tests'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.name.endsWith('.test.ts'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
  const pages = readdirSync(join(root, 'docs'));
  expect(pages.length).toBeGreaterThan(15);
  for (const page of pages) {
    // At most one sentence stands before it.
    const begins = /^# .+\n\n(?:[^\n`#|-][^\n]*\n\n)?```(?:ts|js|json|bash)\n/;
    expect([page, begins.test(readFileSync(join(root, 'docs', page), 'utf8'))]).toEqual([page, true]);
    expect([page, suites.includes(`'${page}'`)]).toEqual([page, true]);
  }
});

test('the error of errors.md is one', async () => {
  expect(await mlopsJson(['check', 'none.ts'])).toEqual(JSON.parse(blocksOf('errors.md')[0]!));
});

test('the decision of approving.md is one', () => {
  expect(malformedDecision(JSON.parse(blocksOf('approving.md')[0]!))).toBeUndefined();
});
