/** Rules about what decides on a model: gates, approvers, and the steps of its rollout. */
import { approversOf } from '../domain/approval';
import { durationMs } from '../domain/durations';
import { BUILT_IN_METRICS } from '../domain/metrics';
import { checkDistinct, type Tell } from './check-columns';
import { gateName, stepName, stepShare } from './default-names';
import { didYouMean } from '../domain/did-you-mean';
import type { Path } from './mistakes';
import type { Parsed } from './project-schema';

export function checkDecisions(parsed: Parsed, tell: Tell): void {
  checkGates(parsed, tell);
  checkApproval(parsed.approval, tell);
  checkRollout(parsed.rollout, tell);
}

function checkGates({ gates, metrics, objective }: Parsed, tell: Tell): void {
  const registered = metrics?.map((metric) => metric?.registered);
  // With a metric that can't be read, a gate on it can't be told from a slip.
  const known = registered?.includes(undefined)
    ? undefined
    : [...BUILT_IN_METRICS, ...((registered as string[] | undefined) ?? [])];
  gates?.forEach((gate, at) => {
    if (gate === undefined) return;
    const path = ['gates', at];
    if (known !== undefined && !known.includes(gate.metric)) {
      const help =
        didYouMean(gate.metric, known) || ` There are ${known.join(', ')}; name a registered one in metrics.`;
      tell([...path, 'metric'], `there is no metric ${gate.metric}.${help}`);
    }
    if (gate.atLeast === undefined && gate.atMost === undefined) tell(path, 'has no limit: give it atLeast or atMost');
    if (gate.atLeast !== undefined && gate.atMost !== undefined && gate.atLeast > gate.atMost) {
      tell([...path, 'atLeast'], `is ${gate.atLeast}, above atMost, which is ${gate.atMost}: no model could pass`);
    }
    if (gate.metric === 'utility' && objective !== undefined && objective.utility === undefined) {
      tell([...path, 'metric'], 'is utility, but objective.utility does not say what outcomes are worth');
    }
    if (gate.bound !== 'estimate' && registered?.includes(gate.metric)) {
      tell([...path, 'bound'], `is ${gate.bound}, but ${gate.metric} is a registered metric, which has no interval`);
    }
    if (gate.against === 'baseline' && registered?.includes(gate.metric)) {
      tell(
        [...path, 'against'],
        `is baseline, but ${gate.metric} is a registered metric; only built-in ones have that`
      );
    }
  });
  checkDistinct(
    gates?.map((gate) => gate && gateName(gate)),
    (at) => ['gates', at, 'name'],
    tell
  );
  metrics?.forEach((metric, at) => {
    if (metric === undefined) return;
    const path = ['metrics', at, 'registered'];
    if ((BUILT_IN_METRICS as readonly string[]).includes(metric.registered))
      tell(path, 'is the name of a built-in metric');
    if (registered?.indexOf(metric.registered) !== at) tell(path, `${metric.registered} is there twice`);
  });
}

function checkApproval(approval: Parsed['approval'], tell: Tell): void {
  if (approval === undefined) return;
  const { approvers, roles, approversNeeded, rejectsNeeded, deadline, reminders = [], supersedeAfter } = approval;
  const roleNames = Object.keys(roles);
  let resolved = true;
  approvers.forEach((approver, at) => {
    const role = /^role:(.*)$/.exec(approver)?.[1];
    if (role !== undefined && !roleNames.includes(role)) {
      resolved = false;
      tell(['approval', 'approvers', at], `there is no role ${role} in approval.roles.${didYouMean(role, roleNames)}`);
    }
    if (approvers.indexOf(approver) !== at) tell(['approval', 'approvers', at], `${approver} is there twice`);
  });
  const people = approversOf({ approvers, roles }).length;
  for (const [field, needed] of Object.entries({ approversNeeded, rejectsNeeded })) {
    if (resolved && needed > people) {
      tell(['approval', field], `is ${needed}, but only ${people} ${people === 1 ? 'person' : 'people'} may decide`);
    }
  }
  const deadlineMs = durationMs(deadline);
  let earlierMs = 0;
  reminders.forEach((reminder, at) => {
    const ms = durationMs(reminder);
    const path = ['approval', 'reminders', at];
    if (ms >= deadlineMs) tell(path, `${reminder.wall} is not before the deadline, which is ${deadline.wall}`);
    if (ms <= earlierMs) tell(path, `${reminder.wall} is not later than the reminder before it`);
    earlierMs = ms;
  });
  if (supersedeAfter !== undefined && durationMs(supersedeAfter) >= deadlineMs) {
    tell(
      ['approval', 'supersedeAfter'],
      `${supersedeAfter.wall} is not before the deadline, which is ${deadline.wall}`
    );
  }
}

function checkRollout(rollout: Parsed['rollout'], tell: Tell): void {
  if (rollout === undefined) return;
  let before = 0;
  rollout.steps.forEach((step, at) => {
    const path: Path = ['rollout', 'steps', at];
    const share = stepShare(step);
    if (share === undefined) {
      tell(
        [...path, 'share'],
        'is missing; it must be a number from 0 to 1 (a step with shadow: true has 0 of itself)'
      );
      return;
    }
    if (share < before) tell([...path, 'share'], `is ${share}, below the step before, which is ${before}`);
    if (share === 0 && !step.shadow) tell([...path, 'share'], 'is 0 without shadow: such a step does nothing');
    if (share === 1 && step.shadow) tell([...path, 'shadow'], 'is true, but at a share of 1 nothing is left to shadow');
    before = Math.max(before, share);
  });
  checkDistinct(rollout.steps.map(stepName), (at) => ['rollout', 'steps', at, 'name'], tell);
  const last = rollout.steps.length - 1;
  const lastShare = stepShare(rollout.steps[last]!);
  if (lastShare !== undefined && lastShare !== 1) {
    tell(['rollout', 'steps', last, 'share'], `is ${lastShare}; the last step must be 1, for all requests`);
  }
}
