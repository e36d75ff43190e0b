/**
 * Which of the staged rows stand, and under which key. A snapshot holds one row of each key: of rows with one declared key the
 * one that became known last, then of the greatest file path, then of the greatest row number. Without a declared key
 * all rows stand, equal ones by their ordinal.
 */
import type { SourceDefinition } from '../../domain/definition';
import type { SnapshotRows } from '../../domain/records';
import type { Database } from './duckdb';
import { byPath, type IngestPlan } from './ingest-plan';
import { type DataShard, liveRows } from './live-rows';
import { ordinalKey, SHARD_CONTENT } from './row-key';
import { REASON } from './stage';
import { BATCH, column, CONTENT, FILE, KEY, KNOWN_AT, ROW, text } from './sql';

export interface Ranked {
  /** A query of the rows that stand: the declared columns, `__key`, `__content`, `__known_at`, `__file`, `__row`. */
  readonly standing: string;
  /** Staged rows that give way to another row of their key. */
  readonly outranked: number;
}

export interface Ranking {
  readonly source: SourceDefinition;
  readonly plan: IngestPlan;
  /** The parent's. */
  readonly shards: readonly DataShard[];
}

const GOOD = `"${REASON}" = ''`;
const PLACE = `"${FILE}", "${ROW}"`;
const GREATEST_FIRST = `"${KNOWN_AT}" DESC, "${FILE}" DESC, "${ROW}" DESC`;

/** Undefined where only a full read can say which row stands. */
export async function rankRows(database: Database, ranking: Ranking): Promise<Ranked | undefined> {
  return ranking.source.key === undefined ? byContent(database, ranking) : byKey(database, ranking);
}

async function byContent(database: Database, { source, plan, shards }: Ranking): Promise<Ranked> {
  await database.run(
    `CREATE TABLE equals AS SELECT "${CONTENT}", 0::BIGINT AS there FROM staged WHERE ${GOOD} GROUP BY ALL HAVING count(*) > 1`
  );
  const near = plan.reads === 'added' ? await overlapping(database, source, plan.parent!, shards) : [];
  if (near.length > 0) {
    await database.run(
      `INSERT INTO equals SELECT "${CONTENT}", count(*) FROM ${liveRows(near, [`${SHARD_CONTENT} AS "${CONTENT}"`])}
       SEMI JOIN (FROM staged WHERE ${GOOD}) USING ("${CONTENT}") GROUP BY ALL`
    );
  }
  await database.run(
    `CREATE TABLE ordinals AS SELECT ${PLACE}, max(there) OVER same + row_number() OVER same - 1 AS ordinal
     FROM (SELECT ${PLACE}, "${CONTENT}" FROM staged WHERE ${GOOD})
     JOIN (SELECT "${CONTENT}", max(there) AS there FROM equals GROUP BY ALL) USING ("${CONTENT}")
     WINDOW same AS (PARTITION BY "${CONTENT}" ORDER BY ${PLACE} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`
  );
  const kept = keptColumns(source);
  const [some] = await database.rows('SELECT count(*) AS n FROM ordinals');
  if (Number(some!['n']) === 0) {
    return {
      standing: `SELECT ${kept}, "${CONTENT}" AS "${KEY}", "${CONTENT}" FROM staged WHERE ${GOOD}`,
      outranked: 0,
    };
  }
  const keyed = `SELECT ${kept}, ${ordinalKey(source, 'ordinal')} AS "${KEY}", "${CONTENT}"
    FROM staged LEFT JOIN ordinals USING (${PLACE}) WHERE ${GOOD}`;
  return { standing: keyed, outranked: 0 };
}

/** Equal rows have one event time, where there is one: shards of other times can't hold any. */
async function overlapping(
  database: Database,
  { eventTime }: SourceDefinition,
  parent: SnapshotRows,
  shards: readonly DataShard[]
): Promise<readonly DataShard[]> {
  if (eventTime === undefined) return shards;
  const time = column(eventTime);
  const [span] = await database.rows(
    `SELECT epoch_ms(min(${time})) AS first, epoch_ms(max(${time})) AS last FROM staged WHERE ${GOOD}`
  );
  if (span?.['first'] == null) return [];
  const [first, last] = [Number(span['first']), Number(span['last'])];
  return shards.filter((_, i) => {
    const { minEventTime, maxEventTime } = parent.shards[i]!;
    return Date.parse(minEventTime!) <= last + 1 && Date.parse(maxEventTime!) >= first - 1;
  });
}

async function byKey(database: Database, { source, plan, shards }: Ranking): Promise<Ranked | undefined> {
  await database.run(
    `CREATE TABLE losers AS SELECT ${PLACE} FROM (
       SELECT ${PLACE}, row_number() OVER (PARTITION BY "${KEY}" ORDER BY ${GREATEST_FIRST}) AS place
       FROM (FROM staged WHERE ${GOOD}) SEMI JOIN
         (SELECT "${KEY}" FROM staged WHERE ${GOOD} GROUP BY ALL HAVING count(*) > 1) USING ("${KEY}"))
     WHERE place > 1`
  );
  const standing = `SELECT ${keptColumns(source)}, "${KEY}", "${CONTENT}"
    FROM (FROM staged WHERE ${GOOD}) ANTI JOIN losers USING (${PLACE})`;
  if (plan.reads === 'added') {
    const columns = [`"${BATCH}"`, `"${KEY}"`, `${SHARD_CONTENT} AS "${CONTENT}"`, `"${KNOWN_AT}"`];
    await database.run(
      `CREATE TABLE contested AS SELECT p.*, n."${CONTENT}" AS other, n."${KNOWN_AT}" AS later, ${PLACE}
       FROM ${shards.length === 0 ? NO_ROWS : liveRows(shards, columns)} p JOIN (${standing}) n USING ("${KEY}")`
    );
    if (await undecided(database, plan)) return undefined;
    // The parent's row stands where it is the same, or became known later; of ties the later file's row.
    const newest = `"${FILE}"::VARCHAR > ${text(plan.kept.toSorted(byPath).at(-1)?.path ?? '')}`;
    await database.run(
      `INSERT INTO losers SELECT ${PLACE} FROM contested
       WHERE other = "${CONTENT}" OR later < "${KNOWN_AT}" OR (later = "${KNOWN_AT}" AND NOT (${newest}))`
    );
  }
  const [found] = await database.rows('SELECT count(*) AS n FROM losers');
  return { standing, outranked: Number(found!['n']) };
}

const NO_ROWS = `(SELECT 0 AS "${BATCH}", NULL::UUID AS "${KEY}", NULL::UUID AS "${CONTENT}", NULL::TIMESTAMP AS "${KNOWN_AT}" WHERE false)`;

/**
 * Two rows of one key that became known in one moment: the greater file path decides, but a kept row may stand for
 * equal ones of other files, so the path must be greater or less than those of all files of the parent.
 */
async function undecided(database: Database, { kept }: IngestPlan): Promise<boolean> {
  const paths = kept.toSorted(byPath).map(({ path }) => path);
  const between = `"${FILE}"::VARCHAR BETWEEN ${text(paths[0] ?? '')} AND ${text(paths.at(-1) ?? '')}`;
  const [tied] = await database.rows(
    `SELECT count(*) AS n FROM contested WHERE other <> "${CONTENT}" AND later = "${KNOWN_AT}" AND ${between}`
  );
  return Number(tied!['n']) > 0;
}

function keptColumns({ columns }: SourceDefinition): string {
  return [...Object.keys(columns).map(column), `"${KNOWN_AT}"`, `"${FILE}"`, `"${ROW}"`].join(', ');
}
