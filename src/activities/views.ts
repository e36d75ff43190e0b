/** Feature views into MongoDB: which ones, of which snapshot, and each entity's newest value. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { columnTypes, type ProjectDefinition } from '../domain/definition';
import { durationMs } from '../domain/durations';
import { MlopsError } from '../domain/errors';
import { isMaterialize, ofProject } from '../domain/ids';
import type { MaterializedView, PlannedMaterialization, PlannedViews } from '../domain/materialize';
import type { Snapshots } from '../domain/phases';
import { planOf } from '../domain/plan';
import type { Ref } from '../domain/refs';
import { schemaOf, type SourceOrder, sourceNamed, sourcesInOrder } from '../domain/sources';
import type {
  MaterializedRow,
  MaterializeJobInput,
  MaterializeJobOutput,
} from '../engines/tables/views/materialize-job';
import { crashPoint } from '../runtime/crash-points';
import { noProject } from '../runtime/project-errors';
import { definitionInForce } from '../stores/definitions';
import { findEndpoint } from '../stores/endpoints';
import type { Stores } from '../stores/connect';
import { refOf } from '../stores/facts';
import { completeView, type Materialization, writeViewValues } from '../stores/view-values';
import { askedAt, type Caller, callingWorkflow, notAuthorized } from './caller';
import { definitionOf, sourceOf } from './definitions';
import type { ActivityDeps } from './deps';
import { rowsDecidedBy } from './ingest';
import { requireOwnIngest } from './own-ingest';
import { type OwnSnapshot, ownSnapshots } from './own-snapshots';
import { joinedViews, servedViewId } from './served-views';
import { inAttemptFolder } from './step/attempt-folder';
import { runWithHeartbeat } from './step/compute-job';
import { beat, withHeartbeat } from './step/heartbeat';
import { shardsOf } from './step/inputs';

export interface PlanViews {
  readonly project: string;
  readonly asOf?: string;
}

export interface MaterializeView {
  readonly project: string;
  readonly definition: Ref<'definition'>;
  readonly view: string;
  readonly snapshot: Ref<'snapshot'>;
}

/** Documents of one transaction. */
const BATCH = 1_000;

export function viewActivities(deps: ActivityDeps) {
  return {
    /** Of the definition in force and of what is served, each view once: two definitions may have the same one. */
    async mlopsPlanViews({ project, asOf }: PlanViews): Promise<PlannedMaterialization> {
      requireMaterialize(project);
      const stores = await deps.stores();
      const moment = asOf ?? new Date(askedAt()).toISOString();
      if (!(Date.parse(moment) <= askedAt())) throw notYet(project, moment);
      const known = await ownSnapshots(stores, project);
      const definitions: PlannedViews[] = [];
      const planned = new Set<string>();
      const all = await definitionsOf(stores, project);
      if (all.length === 0) throw noProject(project);
      for (const definition of all) {
        const body = await definitionOf(stores, definition);
        const views = joinedViews(body).filter(([name]) => !planned.has(servedViewId(body, name)));
        if (views.length === 0) continue;
        for (const [name] of views) planned.add(servedViewId(body, name));
        const sources = neededFor(
          body,
          views.map(([, { from }]) => from)
        );
        definitions.push({
          definition,
          plan: planOf(body),
          views: views.map(([name, { from }]) => ({ name, from })),
          sources,
          parents: parentsOf(body, sources, known, moment),
        });
      }
      return { asOf: new Date(moment).toISOString(), searchAttributes: deps.searchAttributes, definitions };
    },

    /**
     * Writes each entity's newest value. The snapshot must be one of the view's history, by its record, that this run ingested, by its
     * own history, and the definition the project's own. Twice at once, and after any crash, it writes the same documents; an older
     * snapshot's write nothing.
     */
    async mlopsMaterializeView({
      project,
      definition,
      view: name,
      snapshot: ref,
    }: MaterializeView): Promise<MaterializedView> {
      const run = requireMaterialize(project);
      const stores = await deps.stores();
      if (!definition.id.startsWith(ofProject(project)))
        throw notAuthorized('The definition is another project’s.', { project, definition: definition.id });
      const body = await definitionOf(stores, definition);
      const view = new Map(joinedViews(body)).get(name);
      if (view === undefined) throw noView(definition.id, name);
      const { source, schema } = await sourceOf(deps, definition, view.from);
      const snapshot = await stores.facts.get(ref);
      const { asOf, rowsOf, columns, eventTime } = snapshot.body;
      if (rowsOf !== rowsDecidedBy(source, schema, body.views) || !(Date.parse(asOf) <= askedAt()))
        throw notAuthorized('The snapshot is not one of the view’s history.', { view: name, snapshot: ref.id });
      await requireOwnIngest({ run, definition, source: view.from, snapshot: refOf(snapshot) });
      const materialization: Materialization = {
        _id: servedViewId(body, name),
        project,
        name,
        definition,
        snapshot: refOf(snapshot),
        asOf,
        madeAt: snapshot.made.at,
      };
      const types = columnTypes(body.source);
      const values = Object.fromEntries(Object.entries(view.values).filter(([value]) => types[value] !== undefined));
      const to = Date.parse(asOf) * 1_000;
      return inAttemptFolder(deps.workFolder, 'materialize', async (folder) => {
        const input: MaterializeJobInput = {
          name,
          view: { ...view, values },
          types,
          history: {
            name: view.from,
            columns,
            ...(eventTime === undefined ? {} : { eventTime }),
            shards: await shardsOf(deps, stores, snapshot),
          },
          moments: { to, ...(view.ttl === undefined ? {} : { from: to - durationMs(view.ttl) * 1_000 }) },
        };
        const job = await runWithHeartbeat<MaterializeJobInput, MaterializeJobOutput>(deps, 'materialize', input, {
          folder,
        });
        const result = { view: name, snapshot: refOf(snapshot), entities: job.entities };
        const stands = await withHeartbeat(`writing ${name}`, (signal) =>
          written(stores, materialization, join(folder, job.file), job.entities, signal)
        );
        return stands ? result : { ...result, overtaken: true };
      });
    },
  };
}

