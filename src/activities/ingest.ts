/** Ingest in two steps: observe what there is, never reused; then take the rows that became known since the parent. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '../runtime/digest';
import {
  columnTypes,
  fileForm,
  isPrepared,
  type ProjectDefinition,
  privateColumns,
  quarantines,
  type SchemaDefinition,
  type SourceDefinition,
} from '../domain/definition';
import { MlopsError } from '../domain/errors';
import type { Fact, ObservedFile, RuleResult, SnapshotBody } from '../domain/records';
import { isNamedBy } from '../domain/path-pattern';
import type { Digest, Ref } from '../domain/refs';
import { joinOf } from '../domain/sources';
import type { Stores } from '../stores/connect';
import { refOf } from '../stores/facts';
import type { IngestInput, IngestOutput } from '../engines/tables/ingest';
import { appendedFiles, longerFiles } from '../engines/tables/appended';
import { planIngest } from '../engines/tables/ingest-plan';
import { observe } from '../engines/tables/observe';
import { sourceFile } from '../engines/tables/source-file';
import { type Beside, knownFor, letInBeside } from './let-in';
import { localCopies } from './step/artifact-cache';
import { countRead } from './step/cost';
import { withHeartbeat } from './step/heartbeat';
import { numericEnvironment, runWithHeartbeat, stepFiles } from './step/compute-job';
import { namedCopies } from './step/inputs';
import { notThere, sourceOf } from './definitions';
import type { ActivityDeps } from './deps';
import { observeRemote } from './remote-source';
import { listOf, type ObservedParts, observeRegistered, type Parts, partsOf } from './registered/reader';
import { inAttemptFolder } from './step/attempt-folder';
import { runStep, type StepRequest } from './step/step';
import { stepVersion } from './step/step-version';

export interface Observation {
  readonly asOf: string;
  readonly files: readonly ObservedFile[];
  readonly format: 'parquet' | 'csv' | 'jsonl';
}

export interface Observe {
  readonly definition: Ref<'definition'>;
  readonly asOf: string;
  /** Absent: the project's own source. */
  readonly source?: string;
}

export interface Ingest {
  readonly definition: Ref<'definition'>;
  readonly observation: Observation | ObservedParts;
  readonly parent?: Ref<'snapshot'>;
  /** Absent: the project's own source. */
  readonly source?: string;
}

export function ingestActivities(deps: ActivityDeps) {
  return {
    /** What the source's files are right now; what isn't a local file becomes artifacts, so that ingest can run anywhere. */
    async mlopsObserve({ definition, asOf, source: named }: Observe): Promise<Observation | ObservedParts> {
      const { source } = await sourceOf(deps, definition, named);
      const { reader } = source;
      if (isPrepared(reader)) throw notThere(source.name, rightFor(reader));
      if ('registered' in reader) return observeRegistered(deps, reader, asOf);
      if (!('file' in reader)) return observeRemote(deps, reader, source, asOf);
      return withHeartbeat(`observing ${source.name}`, async () => ({
        asOf,
        format: reader.file.format,
        ...(await listed(deps, await observe(source, deps.dataFolder, deps.limits))),
      }));
    },

    async mlopsIngest({ definition, observation, parent: grown, source: named }: Ingest): Promise<Ref<'snapshot'>> {
      const { source, schema, definition: project } = await sourceOf(deps, definition, named);
      const rowsOf = rowsDecidedBy(source, schema, project.views);
      const { asOf, format } = observation;
      const before = await parentOf(deps, grown, { rowsOf, asOf });
      const parent = before === undefined ? undefined : grown;
      const beside = await letInBeside(await deps.stores(), {
        definition: project,
        source: named,
        schema,
        parent: before,
      });
      const { files, from = [] } = await readParts(deps, observation);
      // What it was made of stands beside the rows, as the step that made them wrote it: no argument says it.
      if (isPrepared(source.reader) !== from.length > 0) throw notThere(source.name, rightFor(source.reader));
      const request = ingestRequest({
        source,
        schema,
        asOf,
        format,
        files,
        parent,
        before: before?.body,
        from,
        beside,
      });
      return runStep(deps, request, async ({ stores, folder }) => {
        const longer = await locally(deps, stores, source, longerFiles(before?.body, files, format), folder);
        const appended = await appendedAmong(longer, before?.body, source);
        const grow = async (whole: boolean): Promise<IngestOutput> => {
          const plan = planIngest(before?.body, files, asOf, appended, whole);
          const input: IngestInput = {
            plan: { ...plan, files: await locally(deps, stores, source, plan.files, folder) },
            parentFiles: before === undefined ? {} : await namedCopies(deps, stores, before, filesOf(before.body)),
            ...(beside === undefined ? {} : { known: await knownFor(deps, stores, beside) }),
            format,
            source,
            schema,
            asOf,
          };
          return runWithHeartbeat<IngestInput, IngestOutput>(deps, 'ingest', input, { folder });
        };
        const first = await grow(false);
        const output = 'undecided' in first ? await grow(true) : first;
        if ('undecided' in output) throw new Error('a full read left rows undecided');
        const { rows, batch } = output;
        const inherited = new Set([...rows.shards, ...rows.removed, ...rows.quarantine].map(({ name }) => name));
        const own = new Set(output.files.map(({ name }) => name));
        return {
          files: stepFiles(folder, output.files),
          refersTo: before?.artifacts.filter(({ name }) => inherited.has(name) && !own.has(name)) ?? [],
          body: (): SnapshotBody => ({
            ...rows,
            source: source.name,
            columns: columnTypes(source),
            ...(source.key === undefined ? {} : { key: source.key }),
            privacy: privateColumns(source),
            ...(source.eventTime === undefined ? {} : { eventTime: source.eventTime }),
            rowsOf,
            validation: batch?.validation ?? stillValid(before?.body.validation ?? [], output.nothingNew ?? [], beside),
            profile: batch?.profile ?? before?.body.profile ?? {},
            ...(parent === undefined ? {} : { parent }),
            ...(beside?.isParent === false ? { judgedBeside: refOf(beside.snapshot) } : {}),
          }),
        };
      });
    },

    async mlopsSnapshotOf({ version }: { readonly version: Ref<'version'> }): Promise<Ref<'snapshot'>> {
      const { facts } = await deps.stores();
      return (await facts.get(version)).body.snapshot;
    },
  };
}

