import fc from 'fast-check';
import { listTable } from '../../src/cli/list-columns';
import type { TriggerRule } from '../../src/domain/definition';
import type { WindowBody, WindowTrigger } from '../../src/domain/monitoring';
import type { Fact } from '../../src/domain/records';
import { triggersOf } from '../../src/domain/triggers';
import { triggerMessages, windowLine } from '../../src/domain/windows';

const DAY_MS = 86_400_000;
const FIRST = Date.parse('2001-02-01T00:00:00Z');
const BIAS: TriggerRule = { on: 'bias', breaches: 2, outOf: 3, coolDown: { event: '14 days' } };
const DRIFT: TriggerRule = { on: 'drift', breaches: 1, outOf: 1, coolDown: { event: '14 days' } };

interface Seen {
  readonly bias?: WindowBody['bias']['verdict'];
  readonly ofClass?: string;
  readonly drift?: boolean;
  readonly bad?: boolean;
  readonly version?: number;
  readonly triggers?: readonly WindowTrigger[];
}

/** The n-th week; its truth is covered 18 hours after its end. */
function week(
  n: number,
  { bias = 'none', ofClass, drift = false, bad = false, version = 1, triggers = [] }: Seen
): WindowBody {
  const at = (days: number) => new Date(FIRST + (7 * n + days) * DAY_MS).toISOString();
  return {
    endpoint: 'flights',
    period: { from: at(0), to: at(7) },
    revision: 0,
    definition: { kind: 'definition', id: 'flights/d', digest: `sha256:${'0'.repeat(64)}` },
    version,
    asOf: at(7.75),
    rows: 1900,
    truths: 1805,
    coverage: 0.95,
    dataQuality: { verdict: bad ? 'failed' : 'passed', rules: [] },
    drift: [
      {
        column: 'distance',
        value: 0.38,
        effect: 0.37,
        limit: 0.1,
        pValue: 0,
        unseen: 0,
        missing: 0,
        verdict: drift ? 'drift' : 'none',
      },
    ],
    bias: {
      meanPrediction: 0.25,
      meanTruth: 0.17,
      gap: { estimate: 0.078, low: 0.039, high: 0.117, blocks: 7, confidence: 0.95, method: 't on day blocks' },
      verdict: bias,
      ...(ofClass === undefined ? {} : { class: ofClass }),
    },
    quality: {},
    triggers,
  };
}

/** Judges week after week, each with the verdicts before it. */
function judge(rules: readonly TriggerRule[], weeks: readonly Seen[]): string[][] {
  const judged: WindowBody[] = [];
  for (const [n, seen] of weeks.entries()) {
    const window = week(n, seen);
    judged.push({ ...window, triggers: triggersOf(rules, judged, window) });
  }
  return judged.map((window) => window.triggers.map(({ on, outcome }) => `${on} ${outcome}`));
}

const above = { bias: 'above' } as const;
const below = { bias: 'below' } as const;
const calm = {};

test('the bias triggers with the second breach of one sign in three windows, not with the first', () => {
  expect(judge([BIAS], [above, calm, calm])).toEqual([[], [], []]);
  expect(judge([BIAS], [above, above])).toEqual([[], ['bias fired']]);
  expect(judge([BIAS], [above, calm, above])).toEqual([[], [], ['bias fired']]);
  expect(judge([BIAS], [above, calm, calm, above])).toEqual([[], [], [], []]);
});

test('breaches of different signs do not count together', () => {
  expect(judge([BIAS], [above, below, calm])).toEqual([[], [], []]);
  expect(judge([BIAS], [above, below, above])).toEqual([[], [], ['bias fired']]);
});

test('breaches of different classes do not count together, and the class is named', () => {
  const fog = { ...above, ofClass: 'fog' };
  const rain = { ...above, ofClass: 'rain' };
  expect(judge([BIAS], [fog, rain, calm])).toEqual([[], [], []]);
  expect(judge([BIAS], [fog, rain, fog])).toEqual([[], [], ['bias fired']]);
  const [trigger] = triggersOf([{ ...BIAS, breaches: 1 }], [], week(0, fog));
  expect(trigger!.detail).toMatch(/^`fog`: mean prediction 0\.250, mean truth 0\.170/);
  expect(windowLine(week(0, fog))).toContain('bias of `fog` 0.078');
});

test('a cool-down of windows is over after so many, whatever event time says', () => {
  const rule = { ...DRIFT, coolDown: { windows: 2 } };
  const drift = { drift: true };
  expect(judge([rule], [drift, drift, drift, drift, calm, drift])).toEqual([
    ['drift fired'],
    ['drift suppressed: cool-down'],
    ['drift suppressed: cool-down'],
    ['drift fired'],
    [],
    ['drift suppressed: cool-down'],
  ]);
});

test('only a window that breaches itself triggers', () => {
  expect(judge([BIAS], [above, calm, calm]).flat()).toEqual([]);
  expect(judge([{ ...BIAS, coolDown: { event: '0 seconds' } }], [above, above, calm])[2]).toEqual([]);
});

