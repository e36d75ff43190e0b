/**
 * Two tables to a validated, profiled, keyed snapshot, beside scripts that do the nearest work; what a second, small batch
 * costs; and, with `--all`, how much memory ten million rows need.
 */
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Limits } from '../../src/activities/limits';
import { packageRoot } from '../../src/runtime/package-root';
import type { BenchOptions } from '../options';
import { type BenchResult, resultsOf } from '../result';
import { median } from '../spread';
import { openOurs } from './ours';
import { type Cost, openPeers, type Peer } from './peers';
import { type BenchTable, flightsTable, wideTable, writeWide } from './tables';

const MOST_OF_SCRIPT = 1.5;
const AIM = `at most ${MOST_OF_SCRIPT} times the CPU time of the DuckDB script; a batch of 1 % at most 5 % of the first; ten million rows in 1 GiB`;
const ROWS = 1_000_000;
const BATCH_ROWS = 10_000;
const LARGE_ROWS = 10_000_000;
/** Of the database; what doesn't fit goes to the disk. */
const LARGE_MEMORY = 500_000_000;
const FIRST = Date.parse('2030-01-01T00:00:00Z');

export async function benchIngest({ rounds, all }: BenchOptions): Promise<BenchResult> {
  const peers = openPeers();
  const load = loadavg()[0] ?? 0;
  say(`load average ${load.toFixed(2)}${load > 1 ? ': above 1, these are the figures of a busy machine' : ''}`);
  const folder = mkdtempSync(join(tmpdir(), 'mlops-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const wide = join(folder, 'wide.csv');
  writeWide(wide, 0, ROWS);
  const flights = join(folder, 'flights.parquet');
  copyFileSync(join(packageRoot(), 'node_modules/vega-datasets/data/flights-3m.parquet'), flights);
  const tables = [flightsTable(flights), wideTable(wide)];
  const figures = new Map<string, Map<string, number[]>>();
  for (let round = 1; round <= rounds; round += 1) {
    for (const table of tables)
      for (const [name, cost] of await turn(table, peers, folder, round)) keep(name, table, cost);
  }
  const batch = await secondBatch(folder);
  say(
    `\n${tableOf(figures)}\n\na second batch of 1 %: ${percent(batch.ownFile)} of the first's CPU time in a file of its own, ${percent(batch.grown)} in one that grew`
  );
  const peakGib = all ? await large(folder) : undefined;
  return {
    ...resultsOf({
      bench: 'ingest',
      unit: 'CPU seconds',
      better: 'lower',
      aim: AIM,
      figures,
      load,
      holds: (ratio) =>
        tables.every(({ name }) => ratio[`script ${name}`]! * MOST_OF_SCRIPT >= 1) &&
        batch.ownFile <= 0.05 &&
        (peakGib === undefined || peakGib <= 1),
    }),
    further: { ...batch, ...(peakGib === undefined ? {} : { peakGib }) },
  };

  function keep(name: string, table: BenchTable, { cpuSeconds, seconds, peakBytes }: Cost): void {
    const points = figures.get(name) ?? new Map<string, number[]>();
    figures.set(name, points.set(table.name, [...(points.get(table.name) ?? []), cpuSeconds]));
    say(`${name} ${table.name}: ${cpuSeconds.toFixed(2)} s CPU, ${seconds.toFixed(2)} s, ${mib(peakBytes)} MiB`);
  }
}

/** Each once, in an order that changes. */
async function turn(
  table: BenchTable,
  peers: readonly Peer[],
  folder: string,
  round: number
): Promise<readonly (readonly [string, Cost])[]> {
  const each = [
    { name: 'ours', run: () => alone(table, folder) },
    ...peers.map(({ name, run }) => ({ name, run: async () => run(table, folder) })),
  ];
  const costs: (readonly [string, Cost])[] = [];
  for (let i = 0; i < each.length; i += 1) {
    const one = each[(i + round) % each.length]!;
    costs.push([one.name, await one.run()]);
  }
  return costs;
}

async function alone({ definition }: BenchTable, folder: string, limits: Partial<Limits> = {}): Promise<Cost> {
  const ours = await openOurs(folder, limits);
  try {
    return await ours.ingest(definition, new Date(FIRST).toISOString());
  } finally {
    await ours.close();
  }
}

/** CPU time of the second ingest by that of the first. */
async function secondBatch(folder: string): Promise<{ readonly ownFile: number; readonly grown: number }> {
  const parts = join(folder, 'parts');
  mkdirSync(parts, { recursive: true });
  const first = join(parts, 'a.csv');
  writeWide(first, 0, ROWS);
  const ours = await openOurs(folder);
  const at = (day: number) => new Date(FIRST + day * 86_400_000).toISOString();
  try {
    const many = wideTable(join(parts, '*.csv')).definition;
    const one = await ours.ingest(many, at(0));
    const next = join(parts, 'b.csv');
    writeWide(next, ROWS, ROWS + BATCH_ROWS);
    const two = await ours.ingest(many, at(1), one.snapshot);
    const more = readFileSync(next, 'utf8');
    rmSync(next);
    const single = wideTable(first).definition;
    const three = await ours.ingest(single, at(2));
    appendFileSync(first, more.slice(more.indexOf('\n') + 1));
    const four = await ours.ingest(single, at(3), three.snapshot);
    for (const { rows } of [two, four]) if (rows !== ROWS + BATCH_ROWS) throw new Error(`a batch came to ${rows} rows`);
    return { ownFile: two.cpuSeconds / one.cpuSeconds, grown: four.cpuSeconds / three.cpuSeconds };
  } finally {
    await ours.close();
    rmSync(parts, { recursive: true });
  }
}

async function large(folder: string): Promise<number> {
  const path = join(folder, 'large.csv');
  writeWide(path, 0, LARGE_ROWS);
  const { cpuSeconds, seconds, peakBytes } = await alone(wideTable(path), folder, { databaseMemory: LARGE_MEMORY });
  rmSync(path);
  say(
    `${LARGE_ROWS.toLocaleString('en-US')} rows: peak ${mib(peakBytes)} MiB, ${cpuSeconds.toFixed(0)} s CPU, ${seconds.toFixed(0)} s`
  );
  return peakBytes / 2 ** 30;
}

function tableOf(figures: ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>): string {
  const script = figures.get('script')!;
  return [...figures]
    .flatMap(([name, points]) =>
      [...points].map(([point, values]) => {
        const times = median(values.map((value, round) => value / script.get(point)![round]!));
        return `${name.padEnd(8)} ${point.padEnd(8)} ${median(values).toFixed(2).padStart(6)} s CPU  ${times.toFixed(2)} times the script`;
      })
    )
    .join('\n');
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