const rightFor = (reader: SourceDefinition['reader']): string => (isPrepared(reader) ? 'mlopsPrepare' : 'mlopsObserve');

async function readParts(deps: ActivityDeps, observation: Observation | ObservedParts): Promise<Parts> {
  return 'parts' in observation ? partsOf(deps, await deps.stores(), observation) : { files: observation.files };
}

interface Asked {
  readonly source: SourceDefinition;
  readonly schema: SchemaDefinition;
  readonly asOf: string;
  readonly format: string;
  readonly files: readonly ObservedFile[];
  readonly parent: Ref<'snapshot'> | undefined;
  readonly before: SnapshotBody | undefined;
  /** Snapshots that a prepared source was made of. */
  readonly from: readonly Ref<'snapshot'>[];
  readonly beside: Beside | undefined;
}

/**
 * What was found of the last batch, with what is judged anew where nothing changed. What the last one asked was answered, if it is what
 * people let in; else all that is new is judged anew.
 */
function stillValid(
  before: readonly RuleResult[],
  now: readonly RuleResult[],
  beside: Beside | undefined
): readonly RuleResult[] {
  const judged = new Set(now.map(({ rule }) => rule));
  const stands = (result: RuleResult) => beside?.isParent !== false || !('isNew' in result);
  return [...before.filter((result) => !judged.has(result.rule) && stands(result)).map(answered), ...now];
}

function answered(result: RuleResult): RuleResult {
  if ('checked' in result || result.asks === undefined) return result;
  const { asks: _, ...rest } = result;
  return rest;
}

/** All that an ingest reads is in its key: files by path and bytes, of the parent what it had read, and as of when, and what is known. */
export function ingestRequest(asked: Asked): StepRequest<'snapshot'> {
  const { source, schema, asOf, format, files, parent, before, from, beside } = asked;
  // The parent is in the key already.
  const known = beside?.isParent === false ? beside : undefined;
  return {
    kind: 'snapshot',
    name: 'ingest',
    version: stepVersion('ingest'),
    params: {
      source: readingOf(source),
      schema,
      asOf,
      format,
      // A registered reader may have thousands of parts.
      files: digestOf(files.map(({ path, digest }) => [path, digest])),
      ...(before === undefined ? {} : { parent: digestOf(before) }),
      ...(known === undefined ? {} : { known: digestOf(known.names) }),
    },
    inputs: [
      ...(parent === undefined ? [] : [parent]),
      ...(known === undefined ? [] : [refOf(known.snapshot)]),
      ...from,
    ],
    reads: files.map((file) => file.digest),
    environment: numericEnvironment(),
  };
}

