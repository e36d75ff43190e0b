/** What housekeeping keeps, and for how long. */
import {
  addTallies,
  digestsIn,
  judgeBytes,
  type RetentionMs,
  retentionMs,
  type Standing,
} from '../../src/domain/housekeeping';
import { DAY_MS } from '../../src/domain/durations';

const retention = retentionMs() as RetentionMs;
const judged = (standing: Standing, days: number) => judgeBytes(standing, days * DAY_MS, retention);

test.each([
  ['within the grace everything stays', { what: 'no record' }, 2, { keep: 'grace' }],
  ['what no record names goes after it', { what: 'no record' }, 4, { take: 'no record named it for 3 days' }],
  ['what is live stays, however old', { what: 'model', kept: 'live' }, 10_000, { keep: 'live' }],
  ['what is held stays, quarantine too', { what: 'quarantine', kept: 'held' }, 10_000, { keep: 'held' }],
  ['what a record names stays for a time', { what: 'snapshot' }, 89, { keep: 'retention' }],
  [
    'and goes after it',
    { what: 'snapshot' },
    91,
    { take: 'nothing that is live, open or held needs it, and nobody referred to it for 90 days' },
  ],
  ['quarantine', { what: 'quarantine' }, 29, { keep: 'retention' }],
  ['quarantine goes earlier', { what: 'quarantine' }, 31, { take: 'quarantined rows are kept for 30 days' }],
  ['checkpoints', { what: 'checkpoint' }, 6, { keep: 'retention' }],
  ['checkpoints go first', { what: 'checkpoint' }, 8, { take: 'a checkpoint is kept for 7 days' }],
] as const)('%s', (_, standing, days, verdict) => {
  expect(judged(standing, days)).toEqual({ ...verdict, what: standing.what });
});

test('a retention shorter than the grace is the grace', () => {
  const short = retentionMs({ records: '1 hour' }) as RetentionMs;
  expect(judgeBytes({ what: 'model' }, 2 * DAY_MS, short)).toMatchObject({ keep: 'grace' });
});

test.each([
  [{ grace: '10 minutes' }, 'grace: 10 minutes is too short; the least is 1 hour'],
  [{ records: 'soon' }, `records: "soon" is not a duration such as '90 days'`],
  [
    { models: '1 day' },
    'there is no retention called "models"; they are grace, served, records, quarantine, checkpoints',
  ],
])('%j is refused in words', (given, words) => {
  expect(retentionMs(given as never)).toBe(words);
});

test('digests stand anywhere in a record, and those of quarantined rows are known', () => {
  const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
  const record = {
    artifacts: [
      { name: 'shard-00000', digest: digest('a') },
      { name: 'quarantine-00000', digest: digest('b') },
    ],
    body: { model: digest('c'), shards: [{ name: 'shard-00001', digest: digest('d') }], asOf: '2001-02-01' },
  };
  const found = [...digestsIn(record)].map(
    ({ digest: one, quarantine }) => `${one.slice(7, 8)}${quarantine ? ' quarantine' : ''}`
  );
  expect(found).toEqual(['a', 'b quarantine', 'c', 'd']);
});

test('tallies of batches add up by what and why', () => {
  const one = { what: 'model', why: 'old', count: 1, bytes: 10 } as const;
  expect(addTallies([one], [one, { ...one, why: 'other' }])).toEqual([
    { ...one, count: 2, bytes: 20 },
    { ...one, why: 'other' },
  ]);
});
