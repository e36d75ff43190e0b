/** A change of policy is governed by the policy in force, however it comes. A story: its tests go on from one another. */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VERIFICATIONS } from '../../src/cli/doctor/verify/verify';
import type { ApprovalRequest } from '../../src/domain/approval';
import type { ApprovalPolicy, ProjectDefinition } from '../../src/domain/definition';
import { lifecycleId } from '../../src/domain/ids';
import { type ApplyMessage, MESSAGES, type OperatorAnswer } from '../../src/domain/messages';
import type { AuditEvent } from '../../src/domain/audit-event';
import { digestOf } from '../../src/runtime/digest';
import { openRecordStores } from '../../src/records/stores';
import { packDefinition } from '../../src/runtime/packed-definition';
import { storeConfig } from '../../src/stores/config';
import { definitionInForce } from '../../src/stores/definitions';
import { findRequest } from '../../src/stores/requests';
import { mlopsJson } from '../cli/mlops';
import { eventually } from '../support/eventually';
import { by, Lifecycles, MARCH } from '../support/lifecycles';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let lifecycles: Lifecycles;
let definition: ProjectDefinition;
let project: string;

beforeAll(async () => {
  system = await openSystem('policy');
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder, 1000));
  definition = lifecycles.define({
    approval: { ...lifecycles.define().approval, approvers: ['ana', 'ben'], roles: {} },
  });
  project = definition.name;
  await system.startWorker();
});
afterAll(async () => {
  await lifecycles.end();
  await system.close();
});

const approval = (changes: Partial<ApprovalPolicy>): ProjectDefinition => ({
  ...definition,
  approval: { ...definition.approval, ...changes },
});
const WAITS = { outcome: 'accepted', reason: expect.stringContaining('waits for approval') as unknown };
const request = (number: number): Promise<ApprovalRequest | null> =>
  findRequest(system.stores, `${project}/policy-${number}`);
const inForce = async () => (await definitionInForce(system.stores, project))?.definition.digest;
const audited = async (what: string): Promise<AuditEvent[]> =>
  (await system.stores.audit.list(project)).filter((event) => event.what === what);
const decide = (number: number, person: string, verdict: 'approve' | 'reject', digest: string) =>
  system.client.decide(`${project}/policy-${number}`, { id: randomUUID(), by: person, verdict, digest });

test('a project’s first definition is in force at once; its audit names the sender and their connection', async () => {
  await lifecycles.start(definition);
  await lifecycles.request(project, 1);
  expect(await inForce()).toBe(digestOf(definition));
  const [applied] = await audited('definition in force');
  expect(applied).toMatchObject({ by: 'cem', detail: { callerIdentity: expect.stringMatching(/^\d+@/) as unknown } });
});

test('an approver more waits for those who are approvers: until then all of the old definition stays', async () => {
  const weaker = {
    ...approval({ approvers: ['ana', 'ben', 'eve'] }),
    objective: { task: 'binary', decisionThreshold: 0.7 } as const,
  };
  expect(await system.client.apply(weaker, by('eve'))).toEqual(WAITS);
  expect(await inForce()).toBe(digestOf(definition));
  const asked = await request(1);
  expect(asked).toMatchObject({
    state: 'open',
    subject: { kind: 'policy', digests: { definition: digestOf(weaker), inForce: digestOf(definition) } },
    policy: { approvers: ['ana', 'ben'] },
    authors: ['eve'],
  });
  for (const line of [
    'needs approval: approval.approvers: added "eve"',
    `changes objective.decisionThreshold: 0.35 → 0.7`,
  ])
    expect(asked?.evidence).toContain(line);
  const seen = await lifecycles.seen(asked?.workflowId ?? '');
  expect(seen.waitingFor).toEqual(['approver:ana', 'approver:ben']);
  expect(seen.details).toContain('approval.approvers');
});

test('who it would make an approver is none yet, and it decides by the digest of the definition alone', async () => {
  const asked = await request(1);
  const { definition: digest = '' } = asked?.subject.digests ?? {};
  expect(await decide(1, 'eve', 'approve', digest)).toMatchObject({ outcome: 'refused', code: 'unknown-approver' });
  expect(await decide(1, 'ana', 'approve', digestOf(definition))).toMatchObject({ code: 'wrong-digest' });
});