/** What of a source decides how its files' bytes become rows: all but where they are. */
function readingOf({ reader, ...rest }: SourceDefinition): unknown {
  return { ...rest, csv: fileForm(reader)?.csv };
}

function filesOf({ shards, removed, quarantine }: SnapshotBody): readonly { readonly name: string }[] {
  return [...shards, ...removed, ...quarantine];
}

/** Digest of what decides which rows a snapshot has and how they look: the source, its views, and the rules that quarantine. */
export function rowsDecidedBy(
  source: SourceDefinition,
  { columns }: SchemaDefinition,
  views: ProjectDefinition['views']
): Digest {
  const { reader } = source;
  const joined = 'join' in reader ? { join: joinOf(reader.join, views) } : {};
  return digestOf({ source, rules: columns.filter(quarantines), ...joined });
}

/**
 * A snapshot of other rows can't grow: its shards lack the new columns, or hold another file's rows. One of a later moment
 * can't either: it has rows that were not known yet. Nor can one whose bytes housekeeping took: all rows are taken again.
 */
async function parentOf(
  deps: ActivityDeps,
  ref: Ref<'snapshot'> | undefined,
  { rowsOf, asOf }: Pick<SnapshotBody, 'rowsOf' | 'asOf'>
): Promise<Fact<'snapshot'> | undefined> {
  const found = ref === undefined ? undefined : await (await deps.stores()).facts.get(ref);
  if (found === undefined || found.body.rowsOf !== rowsOf) return undefined;
  if (Date.parse(found.body.asOf) > Date.parse(asOf)) return undefined;
  // Renewed, so that they stay while this batch is made.
  const whole = await (await deps.stores()).artifacts.renew(found.artifacts.map(({ digest }) => digest));
  return whole ? found : undefined;
}

/** The paths of the longer files whose rows the parent has, and others behind them. */
async function appendedAmong(
  longer: Parameters<typeof appendedFiles>[1],
  before: SnapshotBody | undefined,
  { name, reader }: SourceDefinition
): Promise<ReadonlySet<string>> {
  if (before === undefined || longer.length === 0) return new Set();
  const { encoding = 'utf-8' } = fileForm(reader)?.csv ?? {};
  const note = `looking for what came to files of ${name}`;
  return withHeartbeat(note, (signal) => appendedFiles(before, longer, encoding, signal));
}

/** Local files are read where they are; all others come from the artifact store. */
async function locally<T extends ObservedFile>(
  deps: ActivityDeps,
  stores: Stores,
  source: SourceDefinition,
  files: readonly T[],
  folder: string
): Promise<readonly (T & { readonly local: string })[]> {
  if ('file' in source.reader) {
    const { path } = source.reader.file;
    return Promise.all(
      files.map(async (file) => {
        if (!isNamedBy(path, file.path)) throw notOfSource(file.path, source.name);
        countRead(file.bytes);
        return { ...file, local: await sourceFile(deps.dataFolder, file.path) };
      })
    );
  }
  const artifacts = files.map((file) => ({
    name: file.path,
    digest: file.digest,
    bytes: file.bytes,
    mediaType: 'application/octet-stream',
  }));
  const paths = await localCopies(deps, stores, artifacts);
  return Promise.all(
    files.map(async (file, index) => {
      const local = join(folder, `part-${index}`);
      await copyFile(paths[index] as string, local);
      return { ...file, local };
    })
  );
}

function notOfSource(path: string, source: string): MlopsError {
  return new MlopsError(
    'MLOPS_SOURCE_OUTSIDE',
    'The file is not one that the definition names.',
    { path, source },
    'Ingest what mlopsObserve answered for this definition.'
  );
}

/** Files that an observation carries itself; more are a list in the artifact store, since a workflow carries 64 KB. */
const MOST_CARRIED = 50;

async function listed(
  deps: ActivityDeps,
  { files }: Pick<Observation, 'files'>
): Promise<Pick<Observation, 'files'> | Pick<ObservedParts, 'parts'>> {
  if (files.length <= MOST_CARRIED) return { files };
  return inAttemptFolder(deps.workFolder, 'observe', async (folder) => ({
    parts: await listOf(await deps.stores(), folder, { files }),
  }));
}
