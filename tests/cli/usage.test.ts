/** How the command speaks: help, exit codes, one JSON document, errors of one line. No server is asked. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtFile, packageRoot } from '../../src/runtime/package-root';
import { mlops, mlopsJson } from './mlops';

const VERBS = [
  'init check worker serve start apply policy status decide retrain import retry skip pause unpause deploy rollback stop materialize evaluate study reproduce predict truth clock account diff export report compare card',
  'ls show lineage gc housekeeping hold release doctor',
  'suggest expectations',
].flatMap((verbs) => verbs.split(' '));

/** Addresses where nobody listens. */
const NOWHERE = {
  TEMPORAL_ADDRESS: '127.0.0.1:1',
  MONGODB_URI: 'mongodb://127.0.0.1:1/none',
  S3_ENDPOINT: 'http://127.0.0.1:1',
  S3_ACCESS_KEY: 'none',
  S3_SECRET_KEY: 'none',
};

const DIGEST = `sha256:${'0'.repeat(64)}`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlops-usage-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('the help lists every verb', async () => {
  const { code, stdout, stderr } = await mlops(['--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const listed = [...stdout.matchAll(/^ {2}([a-z]+) (?: |\[)/gm)].map((match) => match[1]);
  expect(listed.sort()).toEqual([...VERBS, 'help'].sort());
});

test('the help loads nothing that a verb needs', () => {
  const program = `
    process.argv.push('mlops', '--help');
    process.stdout.write = () => true;
    require('./dist/src/cli/mlops.js');
    process.on('exit', () => console.error(JSON.stringify(Object.keys(require.cache))));`;
  const { stderr } = spawnSync(process.execPath, ['-e', program], { cwd: packageRoot(), encoding: 'utf8' });
  const loaded = JSON.parse(stderr) as string[];
  expect(loaded.filter((file) => file.includes('/cli/verbs/'))).toEqual([]);
  expect(loaded.filter((file) => file.includes('node_modules/') && !file.includes('node_modules/commander/'))).toEqual(
    []
  );
});

test.each(VERBS)('the help of %s has --json and an example of it', async (verb) => {
  const { code, stdout } = await mlops([verb, '--help']);
  expect(code).toBe(0);
  expect(stdout).toContain('--json');
  expect(stdout).toMatch(new RegExp(`Example:\\n {2}\\$ mlops ${verb} `));
});

test.each([
  ['no verb', []],
  ['an unknown verb', ['strat']],
  ['an unknown option', ['status', 'flights', '--jsn']],
  ['a missing argument', ['status']],
  ['one argument too many', ['status', 'flights', 'more']],
  ['a missing option', ['retrain', 'flights']],
  ['a malformed project', ['status', 'Flights!']],
  ['a malformed time', ['retrain', 'flights', '--as-of', 'yesterday']],
  ['a day that does not exist', ['retrain', 'flights', '--as-of', '2001-02-30']],
  ['a malformed number', ['rollback', 'flights', '--to', '-1']],
  ['a malformed name', ['pause', 'flights', '--by', 'a/b']],
  ['a malformed digest', ['decide', 'flights/1', '--approve', '--digest', 'abc']],
  ['a malformed request', ['decide', 'flights', '--approve', '--digest', DIGEST]],
  ['no verdict', ['decide', 'flights/1', '--digest', DIGEST]],
  ['both verdicts', ['decide', 'flights/1', '--approve', '--reject', '--digest', DIGEST]],
  ['no digest where nobody can be asked', ['decide', 'flights/1', '--approve']],
  ['an unknown kind', ['ls', 'models']],
  ['a ref without a kind', ['show', 'flights']],
  ['predictions of no project', ['ls', 'predictions']],
  ['a day of what has none', ['ls', 'runs', '--day', '20010203']],
  ['a malformed day', ['ls', 'predictions', 'flights', '--day', 'feb']],
  ['half a period', ['evaluate', '--model', 'flights@1', '--as-of', '2001-03-02', '--from', '2001-02-01']],
  ['an input without a value', ['predict', 'flights', '--input', 'origin', '--url', 'http://127.0.0.1:1']],
  ['an address that is none', ['predict', 'flights', '--input', 'a=1', '--url', 'here']],
  ['an unknown place for compute', ['worker', '--compute', 'nowhere']],
])('%s: exit code 2, one line on standard error, one document with --json', async (_, args) => {
  const { code, stdout, stderr } = await mlops([...args, '--json'], NOWHERE);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^mlops: MLOPS_USAGE: .+\n$/);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'MLOPS_USAGE' } });
});

