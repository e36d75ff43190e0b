/** What a benchmark's run has to itself, and that nothing is left of it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startOwnRun } from '../../bench/own-run';
import { dropOwnStores } from '../../bench/steps/own-stores';
import { readEnvironment } from '../../src/runtime/environment';
import { storeConfig } from '../../src/stores/config';
import { connectStores } from '../../src/stores/connect';
import { eventually } from '../support/eventually';
import { openOwnStores, type OwnStores } from '../support/own-stores';
import { raw } from '../support/raw-records';

/** Leaves a file where temporary ones go, says what it has, and runs until it is ended. */
const PROGRAM = `
  const { mkdtempSync, renameSync, writeFileSync } = require('node:fs');
  const folder = mkdtempSync(require('node:path').join(require('node:os').tmpdir(), 'of-a-part-'));
  const said = { folder, database: process.env.MLOPS_DATABASE, bucket: process.env.S3_BUCKET };
  const [, file] = process.argv;
  writeFileSync(file + '.part', JSON.stringify(said));
  renameSync(file + '.part', file);
  setInterval(() => undefined, 1_000);
`;

interface Said {
  readonly folder: string;
  readonly database: string;
  readonly bucket: string;
}

let system: OwnStores;
beforeAll(async () => {
  system = await openOwnStores('own-run');
});
afterAll(() => system.close());

async function databases(): Promise<string[]> {
  const { databases: all } = await raw(system.stores).db.admin().listDatabases({ nameOnly: true });
  return all.map(({ name }) => name);
}

async function started(name: string) {
  const file = join(system.folder, name);
  const run = startOwnRun([process.execPath, '-e', PROGRAM, file]);
  const said = await eventually(`${name} runs`, async () =>
    existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Said) : undefined
  );
  const own = { MLOPS_DATABASE: said.database, S3_BUCKET: said.bucket };
  const stores = await connectStores(storeConfig({ ...readEnvironment(), ...own }));
  await raw(stores).db.collection<{ _id: string }>('anything').insertOne({ _id: name });
  await stores.close();
  return { ...run, said };
}

test('two at once have nothing in common, and of one that a signal ends nothing is left', async () => {
  const [one, other] = [await started('one'), await started('other')];
  try {
    expect(new Set([one, other].flatMap(({ said }) => [said.database, said.folder])).size).toBe(4);
    one.child.kill('SIGTERM');
    expect(await one.ended).toBe(130);
    expect(await databases()).not.toContain(one.said.database);
    expect(existsSync(one.said.folder)).toBe(false);
    expect(await databases()).toContain(other.said.database);
    expect(existsSync(other.said.folder)).toBe(true);
  } finally {
    other.child.kill('SIGKILL');
    expect(await other.ended).toBe(130);
  }
  expect(await databases()).not.toContain(other.said.database);
  expect(existsSync(other.said.folder)).toBe(false);
});

test('stores of another name are never dropped', async () => {
  const env = { ...readEnvironment(), MLOPS_DATABASE: 'mlops', S3_BUCKET: 'mlops-bench-1' };
  await expect(dropOwnStores(env)).rejects.toThrow('mlops is not a database or bucket');
});

test('a program that can not be started is a failure', async () => {
  const { ended } = startOwnRun([join(system.folder, 'nowhere')]);
  await expect(ended).rejects.toThrow('ENOENT');
});