test('a second apply takes the place of the first', async () => {
  const stricter = approval({ approversNeeded: 2 });
  expect(await system.client.apply(stricter, by('cem'))).toEqual(WAITS);
  expect(await request(1)).toMatchObject({ state: 'superseded' });
  expect(await request(2)).toMatchObject({ state: 'open' });
  expect(await inForce()).toBe(digestOf(definition));
});

test('a cycle that begins meanwhile goes by the definition in force', async () => {
  await system.client.retrain(project, { ...by('cem'), asOf: MARCH });
  await lifecycles.decide(project, 1, 'reject');
  expect((await lifecycles.cycle(project, 2, 'waiting')).definition.digest).toBe(digestOf(definition));
});

test('approved, it is in force from the next cycle on', async () => {
  const stricter = approval({ approversNeeded: 2 });
  expect(await decide(2, 'ana', 'approve', digestOf(stricter))).toMatchObject({
    outcome: 'accepted',
    state: 'approved',
  });
  await eventually('the record of it', async () => ((await request(2))?.state === 'approved' ? true : undefined));
  await system.client.retrain(project, { ...by('cem'), asOf: '2001-03-08T00:00:00Z' });
  await lifecycles.decide(project, 2, 'reject');
  expect((await lifecycles.cycle(project, 3, 'waiting')).definition.digest).toBe(digestOf(stricter));
  expect(await inForce()).toBe(digestOf(stricter));
  expect((await audited('definition in force')).at(-1)).toMatchObject({ by: 'cem' });
});

test('what changes no policy is in force with the next cycle, as ever', async () => {
  const changed = {
    ...approval({ approversNeeded: 2 }),
    objective: { task: 'binary', decisionThreshold: 0.6 } as const,
  };
  const answer = await system.client.apply(changed, by('eve'));
  expect(answer).toEqual({ outcome: 'accepted', reason: 'the definition takes effect with the next cycle' });
  expect(await inForce()).toBe(digestOf(changed));
});

test('start after stop is an apply: another policy waits, and the lifecycle goes by the one in force', async () => {
  await system.client.stop(project, by('dan'));
  await lifecycles.handle(lifecycleId(project)).result();
  const before = await inForce();
  const answer = await system.client.start({ definition, asOf: '2001-03-15T00:00:00Z', by: 'eve' });
  expect(answer).toEqual({
    outcome: 'accepted',
    reason: expect.stringMatching(
      /^a cycle follows; the definition waits for approval .*approversNeeded: 2 → 1/
    ) as unknown,
  });
  expect((await lifecycles.cycle(project, 4, 'waiting')).definition.digest).toBe(before);
  expect(await request(3)).toMatchObject({ state: 'open', authors: ['eve'] });
});

test('a request whose author leaves too few approvers says so, and by whom; somebody else’s apply opens another', async () => {
  const stricter = approval({ approversNeeded: 2, rejectsNeeded: 2 });
  expect(await system.client.apply(stricter, by('ana'))).toEqual(WAITS);
  const asked = await request(4);
  const { waitingFor, details } = await lifecycles.seen(asked?.workflowId ?? '');
  expect(waitingFor).toEqual(['approver:ben', 'operator']);
  const { identity } = system.client.temporal.options;
  expect(details).toContain(`It is the work of ana, by what was claimed: person by ana (${identity}).`);
  expect(details).toContain('If somebody else applies the definition (`mlops apply`), that opens a new request.');
  expect(details).not.toContain('--supersede');
  expect(await system.client.apply(stricter, by('ana'))).toEqual(WAITS);
  expect(await request(4)).toMatchObject({ state: 'open' });
  expect(await system.client.apply(stricter, by('eve'))).toEqual(WAITS);
  expect(await request(4)).toMatchObject({ state: 'superseded' });
  expect(await request(5)).toMatchObject({ state: 'open', authors: ['eve'], subject: asked?.subject });
});

