import fc from 'fast-check';
import {
  type AcceptedDecision,
  type ApprovalRequest,
  approversOf,
  judgeDecision,
  malformedDecision,
  authors,
} from '../../src/domain/approval';
import type { DecisionMessage } from '../../src/domain/messages';
import { askedAbout } from '../support/asked';

const MODEL = `sha256:${'a'.repeat(64)}` as const;
const OTHER = `sha256:${'b'.repeat(64)}` as const;

function request(
  changes: Partial<ApprovalRequest> = {},
  policy: Partial<ApprovalRequest['policy']> = {}
): ApprovalRequest {
  return askedAbout(
    { project: 'flights', cycle: 1, model: MODEL },
    {
      policy: {
        approversNeeded: 2,
        rejectsNeeded: 1,
        approvers: ['role:reviewers', 'cem'],
        roles: { reviewers: ['ana', 'ben'] },
        allowSelfApproval: false,
        deadline: { wall: '14 days' },
        validFor: { wall: '30 days' },
        reminders: [],
        ...policy,
      },
      ...changes,
    }
  );
}

const decision = (by: string, changes: Partial<DecisionMessage> = {}): DecisionMessage => ({
  id: `d-${by}`,
  by,
  verdict: 'approve',
  digest: MODEL,
  ...changes,
});
const accepted = (by: string, verdict: 'approve' | 'reject' = 'approve'): AcceptedDecision => ({
  id: `d-${by}`,
  by,
  verdict,
});

test('the first of two approvals is recorded and leaves the request open', () => {
  expect(judgeDecision(request(), [], decision('ana'))).toMatchObject({
    outcome: 'accepted',
    state: 'open',
    reason: 'recorded; 1 of 2 approvals',
  });
});

test('the second approval, by another person, approves', () => {
  expect(judgeDecision(request(), [accepted('ana')], decision('ben'))).toMatchObject({
    outcome: 'accepted',
    state: 'approved',
  });
});

test('one rejection closes the request whatever was approved before', () => {
  expect(judgeDecision(request(), [accepted('ana')], decision('ben', { verdict: 'reject' }))).toMatchObject({
    outcome: 'accepted',
    state: 'rejected',
  });
});

test.each([
  ['a digest that is not the model’s', request(), [], decision('ana', { digest: OTHER }), 'wrong-digest'],
  ['someone who is no approver', request(), [], decision('eve'), 'unknown-approver'],
  ['own work', request(), [], decision('cem'), 'own-work'],
  [
    'a second decision of one person',
    request(),
    [accepted('ana')],
    decision('ana', { id: 'another' }),
    'second-decision',
  ],
  ['an approved request', request({ state: 'approved' }), [], decision('ana'), 'closed'],
  ['an expired request', request({ state: 'expired' }), [], decision('ana'), 'expired'],
  ['a superseded request', request({ state: 'superseded' }), [], decision('ana'), 'superseded'],
])('refuses %s', (_, open, earlier, sent, code) => {
  expect(judgeDecision(open, earlier, sent)).toMatchObject({ outcome: 'refused', code });
});

test.each([
  ['a cycle that they started', { authors: ['ana'] }, 'ana started this cycle'],
  [
    'a cycle that nobody started, under the definition that they applied',
    { authors: ['ana'], causes: [{ kind: 'schedule', detail: 'nightly' }] },
    "ana applied this cycle's definition",
  ],
  [
    'a change of policy that they applied',
    { authors: ['ana'], subject: { kind: 'policy', digests: { definition: MODEL } } },
    'ana applied this definition',
  ],
  [
    'what is new in the batch of a cycle that they started',
    { authors: ['ana'], subject: { kind: 'schema-change', digests: { change: MODEL, snapshot: OTHER } } },
    'ana started this cycle',
  ],
] as const)('own work is named: %s', (_, changes, did) => {
  const causes = [{ kind: 'person', by: 'ana', detail: 'retrain' }] as const;
  expect(judgeDecision(request({ causes, ...changes } as Partial<ApprovalRequest>), [], decision('ana'))).toMatchObject(
    {
      code: 'own-work',
      reason: `${did} and can't approve their own work`,
    }
  );
});

test('a decision on what is new in a batch names the change, and no other of its digests', () => {
  const about = request({ subject: { kind: 'schema-change', digests: { change: OTHER, snapshot: MODEL } } });
  expect(judgeDecision(about, [], decision('ana'))).toMatchObject({ code: 'wrong-digest' });
  expect(judgeDecision(about, [], decision('ana', { digest: OTHER }))).toMatchObject({ outcome: 'accepted' });
});

test('own work is allowed where the policy says so', () => {
  expect(judgeDecision(request({}, { allowSelfApproval: true }), [], decision('cem'))).toMatchObject({
    outcome: 'accepted',
  });
});

test('a quorum is never filled by fewer people than it needs, in any order of decisions', () => {
  const people = fc.constantFrom('ana', 'ben', 'cem', 'eve');
  fc.assert(
    fc.property(
      fc.array(fc.tuple(people, fc.constantFrom('approve' as const, 'reject' as const)), { maxLength: 12 }),
      (sent) => {
        let open = request();
        const kept: AcceptedDecision[] = [];
        for (const [by, verdict] of sent) {
          const judged = judgeDecision(open, kept, decision(by, { verdict, id: `d${kept.length}` }));
          if (judged.outcome === 'accepted') kept.push({ id: 'd', by, verdict });
          open = { ...open, state: judged.state };
        }
        const approvers = new Set(kept.filter((one) => one.verdict === 'approve').map((one) => one.by));
        expect(new Set(kept.map((one) => one.by)).size).toBe(kept.length);
        expect(approvers.has('eve') || approvers.has('cem')).toBe(false);
        expect(open.state !== 'approved' || (approvers.has('ana') && approvers.has('ben'))).toBe(true);
      }
    )
  );
});

test('own work is of who triggered the cycle; of who applied the definition only where no person did', () => {
  expect(
    authors(
      [
        { kind: 'person', by: 'ana', detail: '' },
        { kind: 'bias', detail: '' },
      ],
      'ben'
    )
  ).toEqual(['ana']);
  expect(authors([{ kind: 'bias', detail: '' }], 'ben')).toEqual(['ben']);
});

test('roles are resolved and names counted once', () => {
  expect(approversOf({ ...request().policy, approvers: ['role:reviewers', 'ana', 'role:nobody'] })).toEqual([
    'ana',
    'ben',
  ]);
});

test.each([
  ['nothing', undefined],
  ['a string', 'approve'],
  ['no id', { by: 'ana', verdict: 'approve', digest: MODEL }],
  ['an id of a kilobyte', { ...decision('ana'), id: 'x'.repeat(1024) }],
  ['no name', { ...decision('ana'), by: '' }],
  ['another verdict', { ...decision('ana'), verdict: 'maybe' }],
  ['half a digest', { ...decision('ana'), digest: 'sha256:ab' }],
  ['a comment of a megabyte', { ...decision('ana'), comment: 'x'.repeat(1 << 20) }],
])('calls a decision malformed that is, or has, %s', (_, message) => {
  expect(malformedDecision(message)).toEqual(expect.any(String));
});

test('a well-formed decision is not malformed', () => {
  expect(malformedDecision({ ...decision('ana'), comment: 'looks right', signature: 'later' })).toBeUndefined();
});
