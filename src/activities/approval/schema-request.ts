/** The request about what is new in a cycle's batches: made from the cycle's snapshots, and from nothing else. */
import { authors } from '../../domain/approval';
import { MlopsError } from '../../domain/errors';
import { type Cycle, cycleRecordId, phaseId, requestId, schemaRequestName } from '../../domain/ids';
import type { CycleDocument, Fact } from '../../domain/records';
import type { Digest, Ref } from '../../domain/refs';
import { schemaChange, type SourceChange, whatChanged } from '../../domain/schema-change';
import { digestOf } from '../../runtime/digest';
import type { Stores } from '../../stores/connect';
import { findCycle } from '../../stores/cycles';
import { refOf } from '../../stores/facts';
import { decidedOn, requestStates } from '../../stores/requests';
import { headsMadeOf, snapshotsMadeOf } from '../../stores/snapshots';
import type { RequestDraft } from './open-request';
import { newInBatch } from './evidence';

/** What a cycle's batches ask. */
export interface AskedChange {
  readonly changes: readonly SourceChange[];
  /** What a decision names. */
  readonly change: Digest;
  /** The project's own snapshot first, then those that it is made of. */
  readonly snapshots: readonly Fact<'snapshot'>[];
}

/** Undefined where nothing asks. */
export async function askedChange(stores: Stores, snapshot: Ref<'snapshot'>): Promise<AskedChange | undefined> {
  return askedBy(await snapshotsMadeOf(stores, snapshot.id));
}

function askedBy(snapshots: readonly Fact<'snapshot'>[]): AskedChange | undefined {
  const changes = schemaChange(snapshots.map(({ body }) => body));
  return changes.length === 0 ? undefined : { changes, change: digestOf(whatChanged(changes)), snapshots };
}

/** The snapshot and all that it is made of, by what they name: also one that is not there. */
async function idsMadeOf(stores: Stores, id: string): Promise<string[]> {
  const heads = await headsMadeOf(stores, id);
  return [...new Set([id, ...heads.flatMap(({ madeOf }) => madeOf)])];
}

/**
 * What a cycle came to, if people let it in: nothing of it asks, or they have approved what does. The project's own snapshot first, then
 * those that it is made of. Undefined, too, where one of them is not there: what it asked is unknown.
 */
export async function letInBatch(
  stores: Stores,
  project: string,
  { cycle, refs }: Pick<CycleDocument, 'cycle' | 'refs'>
): Promise<readonly Fact<'snapshot'>[] | undefined> {
  if (refs.snapshot === undefined) return undefined;
  const request = requestId({ project, name: schemaRequestName(cycle) });
  const state = (await requestStates(stores, [request])).get(request);
  if (state !== undefined && state !== 'approved') return undefined;
  const ids = await idsMadeOf(stores, refs.snapshot.id);
  const found = await Promise.all(ids.map((id) => stores.facts.find('snapshot', id)));
  const snapshots = found.filter((each) => each !== null);
  if (snapshots.length < found.length) return undefined;
  const asked = state === 'approved' ? undefined : askedBy(snapshots);
  return asked === undefined || (await isChangeApproved(stores, project, asked.change)) ? snapshots : undefined;
}

/** Whether people have approved this very change: of several that they decided, the newest counts. */
export async function isChangeApproved(stores: Stores, project: string, change: Digest): Promise<boolean> {
  const decided = await decidedOn(stores, project, change);
  return decided?.state === 'approved';
}

export async function schemaRequest(stores: Stores, project: string, cycle: Cycle): Promise<RequestDraft> {
  const document = await findCycle(stores, cycleRecordId(project, cycle));
  const { snapshot } = document?.refs ?? {};
  if (document === null || snapshot === undefined) throw nothingToAsk('The cycle has no snapshot.', project, cycle);
  const [asked, { body }] = await Promise.all([
    askedChange(stores, { kind: 'snapshot', id: snapshot.id, digest: snapshot.digest }),
    stores.facts.get(document.definition),
  ]);
  if (asked === undefined) throw nothingToAsk('The batch brings nothing that is asked about.', project, cycle);
  const { change, changes, snapshots } = asked;
  const asking = new Set(changes.map(({ source }) => source));
  const about = snapshots.filter((each, at) => at === 0 || asking.has(each.body.source));
  const name = schemaRequestName(cycle);
  return {
    _id: requestId({ project, name }),
    project,
    workflowId: phaseId(project, name, 'approve'),
    subject: { kind: 'schema-change', digests: { change, snapshot: snapshot.digest } },
    title: `${project}: what is new in the batch of cycle ${cycle}`,
    about: about.map(refOf),
    comparisonDigest: change,
    policy: body.definition.approval,
    authors: authors(document.causes, document.appliedBy),
    causes: document.causes,
    gates: [],
    evidence: evidenceOf(asked),
  };
}

/** Columns and their categories that are shown: with ten names of each, what an activity may answer with. */
const MOST_LINES = 15;

/** What asks, the first of it, and where all of it is. */
function evidenceOf({ changes, snapshots }: AskedChange): string[] {
  const found = changes.flatMap(({ source, results }) =>
    newInBatch({ validation: results }).map((line) => `source ${source}: ${line}`)
  );
  const further = found.length - MOST_LINES;
  return [
    ...found.slice(0, MOST_LINES),
    ...(further > 0 ? [`and ${further} further columns with something new`] : []),
    ...changes.map(({ source }) => rowsOf(snapshots.find(({ body }) => body.source === source)!)),
    'approved: the cycle goes on with the batch, and what is new in it is known from then on',
    'rejected: the cycle ends, the batch is not built upon, and the next cycle asks again unless the source has changed',
  ];
}

function rowsOf({ _id, body: { source, asOf, batches } }: Fact<'snapshot'>): string {
  const newest = batches.at(-1);
  // Columns may be new where no row is.
  const rows = newest?.asOf === asOf ? newest.added : 0;
  return `source ${source}: the batch adds ${rows.toLocaleString('en-US')} rows, known by ${asOf}; all that is new: \`mlops show snapshot/${_id}\``;
}

function nothingToAsk(what: string, project: string, cycle: Cycle): MlopsError {
  const where = { cycle: cycleRecordId(project, cycle) };
  return new MlopsError('MLOPS_REQUEST_CONFLICT', what, where, 'Skip the cycle and retrain.');
}
