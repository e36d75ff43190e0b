/** A snapshot's body as records hold it, with everything that a page shows. */
import type { SnapshotBody } from '../../src/domain/records';

const DIGEST = `sha256:${'ab'.repeat(32)}` as const;

export function snapshotBody(changes: Partial<SnapshotBody> = {}): SnapshotBody {
  const account = {
    ...{ source: 1_010, gone: 3, inSnapshot: 990, late: 12 },
    ...{ quarantined: 15, replaced: 4, withdrawn: 1, notYetKnown: 3 },
  };
  const first = {
    ...account,
    source: 600,
    gone: 0,
    inSnapshot: 585,
    late: 0,
    quarantined: 10,
    replaced: 0,
    withdrawn: 0,
    notYetKnown: 5,
  };
  return {
    source: 'orders',
    asOf: '2024-02-01T00:00:00Z',
    rows: 990,
    shards: [],
    removed: [],
    quarantine: [],
    files: [
      { path: 'orders/2024-01.csv', digest: DIGEST, bytes: 48_113, rows: 1_010, quarantined: 15, notYetKnown: 3 },
    ],
    undeclared: [],
    batches: [
      {
        ...{
          after: null,
          asOf: '2024-01-15T00:00:00Z',
          added: 585,
          late: 0,
          quarantined: 10,
          replaced: 0,
          withdrawn: 0,
        },
        reasons: [{ rule: 'value at least 0', rows: 10 }],
        account: first,
      },
      {
        ...{ after: '2024-01-15T00:00:00Z', asOf: '2024-02-01T00:00:00Z' },
        ...{ added: 410, late: 12, quarantined: 5, replaced: 4, withdrawn: 1 },
        reasons: [{ rule: 'value: not a number', rows: 5 }],
        account,
      },
    ],
    account,
    columns: { at: 'timestamp', value: 'number', city: 'string', email: 'string' },
    privacy: ['email'],
    eventTime: 'at',
    rowsOf: DIGEST,
    validation: [
      {
        ...{ rule: 'value at least 0', severity: 'block', verdict: 'failed', checked: 410, broken: 5 },
        kept: { share: 0.9878, low: 0.9718, high: 0.9948 },
        mostly: 0.99,
        examples: ['orders/2024-01.csv:17', 'orders/2024-01.csv:33'],
      },
      { rule: 'city one of Oslo, Bern', severity: 'warn', verdict: 'passed', checked: 410, broken: 0, examples: [] },
      { rule: 'at least 100 rows', severity: 'info', verdict: 'passed', observed: 405 },
    ],
    profile: {
      at: {
        ...{ type: 'timestamp', present: 405, missing: 0, distinct: 405, top: [] },
        spread: {
          min: '2024-01-02T00:00:00.000Z',
          max: '2024-01-31T23:10:00.000Z',
          quantiles: { '0.5': '2024-01-17T00:00:00.000Z' },
          histogram: [10, 30, 60, 90, 120, 60, 30, 5],
        },
      },
      value: {
        ...{ type: 'number', present: 400, missing: 5, distinct: 211, top: [] },
        moments: { mean: 17.25, deviation: 4.75, skewness: 0.3, excessKurtosis: -0.1 },
        spread: {
          min: 0,
          max: 99.5,
          quantiles: { '0.05': 2, '0.5': 16, '0.95': 31 },
          histogram: [200, 120, 50, 0, 20, 9, 0, 1],
        },
      },
      city: {
        ...{ type: 'string', present: 405, missing: 0, distinct: 2 },
        top: [
          { value: 'Oslo', count: 300 },
          { value: 'Bern', count: 105 },
        ],
      },
      email: { type: 'string', present: 405, missing: 0, distinct: 400, top: [] },
    },
    ...changes,
  };
}
