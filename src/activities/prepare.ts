/** What a statement or a join makes of snapshots, as parts that ingest takes like those of any source. */
import { join } from 'node:path';
import { MlopsError } from '../domain/errors';
import type { Snapshots } from '../domain/phases';
import { columnTypes, isPrepared } from '../domain/definition';
import { joinOf, madeOf } from '../domain/sources';
import type { SnapshotBody } from '../domain/records';
import type { Ref } from '../domain/refs';
import type { PrepareInput, PreparedFrom, PrepareOutput } from '../engines/tables/prepare/prepare-job';
import { notThere, sourceOf } from './definitions';
import type { ActivityDeps } from './deps';
import { listOf, type ObservedParts } from './registered/reader';
import { inAttemptFolder } from './step/attempt-folder';
import { runWithHeartbeat } from './step/compute-job';
import { shardsOf } from './step/inputs';

export interface Prepare {
  readonly definition: Ref<'definition'>;
  readonly asOf: string;
  /** Absent: the project's own source. */
  readonly source?: string;
  /** Snapshots by the names of the sources that it is made of. */
  readonly from: Snapshots;
}

export function prepareActivities(deps: ActivityDeps) {
  return {
    /** Run anew whenever it is asked: what counts is the bytes that come of it, which are the same for the same rows. */
    async mlopsPrepare({ definition, asOf, source: named, from }: Prepare): Promise<ObservedParts> {
      const { source, definition: project } = await sourceOf(deps, definition, named);
      const { reader } = source;
      if (!isPrepared(reader)) throw notThere(source.name, 'mlopsObserve');
      const names = madeOf(source, project.views);
      const stores = await deps.stores();
      const tables = await Promise.all(
        names.map(async (name): Promise<PreparedFrom> => {
          const ref = from[name];
          if (ref === undefined) throw notGiven(source.name, name);
          const snapshot = await stores.facts.get(ref);
          const { source: table } = await sourceOf(deps, definition, name);
          // By its record: rows of another source or a later moment would be training rows.
          if (snapshot.body.source !== table.name || Date.parse(snapshot.body.asOf) !== Date.parse(asOf))
            throw notItsSnapshot(source.name, name, snapshot.body);
          const { columns, eventTime } = snapshot.body;
          const shards = await shardsOf(deps, stores, snapshot);
          return { name, columns, ...(eventTime === undefined ? {} : { eventTime }), shards };
        })
      );
      return inAttemptFolder(deps.workFolder, 'prepare', async (folder) => {
        const input: PrepareInput = {
          source: source.name,
          ...('sql' in reader ? { statement: reader.sql.statement } : { join: joinOf(reader.join, project.views) }),
          tables,
          columns: columnTypes(source),
          key: source.key ?? [],
          mostRows: deps.limits.preparedRows,
        };
        const written = await runWithHeartbeat<PrepareInput, PrepareOutput>(deps, 'prepare', input, { folder });
        const [{ file, mediaType, name } = notWritten(source.name)] = written.files;
        const { digest, bytes } = await stores.artifacts.put({ name, path: join(folder, file), mediaType });
        const files = [{ path: `prepared/${source.name}`, digest, bytes }];
        const parts = await listOf(stores, folder, { files, from: names.map((name) => from[name]!) });
        return { asOf, format: 'parquet', parts };
      });
    },
  };
}

function notGiven(source: string, table: string): MlopsError {
  const what = 'A statement reads a source of which no snapshot is given.';
  return new MlopsError('MLOPS_RECORD_MISSING', what, { source, table }, 'Ingest that source first.');
}

function notItsSnapshot(source: string, table: string, found: SnapshotBody): MlopsError {
  const where = { source, table, found: found.source, asOf: found.asOf };
  const what = 'A statement was given a snapshot of another source or another moment.';
  return new MlopsError('MLOPS_RECORD_MISSING', what, where, 'Ingest its sources as of the same moment.');
}

function notWritten(source: string): never {
  throw new MlopsError('MLOPS_UNEXPECTED', 'A statement was run and wrote no file.', { source }, 'Report it.');
}