test.each([
  [['ls', 'verions'], 'no kind of record called verions. Did you mean versions?'],
  [['show', 'lable-set/abc'], 'Did you mean labelSet?'],
  [['statsu', 'flights'], 'Did you mean status?'],
])('%j: a suggestion', async (args, words) => {
  const { stderr } = await mlops(args, NOWHERE);
  expect(stderr).toContain(words);
});

test.each([
  [['status'], 'mlops status --help shows how it is used.'],
  [['ls', 'runs', '--limit', 'x'], 'mlops ls --help shows how it is used.'],
  [['strat'], 'mlops --help lists the verbs.'],
])('%j: where it is explained', async (args, words) => {
  const { stderr } = await mlops(args, NOWHERE);
  expect(stderr).toContain(words);
});

test.each([
  [['--data', '/nowhere'], 'The data folder is not there. [dataFolder=/nowhere]'],
  [['--keep', 'model=3 days'], 'there is no retention called "model"; they are grace, served'],
  [['--keep', 'records'], 'records: "" is not a duration'],
  [['--limit', 'memory=3'], 'There is no such limit. [limit=memory] Limits are computeMemory'],
])('worker %j: what is wrong with it', async (args, words) => {
  const { code, stderr } = await mlops(['worker', ...args], NOWHERE);
  expect(stderr).toMatch(/^mlops: MLOPS_CONFIGURATION: .+\n$/);
  expect(stderr).toContain(words);
  expect(code).toBe(1);
});

test('the audit of all projects is listed by its name', async () => {
  expect((await mlops(['ls', 'audit', '_housekeeping'], NOWHERE)).stderr).toMatch(/^mlops: MLOPS_STORE_UNAVAILABLE/);
});

test.each(['label-sets', 'labelset', 'labelSets'])('%s is a kind, as labelSet is', async (word) => {
  const { stderr } = await mlops(['ls', word], NOWHERE);
  expect(stderr).toMatch(/^mlops: MLOPS_STORE_UNAVAILABLE/);
});

test('without --json an error leaves standard output empty', async () => {
  expect(await mlops(['ls', 'models'], NOWHERE)).toMatchObject({ code: 2, stdout: '' });
});

test.each([
  ['Temporal', ['retrain', 'flights', '--as-of', '2001-02-01'], 'TEMPORAL_ADDRESS'],
  ['Temporal', ['worker'], 'TEMPORAL_ADDRESS'],
  ['MongoDB', ['ls', 'runs'], 'MONGODB_URI'],
  ['MongoDB', ['show', 'run/123456'], 'MONGODB_URI'],
])('%s that is down: exit code 1, and one line names it and what to set', async (server, args, variable) => {
  const { code, stdout, stderr } = await mlops(args, NOWHERE);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(new RegExp(`^mlops: .*${server} can't be reached.*${variable}.*\\n$`));
});

test.each([
  ['viewCopy=5', /There is no such limit\..*Limits are .*viewReadMs, viewCopies\./],
  ['viewReadMs=soon', /limit is not a positive number.*limit=viewReadMs/],
])('a limit of a replica is known by name and positive: %s', async (limit, words) => {
  const { code, stdout, stderr } = await mlops(['serve', 'flights', '--folder', folder, '--limit', limit], NOWHERE);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^mlops: MLOPS_CONFIGURATION/);
  expect(stderr).toMatch(words);
});

test('an endpoint that is down: one line with its address', async () => {
  const { code, stderr } = await mlops(['predict', 'flights', '--input', 'a=1', '--url', 'http://127.0.0.1:1']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^mlops: MLOPS_NO_REPLICA: .*127\.0\.0\.1:1.*\n$/);
});

