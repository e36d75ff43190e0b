/** What a person would write: the table as one Parquet file, SUMMARIZE, a look for rows of one key, digests of both files. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { peakMemory } from '../../src/runtime/peak-memory';

interface Work {
  readonly path: string;
  readonly format: 'parquet' | 'csv';
  readonly key: readonly string[];
  readonly out: string;
}

async function main({ path, format, key, out }: Work): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const before = process.cpuUsage();
  const at = performance.now();
  const written = join(out, 'table.parquet');
  await connection.run(
    `COPY (SELECT * FROM read_${format}('${path}')) TO '${written}' (FORMAT parquet, COMPRESSION zstd)`
  );
  await connection.runAndReadAll(`SUMMARIZE SELECT * FROM '${written}'`);
  const columns = key.map((name) => `"${name}"`).join(', ');
  await connection.runAndReadAll(`SELECT count(*) - count(DISTINCT (${columns})) FROM '${written}'`);
  for (const file of [path, written]) createHash('sha256').update(readFileSync(file)).digest('hex');
  const { user, system } = process.cpuUsage(before);
  const cost = {
    cpuSeconds: (user + system) / 1e6,
    seconds: (performance.now() - at) / 1000,
    peakBytes: peakMemory(),
  };
  process.stdout.write(JSON.stringify(cost));
}

void main(JSON.parse(process.argv[2]!) as Work);
