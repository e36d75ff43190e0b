/** A snapshot's page as a step: an artifact with its lineage, fetched as it was rendered, kept as long as its snapshot. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { reportActivities } from '../../src/activities/report';
import type { Fact } from '../../src/domain/records';
import type { Ref } from '../../src/domain/refs';
import { batchPage } from '../../src/engines/report/batch-page';
import { refOf } from '../../src/stores/facts';
import { mlops, mlopsJson } from '../cli/mlops';
import { age } from '../support/aged';
import { cleaned } from '../support/cleaned';
import { openRecordedCycles, type RecordedCycles } from '../support/recorded-cycles';
import { raw } from '../support/raw-records';

let cycles: RecordedCycles;
let snapshot: Fact<'snapshot'>;
let report: Ref<'report'>;

const render = (of: Fact<'snapshot'>): Promise<Ref<'report'>> =>
  new MockActivityEnvironment().run(() => reportActivities(cycles.deps).mlopsRenderReport({ snapshot: refOf(of) }));
const out = (name: string) => join(cycles.folder, name);

beforeAll(async () => {
  cycles = await openRecordedCycles('report');
  snapshot = await cycles.cycle(['1,2024-01-01,5,Oslo,ana@x', '2,2024-01-02,-6,Bern,ben@x'], '2024-01-10T00:00:00Z');
  report = await render(snapshot);
});
afterAll(() => cycles.close());

test('the page is an artifact that leads to its snapshot', async () => {
  const { artifacts, inputs, body } = await cycles.stores.facts.get(report);
  expect(inputs).toEqual([refOf(snapshot)]);
  expect(body.of).toEqual(refOf(snapshot));
  expect(artifacts).toMatchObject([{ name: 'page', mediaType: 'text/html' }]);
  await cycles.stores.artifacts.download(artifacts[0]!.digest, out('stored.html'));
  expect(await readFile(out('stored.html'), 'utf8')).toBe(batchPage({ id: snapshot._id, body: snapshot.body }));
  const { stdout } = await mlops(['lineage', `report/${report.id}`], cycles.env);
  expect(stdout).toContain(`used snapshot/${snapshot._id.slice(7, 19)}`);
});

test('of one record and one renderer it is rendered once', async () => {
  const none = { ...cycles.deps, runJob: () => Promise.reject(new Error('it ran again')) };
  const activities = reportActivities(none as unknown as typeof cycles.deps);
  expect(
    await new MockActivityEnvironment().run(() => activities.mlopsRenderReport({ snapshot: refOf(snapshot) }))
  ).toEqual(report);
});

const written = (name: string) => mlopsJson<object>(['report', snapshot._id, '--out', out(name)], cycles.env);

test('mlops report fetches it, and makes it of the record where it is of another renderer', async () => {
  expect(await written('fetched.html')).toMatchObject({ snapshot: snapshot._id, report: report.id });
  const renderedBy = (version: unknown) =>
    raw(cycles.stores)
      .facts('report')
      .updateOne({ _id: report.id } as never, { $set: { 'step.version': version } as never });
  const { step } = await cycles.stores.facts.get(report);
  await renderedBy(`sha256:${'0'.repeat(64)}`);
  expect(await written('another.html')).not.toHaveProperty('report');
  await renderedBy(step!.version);
  expect(await readFile(out('another.html'), 'utf8')).toBe(await readFile(out('fetched.html'), 'utf8'));
});

test('a page lives and dies with its snapshot, and the record makes it again', async () => {
  const taken = async (dryRun: boolean) => {
    await raw(cycles.stores).cycles.updateMany({}, { $set: { state: 'finished' } });
    await age(cycles.stores, 1_000);
    const { took } = await cleaned(cycles.stores, { dryRun });
    return took.filter(({ what }) => what === 'page' || what === 'snapshot');
  };
  // It is the project's newest.
  expect(await taken(true)).toEqual([]);
  await render(await cycles.cycle(['3,2024-01-12,6,Bern,cem@x'], '2024-01-20T00:00:00Z'));
  // The newest's parent: the next cycle grows from it, should people not let the newest in.
  expect(await taken(true)).toEqual([]);
  await render(await cycles.cycle(['4,2024-01-21,7,Bern,dora@x'], '2024-01-30T00:00:00Z'));
  expect((await taken(false)).map(({ what, count }) => [what, count])).toContainEqual(['page', 1]);
  expect(await written('gone.html')).not.toHaveProperty('report');
  expect(await readFile(out('gone.html'), 'utf8')).toBe(await readFile(out('fetched.html'), 'utf8'));
  expect(await render(snapshot)).toEqual(report);
  expect(await written('again.html')).toMatchObject({ report: report.id });
});
