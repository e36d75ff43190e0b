/** Ingest in two steps: observe what there is, never reused; then take the rows that became known since the parent. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '../runtime/digest';
import { columnTypes, type SchemaDefinition, type SourceDefinition } from '../domain/definition';
import { MlopsError } from '../domain/errors';
import type { Fact, IngestBatch, ObservedFile, SnapshotBody } from '../domain/records';
import type { Digest, Ref } from '../domain/refs';
import type { Stores } from '../stores/connect';
import type { IngestInput, IngestOutput } from '../engines/tables/ingest';
import { observe } from '../engines/tables/observe';
import { sourceFile } from '../engines/tables/source-file';
import { isNamedBy } from '../engines/tables/source-paths';
import { localCopies } from './step/artifact-cache';
import { withHeartbeat } from './step/heartbeat';
import { numericEnvironment, runWithHeartbeat } from './step/compute-job';
import { definitionOf } from './definitions';
import type { ActivityDeps } from './deps';
import { listOf, type ObservedParts, observeRegistered, partsOf } from './registered/reader';
import { inAttemptFolder } from './step/attempt-folder';
import { runStep } from './step/step';
import { stepVersion } from './step/step-version';

const PARQUET = 'application/vnd.apache.parquet';

export interface Observation {
  readonly asOf: string;
  readonly files: readonly ObservedFile[];
  readonly format: 'parquet' | 'csv' | 'jsonl';
}

export interface Ingest {
  readonly definition: Ref<'definition'>;
  readonly observation: Observation | ObservedParts;
  readonly parent?: Ref<'snapshot'>;
}

export function ingestActivities(deps: ActivityDeps) {
  return {
    /** What the source's files are right now; a registered reader's parts become artifacts, so that ingest can run anywhere. */
    async mlopsObserve({
      definition,
      asOf,
    }: {
      readonly definition: Ref<'definition'>;
      readonly asOf: string;
    }): Promise<Observation | ObservedParts> {
      const { source } = await definitionOf(await deps.stores(), definition);
      const { reader } = source;
      if ('registered' in reader) return observeRegistered(deps, reader, asOf);
      return withHeartbeat(`observing ${source.name}`, async () => ({
        asOf,
        format: reader.file.format,
        ...(await listed(deps, await observe(source, deps.dataFolder, deps.limits))),
      }));
    },

    async mlopsIngest({ definition, observation, parent: grown }: Ingest): Promise<Ref<'snapshot'>> {
      const { source, schema } = await definitionOf(await deps.stores(), definition);
      const rowsOf = rowsDecidedBy(source, schema);
      // A snapshot of other rows is not a parent: its shards lack the new columns, or hold another file's rows.
      const parent = (await snapshotOf(deps, grown))?.body.rowsOf === rowsOf ? grown : undefined;
      const { asOf, format } = observation;
      const files = 'parts' in observation ? await partsOf(deps, await deps.stores(), observation) : observation.files;
      const request = {
        kind: 'snapshot',
        name: 'ingest',
        version: stepVersion('ingest'),
        params: { source: readingOf(source), schema, asOf, format },
        inputs: parent === undefined ? [] : [parent],
        reads: files.map((file) => file.digest),
        environment: numericEnvironment(),
      } as const;
      return runStep(deps, request, async ({ stores, folder }) => {
        const before = await snapshotOf(deps, parent);
        // A batch without a new row, or a question about an earlier day, adds nothing to what the parent has.
        const after = before?.body.asOf ?? null;
        const input: IngestInput = {
          files: await locally(deps, stores, source, files, folder),
          format,
          source,
          schema,
          after,
          asOf,
          firstShard: before?.body.shards.length ?? 0,
        };
        const output = await runWithHeartbeat<IngestInput, IngestOutput>(deps, 'ingest', input, { folder });
        const { quarantine } = output;
        const shards = output.shards.map(({ name, digest, rowsDigest, rows, minEventTime, maxEventTime }) => ({
          name,
          digest,
          rowsDigest,
          rows,
          minEventTime,
          maxEventTime,
        }));
        return {
          files: [
            ...output.shards.map((shard) => ({ name: shard.name, path: join(folder, shard.file), mediaType: PARQUET })),
            ...(quarantine.file === undefined
              ? []
              : [{ name: `quarantine-${asOf}`, path: join(folder, quarantine.file), mediaType: PARQUET }]),
          ],
          refersTo: before?.artifacts ?? [],
          body: (): SnapshotBody => ({
            source: source.name,
            asOf,
            columns: columnTypes(source),
            eventTime: source.eventTime,
            rowsOf,
            rows: output.rows + (before?.body.rows ?? 0),
            shards: [...(before?.body.shards ?? []), ...shards],
            batches: [
              ...(before?.body.batches ?? []),
              ...batchOf(output, { after, asOf, files: readFrom(source, observation) }),
            ],
            validation: output.validation,
            profile: output.profile,
            ...(parent === undefined ? {} : { parent }),
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

/** What of a source decides how its files' bytes become rows: all but the path. */
function readingOf({ reader, ...rest }: SourceDefinition): unknown {
  return { ...rest, csv: 'file' in reader ? reader.file.csv : undefined };
}

/** Digest of what decides which rows a snapshot has and how they look: the source, and the rules that quarantine. */
function rowsDecidedBy(source: SourceDefinition, { columns }: SchemaDefinition): Digest {
  return digestOf({ source, rules: columns });
}

async function snapshotOf(deps: ActivityDeps, ref: Ref<'snapshot'> | undefined): Promise<Fact<'snapshot'> | undefined> {
  return ref === undefined ? undefined : (await deps.stores()).facts.get(ref);
}

/** What a batch's record says of its files: a reader's thousands of parts stand there as the one list of them. */
function readFrom({ reader }: SourceDefinition, observation: Observation | ObservedParts): readonly ObservedFile[] {
  if ('files' in observation) return observation.files;
  const { digest, bytes } = observation.parts;
  return [{ path: `${'registered' in reader ? reader.registered : 'reader'}/parts.json`, digest, bytes }];
}

/** Nothing new since the parent: there is no batch. */
function batchOf({ rows, quarantine }: IngestOutput, of: Pick<IngestBatch, 'after' | 'asOf' | 'files'>): IngestBatch[] {
  return rows + quarantine.rows === 0 ? [] : [{ ...of, rows, quarantined: quarantine.rows }];
}

/** A built-in source's files are read where they are; a registered reader's come from the artifact store. */
async function locally(
  deps: ActivityDeps,
  stores: Stores,
  source: SourceDefinition,
  files: readonly ObservedFile[],
  folder: string
): Promise<IngestInput['files']> {
  if ('file' in source.reader) {
    const { path } = source.reader.file;
    return Promise.all(
      files.map(async (file) => {
        if (!isNamedBy(path, file.path)) throw notOfSource(file.path, source.name);
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
    parts: await listOf(await deps.stores(), folder, files),
  }));
}