test('a server whose address is not set is told by its variable', async () => {
  const { code, stderr } = await mlops(['ls', 'runs'], { MLOPS_STACK_DIR: folder, MONGODB_URI: '' });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^mlops: MLOPS_CONFIGURATION: .*MONGODB_URI.*stack\.sh up.*\n$/);
});

test.each([
  ['MONGODB_URI', 'ana:secret@host/x'],
  ['MLOPS_DATABASE', 'a b$'],
  ['S3_ENDPOINT', 'ana:secret@host'],
  ['S3_BUCKET', 'u1'],
])('%s that is written wrongly is told by its name, and not shown', async (variable, value) => {
  const servers = { MONGODB_URI: 'mongodb://127.0.0.1:1/x', S3_ENDPOINT: 'http://127.0.0.1:1' };
  const keys = { S3_ACCESS_KEY: 'key', S3_SECRET_KEY: 'secret' };
  const { code, stderr } = await mlops(['ls', 'runs'], { ...servers, ...keys, [variable]: value });
  expect(code).toBe(1);
  expect(stderr).toMatch(new RegExp(`^mlops: MLOPS_CONFIGURATION: ${variable} .*\\n$`));
  expect(stderr).not.toContain(value);
});

test('MLOPS_DEBUG=1 shows where an error comes from, and what caused it', async () => {
  const { stderr } = await mlops(['ls', 'runs'], { ...NOWHERE, MLOPS_DEBUG: '1' });
  expect(stderr.split('\n')[0]).toMatch(/^mlops: /);
  expect(stderr).toMatch(/\n {4}at /);
  expect(stderr).toContain('ECONNREFUSED');
});

test('worker: connections that can’t be used are one line, without what stands in them', async () => {
  const file = join(folder, 'connections.json');
  const problem = async (text: string): Promise<string> => {
    await writeFile(file, text);
    const { code, stderr } = await mlops(['worker', '--connections', file], NOWHERE);
    expect({ code, lines: stderr.trimEnd().split('\n').length }).toEqual({ code: 1, lines: 1 });
    expect(stderr).toMatch(/^mlops: MLOPS_CONFIGURATION: /);
    expect(stderr).not.toContain('s3cret');
    return stderr;
  };
  expect(await problem('{ "lab": s3cret }')).toContain('not JSON');
  const lab = { kind: 'http', address: 'https://example.com', headers: { authorization: 's3cret' } };
  expect(await problem(JSON.stringify({ lab }))).toContain('lab.headers.authorization');
});

test('doctor tells of every server that is down, and goes on', async () => {
  const { code, stdout, stderr } = await mlops(['doctor', '--json'], NOWHERE);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^mlops: 3 problems.*\n$/);
  const { findings } = JSON.parse(stdout) as { findings: { state: string; about: string; fix: string }[] };
  expect(findings.map(({ state, about }) => `${state} ${about}`)).toEqual([
    'problem temporal',
    'problem mongodb',
    'problem object store',
  ]);
  for (const { fix } of findings) expect(fix).toContain('stack.sh up');
});

interface Checked {
  readonly definition: { readonly source: { readonly columns: object } };
  readonly warnings: readonly string[];
}

