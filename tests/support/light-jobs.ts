/** Short compute work: the numbers of small windows. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobCost } from '../../src/domain/job';
import type { JudgeWindowInput, WindowNumbers } from '../../src/engines/monitor/judge-window-job';
import type { WindowRow } from '../../src/engines/monitor/window-table';
import type { ComputePool } from '../../src/worker/compute/pool';

const INPUTS = { date: 'timestamp', distance: 'integer', origin: 'string' } as const;
const THURSDAY = Date.parse('2001-02-01T00:00:00Z');

/** Of each number another window. */
function rowsOf(number: number): WindowRow[] {
  return Array.from({ length: 120 + (number % 7) }, (_, row) => {
    const at = THURSDAY + row * 4_000_000;
    const origin = `A${(row * (number + 1)) % 5}`;
    const inputs = { date: at * 1000, distance: 100 + ((row * 37 * (number + 1)) % 900), origin };
    return { at, inputs, score: ((row * 13 + number) % 100) / 100, truth: (row + number) % 3 === 0 ? 1 : 0 };
  });
}

const INPUT: Omit<JudgeWindowInput, 'rows'> = {
  inputs: INPUTS,
  schema: {
    columns: [{ column: 'distance', required: true, min: 1, max: 900, severity: 'block' }],
    ...{ table: [], dependencies: [], maxQuarantinedShare: 0.1, maxBrokenShare: 0.05, minRows: 1 },
    ...{ newColumns: 'report', newCategories: 'report', newCategoriesOf: {} },
  },
  monitoring: {
    period: { every: '7 days' },
    allowedLateness: { event: '1 hour' },
    truthDelay: { event: '3 days' },
    truthCoverage: 0.95,
    withoutEventTime: 'now',
    minRows: 100,
    bias: { floor: 0.06, confidence: 0.95 },
    drift: { psiFloor: 0.1, falseDiscoveryRate: 0.05 },
  },
  objective: { task: 'binary', decisionThreshold: 0.5 },
  cluster: 'day',
  baseline: { means: [0.2], deviations: [0.4] },
};

export interface LightJob {
  readonly folder: string;
  readonly number: number;
  readonly signal?: AbortSignal;
  readonly onCost?: (cost: JobCost) => void;
  readonly changes?: Partial<JudgeWindowInput>;
}

let attempts = 0;

export function judged(
  pool: ComputePool,
  { folder, number, signal = new AbortController().signal, onCost, changes = {} }: LightJob
): Promise<WindowNumbers> {
  attempts += 1;
  const attempt = join(folder, `attempt-${attempts}`);
  mkdirSync(attempt);
  const rows = join(attempt, 'rows.jsonl');
  writeFileSync(
    rows,
    rowsOf(number)
      .map((row) => `${JSON.stringify(row)}\n`)
      .join('')
  );
  const input: JudgeWindowInput = { ...INPUT, rows, ...changes };
  return pool.runJob('judgeWindow', input, { folder: attempt, signal, ...(onCost && { onCost }) });
}
