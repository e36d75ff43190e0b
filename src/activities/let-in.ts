/**
 * What of a project's data people let in last, by the records alone: what is new in a batch is judged beside it, and so are rules about
 * earlier data, whatever the rows grow from. An argument can't say it: whoever starts a lifecycle anew, or asks as of an earlier day, would get rows in unasked.
 */
import {
  blocksByEarlier,
  categoryPolicies,
  judgesByEarlier,
  namesInFile,
  newPolicies,
  type ProjectDefinition,
  type SchemaDefinition,
} from '../domain/definition';
import { MlopsError } from '../domain/errors';
import type { Fact } from '../domain/records';
import type { Ref } from '../domain/refs';
import { ROWS_WITH_CATEGORIES } from '../domain/schema-change';
import { sourceNamed } from '../domain/sources';
import type { IngestInput } from '../engines/tables/ingest';
import type { Stores } from '../stores/connect';
import { cyclesWithSnapshot } from '../stores/cycles';
import { letInBatch } from './approval/schema-request';
import { definitionOf } from './definitions';
import type { ActivityDeps } from './deps';
import { namedCopies } from './step/inputs';

export interface LetIn {
  readonly snapshot: Fact<'snapshot'>;
  /** That of its cycle. */
  readonly definition: Ref<'definition'>;
}

/**
 * The snapshots of the newest batch that people let in, by the name of their source (the project's own has none). Where one has too few
 * rows to say which categories there are, an earlier batch's snapshot stands in its place.
 */
export async function letInLast(stores: Stores, project: string): Promise<ReadonlyMap<string | undefined, LetIn>> {
  const found = new Map<string | undefined, LetIn>();
  for await (const cycle of cyclesWithSnapshot(stores, project)) {
    const newest = found.size === 0;
    const snapshots = (await letInBatch(stores, project, cycle)) ?? [];
    for (const [at, snapshot] of snapshots.entries()) {
      const name = at === 0 ? undefined : snapshot.body.source;
      const had = found.get(name);
      const saysMore = had !== undefined && isFew(had) && !isFew({ snapshot });
      if (newest || saysMore) found.set(name, { snapshot, definition: cycle.definition });
    }
    if (found.size > 0 && ![...found.values()].some(isFew)) break;
  }
  return found;
}

const isFew = ({ snapshot }: Pick<LetIn, 'snapshot'>): boolean => snapshot.body.rows < ROWS_WITH_CATEGORIES;

/** What a batch is judged beside. */
export interface Beside {
  readonly snapshot: Fact<'snapshot'>;
  /** Columns of its files, declared or not. */
  readonly names: readonly string[];
  /** Its rows are at hand. */
  readonly isParent: boolean;
  /** Its rows are read. */
  readonly reads: boolean;
}

export interface ToJudge {
  readonly definition: ProjectDefinition;
  /** Absent: the project's own. */
  readonly source: string | undefined;
  readonly schema: SchemaDefinition;
  readonly parent: Fact<'snapshot'> | undefined;
}

/**
 * Undefined where nothing is judged, or nothing was there before. Before people let anything in, the parent is what was there.
 * @throws MlopsError MLOPS_ARTIFACT_TAKEN: its rows are gone, and the policy of a column asks or refuses, or a rule about them blocks
 */
export async function letInBeside(
  stores: Stores,
  { definition, source, schema, parent }: ToJudge
): Promise<Beside | undefined> {
  const policies = newPolicies(schema);
  const judges = judgesByEarlier(schema);
  if (!judges && policies.every((policy) => policy === 'ignore')) return undefined;
  const last = (await letInLast(stores, definition.name)).get(source);
  if (last === undefined || last.snapshot._id === parent?._id)
    return parent === undefined ? undefined : ofParent(parent);
  const { snapshot } = last;
  const { columns = {} } = sourceNamed(await definitionOf(stores, last.definition), source) ?? {};
  const declared = Object.entries(columns).flatMap(([name, column]) => namesInFile(name, column));
  const names = [...new Set([...declared, ...snapshot.body.undeclared])].sort();
  const reads = judges || categoryPolicies(schema).some((policy) => policy !== 'ignore');
  if (!reads || (await renewed(stores, snapshot))) return { snapshot, names, isParent: false, reads };
  if (blocksByEarlier(schema) || policies.some((policy) => policy === 'ask' || policy === 'refuse'))
    throw gone(snapshot);
  return parent === undefined ? undefined : ofParent(parent);
}

const ofParent = (parent: Fact<'snapshot'>): Beside => ({
  snapshot: parent,
  names: parent.body.undeclared,
  isParent: true,
  reads: false,
});

/** What an ingest reads of it. */
export async function knownFor(
  deps: ActivityDeps,
  stores: Stores,
  { snapshot, names, reads }: Beside
): Promise<NonNullable<IngestInput['known']>> {
  const { columns, key, shards, removed } = snapshot.body;
  const known = { names, columns, ...(key === undefined ? {} : { key }) };
  if (!reads) return known;
  const files = await namedCopies(deps, stores, snapshot, rowsFiles(snapshot));
  return { ...known, rows: { shards, removed, files } };
}

/** So that its rows stay while they are read. Quarantined ones are not. */
function renewed({ artifacts }: Stores, snapshot: Fact<'snapshot'>): Promise<boolean> {
  const names = new Set(rowsFiles(snapshot).map(({ name }) => name));
  return artifacts.renew(snapshot.artifacts.filter(({ name }) => names.has(name)).map(({ digest }) => digest));
}

const rowsFiles = ({ body }: Fact<'snapshot'>): readonly { readonly name: string }[] => [
  ...body.shards,
  ...body.removed,
];

function gone({ _id: snapshot, body }: Fact<'snapshot'>): MlopsError {
  return new MlopsError(
    'MLOPS_ARTIFACT_TAKEN',
    'The rows beside which a batch is judged are gone.',
    { snapshot, source: body.source },
    'Put the objects back, or apply a definition whose policies report and whose rules about earlier rows warn, and retry.'
  );
}