/** Whether the view's values are now those of this materialization. */
async function written(
  stores: Stores,
  materialization: Materialization,
  file: string,
  entities: number,
  signal: AbortSignal
): Promise<boolean> {
  let batch: MaterializedRow[] = [];
  let count = 0;
  const write = async (): Promise<boolean> => {
    const stands = await writeViewValues(stores, materialization, batch);
    crashPoint('view:batch-written');
    count += batch.length;
    batch = [];
    beat({ done: count, total: entities, note: materialization.name });
    return stands;
  };
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    signal.throwIfAborted();
    batch.push(JSON.parse(line) as MaterializedRow);
    if (batch.length === BATCH && !(await write())) return false;
  }
  if (!(await write())) return false;
  const stands = await completeView(stores, materialization, entities);
  crashPoint('view:completed');
  return stands;
}

/** Of each source the newest snapshot that can grow: as of the moment or before, of the rows that the definition asks for. */
function parentsOf(
  definition: ProjectDefinition,
  sources: readonly SourceOrder[],
  known: readonly OwnSnapshot[],
  moment: string
): Snapshots {
  const parents: Record<string, Ref<'snapshot'>> = {};
  for (const { name } of sources) {
    const source = sourceNamed(definition, name)!;
    const rows = rowsDecidedBy(source, schemaOf(definition, name), definition.views);
    const fit = known.filter(({ rowsOf, asOf }) => rowsOf === rows && Date.parse(asOf) <= Date.parse(moment));
    const [newest] = fit.toSorted((a, b) => Date.parse(b.asOf) - Date.parse(a.asOf));
    if (newest !== undefined) parents[name!] = newest.ref;
  }
  return parents;
}

/** In force, and those of the versions that are served: the newest first. */
async function definitionsOf(stores: Stores, project: string): Promise<Ref<'definition'>[]> {
  const inForce = await definitionInForce(stores, project);
  const endpoint = await findEndpoint(stores, project);
  const served = [endpoint?.candidate, endpoint?.champion].filter((version) => version !== undefined);
  const versions = await Promise.all(served.map(({ version: id }) => stores.facts.get({ kind: 'version', id })));
  const all = [...(inForce === null ? [] : [inForce.definition]), ...versions.map(({ body }) => body.definition)];
  return [...new Map(all.map((ref) => [ref.id, ref])).values()];
}

/** Sources by name and all that they are made of, in the order in which they are read. */
function neededFor(definition: ProjectDefinition, names: readonly string[]): SourceOrder[] {
  const needed = new Set(names);
  const backwards = sourcesInOrder(definition).reverse();
  for (const { name, from } of backwards) {
    if (name !== undefined && needed.has(name)) for (const each of from) needed.add(each);
  }
  return backwards
    .reverse()
    .filter(({ name }) => name !== undefined && needed.has(name) && sourceNamed(definition, name));
}

function requireMaterialize(project: string): Caller {
  const caller = callingWorkflow();
  if (isMaterialize(project, caller.workflowId)) return caller;
  throw notAuthorized('Another workflow called this activity.', { caller: caller.workflowId, project });
}

function notYet(project: string, asOf: string): MlopsError {
  const what = 'Views can not be materialized as of a moment that is still to come.';
  return new MlopsError('MLOPS_MESSAGE_INVALID', what, { project, asOf }, 'Name a moment before now, or none.');
}

function noView(definition: string, view: string): MlopsError {
  const fix = "Name a view that the project's own source joins.";
  return new MlopsError('MLOPS_RECORD_MISSING', 'The definition joins no such view.', { definition, view }, fix);
}