describe('mlops policy reset, with the stores’ credentials', () => {
  /** Registered by nobody before. */
  const reset = () => approval({ approvers: ['zoe'] });
  const ask = (name: string, wanted: ProjectDefinition, id: string) => {
    const file = join(system.folder, name);
    writeFileSync(file, JSON.stringify(wanted));
    return mlopsJson<{ outcome: string; definition: string }>(
      ['policy', 'reset', file, '--by', 'root', '--id', id, '--comment', 'gone'],
      system.env
    );
  };

  test('asks nobody, which the audit says, and closes what waits', async () => {
    const answer = await ask('reset.json', reset(), 'everyone-left');
    expect(answer).toMatchObject({ outcome: 'reset', definition: digestOf(reset()) });
    expect(await inForce()).toBe(digestOf(reset()));
    expect(await request(5)).toMatchObject({ state: 'superseded', closedBecause: 'root reset the policy' });
    const callerIdentity = expect.stringMatching(/^stores, /) as unknown;
    expect(await audited('policy reset')).toMatchObject([{ by: 'root', detail: { comment: 'gone', callerIdentity } }]);
    expect((await audited('definition applied')).at(-1)).toMatchObject({
      by: 'root',
      detail: { digest: digestOf(reset()), callerIdentity },
    });
  });

  test('counts once under one id, and again under another', async () => {
    expect(await ask('reset.json', definition, 'everyone-left')).toMatchObject({ definition: digestOf(reset()) });
    expect(await inForce()).toBe(digestOf(reset()));
    expect(await audited('policy reset')).toHaveLength(1);
    await ask('reset.json', definition, 'back-again');
    expect(await inForce()).toBe(digestOf(definition));
    expect(await audited('policy reset')).toHaveLength(2);
  });

  test('leaves nothing that doctor --verify complains about', async () => {
    const records = openRecordStores(storeConfig(system.env));
    try {
      for (const [, verify] of VERIFICATIONS)
        expect((await verify(records)).filter(({ state }) => state === 'problem')).toEqual([]);
    } finally {
      await records.close();
    }
  });
});

describe('a definition that no project file could have made is refused by the worker, whoever sends it', () => {
  const long = Array.from({ length: 20_000 }, (_, at) => `p${at}`);
  test.each<[string, unknown, RegExp]>([
    ['without approvers', approvalOf({ approvers: [] }), /approval\.approvers/],
    ['with no approval needed', approvalOf({ approversNeeded: 0 }), /approval\.approversNeeded/],
    ['with more needed than there are', approvalOf({ approversNeeded: 3 }), /approval\.approversNeeded/],
    ['with a number that is none', approvalOf({ approversNeeded: Number.NaN }), /approval\.approversNeeded/],
    ['with a list without end', approvalOf({ approvers: long }), /approval\.approvers/],
    ['of another project', (all: ProjectDefinition) => ({ ...all, name: 'other' }), /name: is other/],
    ['with a field that is none', (all: ProjectDefinition) => ({ ...all, approvals: {} }), /approvals/],
    ['without its defaults', (all: ProjectDefinition) => ({ ...all, v: undefined }), /lacks defaults/],
  ])('%s', async (_, change, why) => {
    const sent = (change as (all: ProjectDefinition) => unknown)(definition);
    // As JSON leaves it: NaN is null.
    const forged = { ...(JSON.parse(JSON.stringify(sent)) as ProjectDefinition) };
    const before = await inForce();
    const message: ApplyMessage = { ...by('eve'), definition: packDefinition(forged) };
    const answer = await system.client.temporal.workflow
      .getHandle(lifecycleId(project))
      .executeUpdate<OperatorAnswer, [ApplyMessage]>(MESSAGES.apply, { args: [message] });
    expect(answer).toEqual({ outcome: 'refused', reason: expect.stringMatching(why) as unknown });
    expect(answer.reason.length).toBeLessThan(4_000);
    expect(await inForce()).toBe(before);
  });
});

function approvalOf(changes: Partial<ApprovalPolicy>) {
  return (all: ProjectDefinition) => ({ ...all, approval: { ...all.approval, ...changes } });
}