describe('check', () => {
  test('prints digest and summary of a good project', async () => {
    const { code, stdout, stderr } = await mlops(['check', 'examples/flights/project.ts'], NOWHERE);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^project +flights\ndigest +sha256:[0-9a-f]{64}\n/);
    const json = await mlopsJson(['check', 'examples/flights/project.ts'], NOWHERE);
    expect(json).toMatchObject({ project: 'flights', valid: true, definition: { v: 1, name: 'flights' } });
  });

  test('warns of features by which a model holds values of private columns', async () => {
    const { definition, warnings } = await mlopsJson<Checked>(['check', 'examples/flights/project.ts']);
    expect(warnings).toEqual([]);
    const { source } = definition;
    const columns = { ...source.columns, origin: { type: 'string', privacy: true } };
    const file = join(folder, 'private.json');
    await writeFile(file, JSON.stringify({ ...definition, source: { ...source, columns } }));
    expect((await mlopsJson<Checked>(['check', file])).warnings).toEqual([
      expect.stringMatching(/^the model's file will hold values of private columns: embedding\(origin\)\./),
    ]);
  });

  test('reads statements, as far as that goes without rows', async () => {
    const { definition } = await mlopsJson<{ definition: { source: { columns: object } } }>([
      'check',
      'examples/flights/project.ts',
    ]);
    const { source } = definition;
    const checked = async (statement: string) => {
      const reader = { sql: { from: ['raw'], statement } };
      const columns = { ...source.columns, id: { type: 'string' } };
      const file = join(folder, 'prepared.json');
      const prepared = { ...source, reader, columns, key: ['id'] };
      await writeFile(file, JSON.stringify({ ...definition, sources: { raw: source }, source: prepared }));
      return mlops(['check', file], NOWHERE);
    };
    expect(await checked('SELECT *, __key::VARCHAR AS id FROM raw')).toMatchObject({ code: 0, stderr: '' });
    expect((await checked('SELECT *, now()::VARCHAR AS id FROM raw')).stderr).toMatch(
      /SQL_REFUSED.*now is not allowed/
    );
    expect((await checked('SELECT *, __key AS id FROM raw')).stderr).toMatch(/COLUMN_TYPE.*column=id.*given=UUID/);
    expect((await checked('SELECT * FROM raw')).stderr).toMatch(/COLUMN_MISSING.*column=id/);
  });

  test('tells several mistakes at once, each by its path', async () => {
    const { definition } = await mlopsJson<{ definition: Record<string, unknown> }>([
      'check',
      'examples/flights/project.ts',
    ]);
    const file = join(folder, 'project.json');
    const wrong = { ...definition, name: 'Flights', cluster: 'moon', triggers: [{ on: 'full moon' }] };
    await writeFile(file, JSON.stringify(wrong));
    const plain = await mlops(['check', file]);
    expect(plain.code).toBe(1);
    expect(plain.stderr).toMatch(/^mlops: 3 mistakes in .*project\.json: fix what is listed\.\n$/);
    for (const path of ['name', 'cluster', 'triggers[0]']) expect(plain.stdout).toContain(`\n${path}`);
    const json = await mlopsJson<{ valid: boolean; mistakes: { path: string }[] }>(['check', file]);
    expect(json.valid).toBe(false);
    expect(json.mistakes).toHaveLength(3);
  });

  test('tells the mistakes that defineProject finds in a TypeScript file as those of a JSON file', async () => {
    const { definition } = await mlopsJson<{ definition: object }>(['check', 'examples/flights/project.ts']);
    const wrong = JSON.stringify({ ...definition, name: 'Flights', cluster: 'moon', triggers: [{ on: 'full moon' }] });
    const index = JSON.stringify(builtFile('src', 'index.js'));
    const [typed, plain] = [join(folder, 'mistaken.ts'), join(folder, 'mistaken.json')];
    await writeFile(typed, `import { defineProject } from ${index};\nexport default defineProject(${wrong} as never);`);
    await writeFile(plain, wrong);
    const [ofTyped, ofPlain] = await Promise.all([typed, plain].map((file) => mlops(['check', file], NOWHERE)));
    expect(ofTyped?.stderr).toMatch(/^mlops: 3 mistakes in .*mistaken\.ts: fix what is listed\.\n$/);
    expect(ofTyped?.stdout).toBe(ofPlain?.stdout);
    const json = await mlopsJson<object>(['check', typed], NOWHERE);
    expect(json).toMatchObject({ project: 'Flights', valid: false, mistakes: [{}, {}, {}] });
    const start = ['start', typed, '--as-of', '2001-02-01', '--by', 'ana'];
    expect(await mlopsJson(start, NOWHERE)).toMatchObject({ error: { code: 'MLOPS_DEFINITION_INVALID' } });
  });

  test('a file that is not there, or does not load, is one line', async () => {
    const missing = await mlops(['check', join(folder, 'none.ts')]);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(/^mlops: MLOPS_NOT_FOUND: .*none\.ts.*\n$/);
    const file = join(folder, 'broken.ts');
    await writeFile(file, 'export default {\n');
    const broken = await mlops(['check', file]);
    expect(broken.code).toBe(1);
    expect(broken.stderr).toMatch(/^mlops: MLOPS_DEFINITION_INVALID: .*broken\.ts.*\n$/);
  });
});
