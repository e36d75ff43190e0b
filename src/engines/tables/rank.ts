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
import { contentOf, SHARD_CONTENT } from './row-key';
import { liesInOrder } from './row-order';
import { REASON } from './stage';
import { BATCH, column, CONTENT, FILE, KEY, KNOWN_AT, ROW, text } from './sql';

export interface Ranked {
  /** A query of the rows that stand: the declared columns, `__key`, `__content`, `__known_at`, `__file`, `__row`. */
  readonly standing: string;
  /** Staged rows that give way to another row of their key. */
  readonly outranked: number;
  /** Where `staged` lies in order, and no row of it is outranked: its first rows, so many, are those that stand. */
  readonly first?: number;
}

export interface Ranking {
  readonly source: SourceDefinition;
  readonly plan: IngestPlan;
  /** Rows of `staged` that can stand. */
  readonly good: number;
  /** The parent's. */
  readonly shards: readonly DataShard[];
}

const GOOD = `"${REASON}" = ''`;
const PLACE = `"${FILE}", "${ROW}"`;
/** Of a staged row: its `rowid`. Of one of several equal rows: how many come before it. */
const [PLACED, ORDINAL] = ['"__place"', '"__ordinal"'];
const GREATEST_FIRST = `"${KNOWN_AT}" DESC, "${FILE}" DESC, "${ROW}" DESC`;

/** Undefined where only a full read can say which row stands. */
export async function rankRows(database: Database, ranking: Ranking): Promise<Ranked | undefined> {
  return ranking.source.key === undefined ? byContent(database, ranking) : byKey(database, ranking);
}

