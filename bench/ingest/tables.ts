/** The two tables that are ingested: three million flights as they are published, and a wide CSV that is made here. */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { ProjectDefinition } from '../../src/domain/definition';
import { defineProject } from '../../src/project/define-project';

export interface BenchTable {
  readonly name: string;
  readonly path: string;
  readonly format: 'parquet' | 'csv';
  /** The columns that identify a row: the declared key, else all of them. */
  readonly key: readonly string[];
  readonly definition: ProjectDefinition;
}

/** What a definition must have, and ingest doesn't read. */
const REST = {
  name: 'bench',
  model: { network: { hidden: [8] } },
  approval: { approvers: ['ana'] },
} as const;

export function flightsTable(path: string): BenchTable {
  const columns = {
    date: 'timestamp',
    delay: 'integer',
    distance: 'integer',
    origin: 'string',
    destination: 'string',
  } as const;
  const definition = defineProject({
    ...REST,
    source: {
      reader: { file: { path } },
      columns,
      eventTime: 'date',
      knownAt: { eventTimePlus: { minutes: 35, minutesPer: { distance: 1 / 7.67 } } },
    },
    schema: {
      columns: [{ column: 'delay', min: -120, max: 2000 }, { column: 'distance', min: 1 }, { column: 'origin' }],
    },
    label: { name: 'late', labeler: { rule: { column: 'delay', op: '>', value: 15 } } },
    features: [{ transform: 'standardize', column: 'distance' }],
  });
  return { name: 'flights', path, format: 'parquet', key: Object.keys(columns), definition };
}

const WIDE_COLUMNS = {
  id: 'integer',
  at: 'timestamp',
  n0: 'number',
  n1: 'number',
  n2: 'number',
  n3: 'number',
  n4: 'number',
  n5: 'number',
  n6: 'number',
  n7: 'number',
  n8: 'number',
  n9: 'number',
  i0: 'integer',
  i1: 'integer',
  i2: 'integer',
  i3: 'integer',
  s0: 'string',
  s1: 'string',
  s2: 'string',
  flag: 'boolean',
} as const;

/** @param path of the file, or a pattern of several */
export function wideTable(path: string): BenchTable {
  const definition = defineProject({
    ...REST,
    source: { reader: { file: { path, format: 'csv' } }, columns: WIDE_COLUMNS, key: ['id'], eventTime: 'at' },
    schema: { columns: [{ column: 'n0', min: -100, max: 100 }] },
    label: { name: 'high', labeler: { rule: { column: 'i0', op: '>', value: 15 } } },
    features: [{ transform: 'standardize', column: 'n0' }],
  });
  return { name: 'wide', path, format: 'csv', key: ['id'], definition };
}

const START_MS = Date.UTC(2024, 0, 1);
const STEP_MS = 31_000;
const STRINGS = [10, 500, 20_000];
const LINES = 10_000;

/** Rows `from` … `to`−1 of one table: a row depends on its number alone. */
export function writeWide(path: string, from: number, to: number): void {
  const file = openSync(path, 'w');
  writeSync(file, `${Object.keys(WIDE_COLUMNS).join(',')}\n`);
  for (let first = from; first < to; first += LINES) {
    const lines = Array.from({ length: Math.min(LINES, to - first) }, (_, i) => wideRow(first + i));
    writeSync(file, `${lines.join('\n')}\n`);
  }
  closeSync(file);
}

function wideRow(row: number): string {
  const next = xorshift(row);
  const numbers = Array.from({ length: 10 }, () => ((next() % 200_000) / 1000 - 100).toFixed(3));
  const integers = Array.from({ length: 4 }, () => next() % 5_000);
  const strings = STRINGS.map((size) => `c${next() % size}`);
  const at = new Date(START_MS + row * STEP_MS).toISOString();
  return [row, at, ...numbers, ...integers, ...strings, next() % 2 === 0].join(',');
}

/** Marsaglia's xorshift32, a seed for each row. */
function xorshift(row: number): () => number {
  let state = (Math.imul(row + 1, 0x9e37_79b1) ^ 0x5bd1_e995) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}
