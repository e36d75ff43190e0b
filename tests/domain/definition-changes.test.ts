/** Which changes of a definition people must approve first, and how all of them read. */
import fc from 'fast-check';
import flights from '../../examples/flights/project';
import type { ApprovalPolicy, GateDefinition, ProjectDefinition } from '../../src/domain/definition';
import { definitionChanges, governedChanges } from '../../src/domain/definition-changes';
import { gatesPass, judgeGates } from '../../src/domain/gates';

const GATE: GateDefinition = {
  name: 'auc',
  metric: 'auc',
  against: 'value',
  bound: 'low',
  atLeast: 0.6,
  severity: 'blocking',
};
const before: ProjectDefinition = { ...flights, gates: [GATE], metrics: [] };

const withGate = (changes: Partial<GateDefinition>): ProjectDefinition => ({
  ...before,
  gates: [JSON.parse(JSON.stringify({ ...GATE, ...changes })) as GateDefinition],
});

describe('the policy in force approves first', () => {
  test.each<[string, ProjectDefinition, string]>([
    ['a gate removed', { ...before, gates: [] }, 'gate auc is removed'],
    ['a gate renamed', withGate({ name: 'other' }), 'gate auc is removed'],
    ['a lower bound', withGate({ atLeast: 0.5 }), 'gate auc is looser: at least 0.6 → 0.5'],
    ['a bound dropped', withGate({ atLeast: undefined, atMost: 1 }), 'gate auc is looser: at least 0.6 → anything'],
    ['a gate that only advises', withGate({ severity: 'advisory' }), 'gate auc is less severe: blocking → advisory'],
    ['another metric', withGate({ metric: 'logLoss' }), 'gate auc.metric: "auc" → "logLoss"'],
    ['another end of the interval', withGate({ bound: 'estimate' }), 'gate auc.bound: "low" → "estimate"'],
    ['another comparison', withGate({ against: 'baseline' }), 'gate auc.against: "value" → "baseline"'],
    [
      'other parameters of a metric',
      { ...before, metrics: [{ registered: 'auc', params: { to: 1 } }] },
      'gate auc: parameters of auc: none → {"to":1}',
    ],
  ])('%s', (_, after, why) => {
    expect(governedChanges(before, after)).toContain(why);
  });

  test('every change of `approval`, whatever it is', () => {
    const changes: Partial<ApprovalPolicy>[] = [
      { approversNeeded: 2 },
      { rejectsNeeded: 2 },
      { approvers: [...before.approval.approvers, 'eve'] },
      { roles: { everyone: ['eve'] } },
      { allowSelfApproval: !before.approval.allowSelfApproval },
      { deadline: { wall: '1 hour' } },
      { reminders: [{ wall: '1 minute' }] },
      { supersedeAfter: { wall: '2 minutes' } },
    ];
    for (const change of changes)
      expect([change, governedChanges(before, { ...before, approval: { ...before.approval, ...change } })]).toEqual([
        change,
        expect.arrayContaining([expect.stringMatching(/^approval\./)]),
      ]);
  });
});

test.each<[string, ProjectDefinition]>([
  ['nothing', before],
  ['a stricter bound', withGate({ atLeast: 0.7 })],
  ['one more bound', withGate({ atMost: 0.99 })],
  ['one more gate', { ...before, gates: [GATE, { ...GATE, name: 'second', atLeast: 0 }] }],
  ['another model', { ...before, model: { network: { ...networkOf(before), seed: 7 } } }],
  ['another source', { ...before, source: { ...before.source, name: 'other' } }],
])('it need not approve %s', (_, after) => {
  expect(governedChanges(before, after)).toEqual([]);
});

test('an advisory gate that blocks is no loss', () => {
  expect(governedChanges(withGate({ severity: 'advisory' }), before)).toEqual([]);
});