/** A row is known by its content, and from the second of equal rows on by its ordinal too. */
async function byContent(database: Database, { source, plan, good, shards }: Ranking): Promise<Ranked> {
  // In order, equal rows are neighbours.
  const again = liesInOrder(plan)
    ? `SELECT DISTINCT "${KEY}" FROM (SELECT "${KEY}", lag("${KEY}") OVER () = "${KEY}" AS again FROM staged WHERE rowid < ${good}) WHERE again`
    : `SELECT "${KEY}" FROM staged WHERE ${GOOD} GROUP BY ALL HAVING count(*) > 1`;
  await database.run(`CREATE TABLE equals AS SELECT "${KEY}", 0::BIGINT AS there FROM (${again})`);
  const near = plan.reads === 'added' ? await overlapping(database, source, plan.parent!, shards) : [];
  if (near.length > 0) {
    await database.run(
      `INSERT INTO equals SELECT "${CONTENT}", count(*) FROM ${liveRows(near, [`${SHARD_CONTENT} AS "${CONTENT}"`])}
       SEMI JOIN (SELECT "${KEY}" AS "${CONTENT}" FROM staged WHERE ${GOOD}) USING ("${CONTENT}") GROUP BY ALL`
    );
  }
  await database.run(
    `CREATE TABLE ordinals AS SELECT ${PLACED}, max(there) OVER same + row_number() OVER same - 1 AS ${ORDINAL}
     FROM (SELECT rowid AS ${PLACED}, ${PLACE}, "${KEY}" FROM staged WHERE ${GOOD})
     JOIN (SELECT "${KEY}", max(there) AS there FROM equals GROUP BY ALL) USING ("${KEY}")
     WINDOW same AS (PARTITION BY "${KEY}" ORDER BY ${PLACE} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`
  );
  const [some] = await database.rows(`SELECT count(*) AS n FROM ordinals WHERE ${ORDINAL} > 0`);
  if (Number(some!['n']) > 0) {
    await database.run(
      `UPDATE staged SET "${CONTENT}" = "${KEY}", "${KEY}" = ${contentOf(source, ORDINAL)}
       FROM ordinals WHERE staged.rowid = ${PLACED} AND ${ORDINAL} > 0`
    );
  }
  const standing = `SELECT ${keptColumns(source)} FROM staged WHERE ${GOOD}`;
  return { standing, outranked: 0, ...(liesInOrder(plan) ? { first: good } : {}) };
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

async function byKey(database: Database, { source, plan, good, shards }: Ranking): Promise<Ranked | undefined> {
  await database.run(
    `CREATE TABLE losers AS SELECT ${PLACE} FROM (
       SELECT ${PLACE}, row_number() OVER (PARTITION BY "${KEY}" ORDER BY ${GREATEST_FIRST}) AS place
       FROM (FROM staged WHERE ${GOOD}) SEMI JOIN
         (SELECT "${KEY}" FROM staged WHERE ${GOOD} GROUP BY ALL HAVING count(*) > 1) USING ("${KEY}"))
     WHERE place > 1`
  );
  const standing = `SELECT ${keptColumns(source)} FROM (FROM staged WHERE ${GOOD}) ANTI JOIN losers USING (${PLACE})`;
  if (plan.reads === 'added') {
    const columns = [`"${BATCH}"`, `"${KEY}"`, `${SHARD_CONTENT} AS "${CONTENT}"`, `"${KNOWN_AT}"`];
    await database.run(
      `CREATE TABLE contested AS SELECT p.*, n."${CONTENT}" AS other, n."${KNOWN_AT}" AS later, ${PLACE}
       FROM ${shards.length === 0 ? NO_ROWS : liveRows(shards, columns)} p JOIN (${standing}) n USING ("${KEY}")`
    );
    if (await undecided(database, plan)) return undefined;
    // The parent's row stands where it is the same, or became known later; of ties the later file's row.
    await database.run(
      `INSERT INTO losers SELECT ${PLACE} FROM contested
       WHERE other = "${CONTENT}" OR later < "${KNOWN_AT}" OR (later = "${KNOWN_AT}" AND NOT (${isBehind(plan)}))`
    );
  }
  const [found] = await database.rows('SELECT count(*) AS n FROM losers');
  const outranked = Number(found!['n']);
  return { standing, outranked, ...(liesInOrder(plan) && outranked === 0 ? { first: good } : {}) };
}

const NO_ROWS = `(SELECT 0 AS "${BATCH}", NULL::UUID AS "${KEY}", NULL::UUID AS "${CONTENT}", NULL::TIMESTAMP AS "${KNOWN_AT}" WHERE false)`;

/**
 * Two rows of one key that became known in one moment: the greater file path decides, but a kept row may stand for
 * equal ones of other files, so the path must be greater or less than those of all files of the parent, or the row one that
 * came to the last of them.
 */
async function undecided(database: Database, plan: IngestPlan): Promise<boolean> {
  const first = plan.kept.toSorted(byPath)[0]?.path ?? '';
  const between = `"${FILE}"::VARCHAR >= ${text(first)} AND NOT (${isBehind(plan)})`;
  const [tied] = await database.rows(
    `SELECT count(*) AS n FROM contested WHERE other <> "${CONTENT}" AND later = "${KNOWN_AT}" AND ${between}`
  );
  return Number(tied!['n']) > 0;
}

/** Of a staged row: no row of the parent has a greater path, nor the same and a greater number. */
function isBehind({ kept, files }: IngestPlan): string {
  const last = kept.toSorted(byPath).at(-1)?.path ?? '';
  const behind = `"${FILE}"::VARCHAR > ${text(last)}`;
  const grown = files.find(({ path }) => path === last);
  return grown === undefined
    ? behind
    : `${behind} OR ("${FILE}"::VARCHAR = ${text(last)} AND "${ROW}" >= ${grown.from})`;
}

function keptColumns({ columns }: SourceDefinition): string {
  const own = [KNOWN_AT, FILE, ROW, KEY].map((name) => `"${name}"`);
  return [...Object.keys(columns).map(column), ...own, `${SHARD_CONTENT} AS "${CONTENT}"`].join(', ');
}