test('the flights of 2001: two single breaches, then two in a row, and it fires once', () => {
  const weeks = [calm, calm, calm, below, calm, calm, calm, calm, calm, below, calm, calm, above, above, above];
  expect(judge([BIAS], weeks).flat()).toEqual(['bias fired', 'bias suppressed: cool-down']);
});

test('it fires again once the cool-down of event time is over, and the bias is still off', () => {
  expect(judge([BIAS], [above, above, above, above, above])).toEqual([
    [],
    ['bias fired'],
    ['bias suppressed: cool-down'],
    ['bias fired'],
    ['bias suppressed: cool-down'],
  ]);
});

test('data quality suppresses every trigger of its window, which counts for none after it', () => {
  const faulty = { ...above, drift: true, bad: true };
  expect(judge([BIAS, DRIFT], [above, faulty, calm])).toEqual([
    [],
    ['bias suppressed: data quality', 'drift suppressed: data quality'],
    [],
  ]);
  expect(judge([BIAS], [faulty, above])).toEqual([[], []]);
});

test('windows of another version are no evidence against this one', () => {
  expect(
    judge(
      [BIAS],
      [
        { ...above, version: 1 },
        { ...above, version: 2 },
      ]
    )
  ).toEqual([[], []]);
});

test('drift triggers by features and by scores; the cool-down holds across rules', () => {
  expect(judge([DRIFT], [{ drift: true }])).toEqual([['drift fired']]);
  const window = week(0, {});
  const scored = { ...window, scoreDrift: { ...window.drift[0]!, column: 'score', verdict: 'drift' as const } };
  expect(triggersOf([DRIFT], [], scored)).toMatchObject([
    { detail: 'score drifts (PSI effect 0.370, limit 0.100), in 1 of the last 1 windows' },
  ]);
  expect(judge([BIAS, DRIFT], [above, { ...above, drift: true }])[1]).toEqual([
    'bias fired',
    'drift suppressed: cool-down',
  ]);
});

test('insufficient data is no breach', () => {
  expect(judge([BIAS], [{ bias: 'insufficient data' }, { bias: 'insufficient data' }]).flat()).toEqual([]);
});

test('within the cool-down at most one trigger fires, whatever is seen', () => {
  const verdict = fc.constantFrom('above', 'below', 'none', 'insufficient data' as const);
  const seen = fc.record({ bias: verdict, drift: fc.boolean(), bad: fc.boolean() }) as fc.Arbitrary<Seen>;
  fc.assert(
    fc.property(fc.array(seen, { maxLength: 30 }), (weeks) => {
      const fired = judge([BIAS, DRIFT], weeks).flatMap((triggers, n) =>
        triggers.filter((trigger) => trigger.endsWith('fired')).map(() => n)
      );
      expect(fired.every((n, i) => i === 0 || n - (fired[i - 1] as number) >= 2)).toBe(true);
      expect(fired.every((n) => weeks[n]?.bad === false)).toBe(true);
    })
  );
});

test('what fired is told with an id of its window; what was suppressed is not', () => {
  const triggers: WindowTrigger[] = [
    { on: 'bias', detail: 'gap', outcome: 'fired' },
    { on: 'drift', detail: 'psi', outcome: 'suppressed: cool-down' },
  ];
  const window = week(0, { triggers });
  expect(triggerMessages('flights/w/r0', window)).toEqual([
    {
      id: 'flights/w/r0/bias',
      asOf: window.asOf,
      cause: { kind: 'bias', detail: 'window 2001-02-01: gap', window: 'flights/w/r0' },
    },
  ]);
});

test('a window in one line', () => {
  const triggers: WindowTrigger[] = [{ on: 'bias', detail: 'gap', outcome: 'fired' }];
  expect(windowLine(week(0, { ...above, triggers }))).toBe(
    '- **2001-02-01** to 2001-02-08: 1900 rows of version 1, 1805 with truth; bias 0.078 (0.039 to 0.117), above; data quality passed; drift: none; **bias: fired**'
  );
});

test('what drifts is in the line and in the list, the score too, with the shares of unseen and missing rows', () => {
  const verdict = { value: 0.4, effect: 0.3, limit: 0.1, pValue: 0, unseen: 0, missing: 0, verdict: 'drift' } as const;
  const site = { ...verdict, column: 'site', unseen: 0.5, missing: 0.02 };
  const drifted = { ...week(0, {}), drift: [site], scoreDrift: { ...verdict, column: 'score' } };
  const words = 'site (50.0 % unseen, 2.0 % missing), score';
  expect(windowLine(drifted)).toContain(`; drift: ${words}`);
  const record = { _id: 'w', kind: 'window', body: drifted } as unknown as Fact<'window'>;
  expect(listTable('window', [record])).toContain(words);
  // The score alone, too: a category that no training row had may change nothing else.
  expect(windowLine({ ...drifted, drift: [] })).toContain('; drift: score');
});