/** The law behind the list: what needs no approval never lets an evaluation pass that was stopped before. */
test('gates that change without approval pass no evaluation that the gates before would have stopped', () => {
  const gate = fc.record(
    {
      name: fc.constantFrom('a', 'b'),
      metric: fc.constantFrom('auc', 'logLoss'),
      against: fc.constantFrom('value' as const, 'baseline' as const),
      bound: fc.constantFrom('estimate' as const, 'low' as const),
      severity: fc.constantFrom('blocking' as const, 'advisory' as const),
      atLeast: fc.integer({ min: 0, max: 4 }),
      atMost: fc.integer({ min: 0, max: 4 }),
    },
    { requiredKeys: ['name', 'metric', 'against', 'bound', 'severity'] }
  );
  const gates = fc.uniqueArray(gate, { selector: ({ name }) => name, maxLength: 2 });
  const interval = fc
    .integer({ min: 0, max: 4 })
    .map((estimate) => ({ estimate, low: estimate - 1, high: estimate + 1 }));
  const metrics = fc.record({ auc: interval, logLoss: interval });
  fc.assert(
    fc.property(gates, gates, metrics, metrics, (old, fresh, candidate, againstBaseline) => {
      const judged = (all: typeof old) => gatesPass(judgeGates(all, { candidate, againstBaseline } as never));
      const after = { ...before, gates: fresh };
      if (governedChanges({ ...before, gates: old }, after).length > 0) return;
      expect(judged(old) || !judged(fresh)).toBe(true);
    }),
    { numRuns: 2_000 }
  );
});

describe('what approvers read', () => {
  const withApproval = (changes: Partial<ApprovalPolicy>, of = before): ProjectDefinition => ({
    ...of,
    approval: { ...of.approval, ...changes },
  });
  const many = Array.from({ length: 60 }, (_, index) => `approver ${index}`);

  test('of a long list of people who came and who left, in any order', () => {
    const former = withApproval({ approvers: many });
    const latter = withApproval({ approvers: ['eve', ...many.slice(1)].reverse() });
    const changes = ['approval.approvers: removed "approver 0"', 'approval.approvers: added "eve"'];
    expect(definitionChanges(former, latter)).toEqual(changes);
    expect(governedChanges(former, latter)).toEqual(changes);
    expect(definitionChanges(former, withApproval({ approvers: many.toReversed() }))).toEqual([
      expect.stringMatching(/^approval\.approvers: in another order: .*"approver 0"\]$/),
    ]);
  });

  test('a role, and who is added to one, whole', () => {
    const former = withApproval({ roles: { reviewers: many } });
    expect(definitionChanges(former, withApproval({ roles: { reviewers: [...many, 'eve'] } }))).toEqual([
      'approval.roles.reviewers: added "eve"',
    ]);
    const [line] = definitionChanges(withApproval({ roles: {} }), former);
    expect(line).toBe(`approval.roles.reviewers: none → ${JSON.stringify(many)}`);
  });

  test('a gate by its name, though another was put before it', () => {
    const after = {
      ...before,
      gates: [
        { ...GATE, name: 'first' },
        { ...GATE, atLeast: 0.7 },
      ],
    };
    expect(definitionChanges(before, after)).toEqual([
      `gates: added ${JSON.stringify({ ...GATE, name: 'first' })}`,
      'gates[auc].atLeast: 0.6 → 0.7',
    ]);
  });

  test('how two long texts differ, though they begin alike', () => {
    const chat = (text: string): ProjectDefinition => ({
      ...before,
      notifiers: [{ registered: 'chat', params: { text } }],
    });
    const [line, ...more] = definitionChanges(
      chat(`${'x'.repeat(500)}a`),
      chat(`${'x'.repeat(500)}b${'y'.repeat(500)}`)
    );
    expect(more).toEqual([]);
    expect(line).toMatch(/^notifiers\[chat\]\.params\.text: …x{20}a" → …x{20}by+…$/);
    expect(line?.length).toBeLessThan(250);
  });

  test('every change: the policy’s before all others, and by its name what is beyond a page', () => {
    const chats = (at: number): ProjectDefinition => ({
      ...before,
      notifiers: Array.from({ length: 100 }, (_, index) => ({ registered: `n${index}`, params: { at } })),
    });
    const changes = definitionChanges(chats(1), withApproval({ approversNeeded: 7 }, chats(2)));
    expect(changes[0]).toBe(`approval.approversNeeded: ${before.approval.approversNeeded} → 7`);
    expect(changes[1]).toBe('notifiers[n0].params.at: 1 → 2');
    for (let index = 0; index < 100; index += 1)
      expect(changes.filter((line) => new RegExp(`\\bn${index}\\b`).test(line))).toHaveLength(1);
  });
});

function networkOf({ model }: ProjectDefinition) {
  if (!('network' in model)) throw new Error('flights train a network');
  return model.network;
}
