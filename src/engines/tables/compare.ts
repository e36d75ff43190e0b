/** The staged rows beside the parent's: what the snapshot gains, what leaves it, what goes to quarantine. */
import type { SourceDefinition } from '../../domain/definition';
import type { IngestBatch } from '../../domain/records';
import type { Database } from './duckdb';
import type { IngestPlan } from './ingest-plan';
import { type DataShard, liveRows } from './live-rows';
import type { Ranked } from './rank';
import { SHARD_CONTENT } from './row-key';
import { rowOrder } from './row-order';
import { BATCH, column, CONTENT, FILE, KEY, KNOWN_AT, moment, parquet, PLACE, ROW, UNPARSED } from './sql';
import { REASON } from './stage';

export interface ParentFiles {
  readonly shards: readonly DataShard[];
  /** Local paths. */
  readonly quarantine: readonly string[];
}

export interface Compared {
  readonly added: number;
  /** Of the added ones: known by the parent's asOf. */
  readonly late: number;
  readonly replaced: number;
  readonly withdrawn: number;
  /** Of the removed ones: late when they came. */
  readonly removedLate: number;
  /** Of the removed ones: not in the source any more. */
  readonly gone: number;
}

/**
 * Makes three relations. `accepted`, in order: the declared columns, `__key`, `__content` (NULL where it
 * is the key), `__known_at`, `__file`, `__row`, `__place`. `removed`: `__batch`, `__key`, `why`, `by_file`, `by_row` of the
 * row in its place. `refused`: new rows for quarantine, as staged.
 */
export async function compareRows(
  database: Database,
  source: SourceDefinition,
  plan: IngestPlan,
  { standing, first }: Ranked,
  { shards, quarantine }: ParentFiles
): Promise<Compared> {
  const whole = plan.parent !== undefined && plan.reads === 'whole';
  if (whole) {
    const columns = [`"${BATCH}"`, `"${KEY}"`, `${SHARD_CONTENT} AS "${CONTENT}"`, `"${KNOWN_AT}"`];
    await database.run(`CREATE TABLE had AS ${shards.length === 0 ? NONE : `FROM ${liveRows(shards, columns)}`}`);
  }
  const names = [...Object.keys(source.columns).map(column), `"${KNOWN_AT}"`, `"${FILE}"`, `"${ROW}"`].join(', ');
  const own = `SELECT ${names}, "${KEY}", CASE WHEN "${CONTENT}" <> "${KEY}" THEN "${CONTENT}" END AS "${CONTENT}"`;
  if (first !== undefined)
    await database.run(`CREATE VIEW accepted AS ${own}, rowid AS "${PLACE}" FROM staged WHERE rowid < ${first}`);
  else {
    const order = rowOrder(source).join(', ');
    const rows = whole ? `(${standing}) ANTI JOIN had USING ("${KEY}", "${CONTENT}")` : `(${standing})`;
    await database.run(`CREATE TABLE fresh AS ${own} FROM ${rows} ORDER BY ${order}`);
    await database.run(`CREATE VIEW accepted AS SELECT *, rowid AS "${PLACE}" FROM fresh`);
  }
  await database.run(`CREATE TABLE removed AS ${removedBy(source, plan, standing)}`);
  const time = source.eventTime === undefined ? '' : `${column(source.eventTime)}, `;
  await database.run(
    `CREATE TABLE refused AS SELECT ${names}, "${KEY}", "${CONTENT}", "${UNPARSED}", "${REASON}"
     FROM ${whole && quarantine.length > 0 ? notBefore(quarantine) : REFUSED}
     ORDER BY ${time}"${CONTENT}", "${FILE}", "${ROW}"`
  );
  return countsOf(database, source, plan);
}

const NONE = `SELECT 0 AS "${BATCH}", NULL::UUID AS "${KEY}", NULL::UUID AS "${CONTENT}", NULL::TIMESTAMP AS "${KNOWN_AT}" WHERE false`;

function removedBy({ key }: SourceDefinition, { parent, reads }: IngestPlan, standing: string): string {
  const by = `"${FILE}"::VARCHAR AS by_file, "${ROW}" AS by_row`;
  const row = `"${BATCH}", "${KEY}", "${CONTENT}", "${KNOWN_AT}"`;
  if (parent !== undefined && reads === 'whole') {
    return `SELECT ${row}, CASE WHEN by_row IS NULL THEN 'withdrawn' ELSE 'replaced' END AS why, by_file, by_row
      FROM had LEFT JOIN (SELECT "${KEY}", "${CONTENT}" AS other, ${by} FROM (${standing})) USING ("${KEY}")
      WHERE other IS NULL OR other <> "${CONTENT}"`;
  }
  const none = `SELECT *, '' AS why, '' AS by_file, 0::BIGINT AS by_row FROM (${NONE})`;
  if (parent === undefined || key === undefined) return none;
  return `SELECT ${row}, 'replaced' AS why, ${by} FROM contested ANTI JOIN losers USING ("${FILE}", "${ROW}")`;
}

const REFUSED = `(SELECT * REPLACE (${SHARD_CONTENT} AS "${CONTENT}") FROM staged WHERE "${REASON}" <> '')`;

/** Quarantined rows that were not there before: of equal rows as many as are more than before. */
function notBefore(quarantine: readonly string[]): string {
  return `(SELECT * FROM (
      SELECT *, row_number() OVER (PARTITION BY "${CONTENT}" ORDER BY "${FILE}", "${ROW}") AS nth FROM ${REFUSED})
    LEFT JOIN (SELECT "${CONTENT}", count(*) AS had FROM ${parquet(...quarantine)} GROUP BY ALL) USING ("${CONTENT}")
    WHERE nth > coalesce(had, 0))`;
}

async function countsOf(database: Database, { key, knownAt }: SourceDefinition, plan: IngestPlan): Promise<Compared> {
  // A row that is always known is never late.
  const after = knownAt === undefined ? undefined : plan.parent?.asOf;
  const late = after === undefined ? 'false' : `"${KNOWN_AT}" <= ${moment(after)}`;
  const [gained] = await database.rows(
    `SELECT count(*) AS added, count(*) FILTER (WHERE ${late}) AS late FROM accepted`
  );
  const [lost] = await database.rows(
    `SELECT count(*) FILTER (WHERE why = 'replaced') AS replaced, count(*) FILTER (WHERE why = 'withdrawn') AS withdrawn,
       count(*) FILTER (WHERE ${wasLate(knownAt === undefined ? [] : (plan.parent?.batches ?? []))}) AS late FROM removed`
  );
  return {
    added: Number(gained!['added']),
    late: Number(gained!['late']),
    replaced: Number(lost!['replaced']),
    withdrawn: Number(lost!['withdrawn']),
    removedLate: Number(lost!['late']),
    gone: await gone(database, key !== undefined, plan),
  };
}

/** Of a removed row: it was known by the asOf before its batch. */
function wasLate(batches: readonly Pick<IngestBatch, 'after'>[]): string {
  const each = batches.flatMap(({ after }, number) =>
    after === null ? [] : [`WHEN ${number} THEN "${KNOWN_AT}" <= ${moment(after)}`]
  );
  return each.length === 0 ? 'false' : `CASE "${BATCH}" ${each.join(' ')} ELSE false END`;
}

/** A row that gave way to another may still be in the source. */
async function gone(database: Database, keyed: boolean, { reads }: IngestPlan): Promise<number> {
  if (reads === 'added') return 0;
  const still = keyed ? `ANTI JOIN (FROM staged WHERE "${REASON}" = '') USING ("${KEY}", "${CONTENT}")` : '';
  const [found] = await database.rows(`SELECT count(*) AS n FROM removed ${still}`);
  return Number(found!['n']);
}
