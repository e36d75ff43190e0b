/** Rules about what decides on a model: gates, approvers, and the steps of its rollout. */
import { approversOf } from '../domain/approval';
import { durationMs } from '../domain/durations';
import { BUILT_IN_METRICS } from '../domain/metrics';
import { metricsOf } from '../domain/task';
import { checkDistinct, type Report } from './check-parts';
import { gateName, stepName, stepShare } from './default-names';
import { didYouMean } from '../domain/did-you-mean';
import type { Path } from './mistakes';
import type { Parsed } from './project-schema';

export function checkDecisions(parsed: Parsed, report: Report): void {
  checkGates(parsed, report);
  checkApproval(parsed.approval, report);
  checkRollout(parsed.rollout, report);
}

function checkGates({ gates, metrics, objective }: Parsed, report: Report): void {
  const registered = metrics?.map((metric) => metric?.registered);
  // With a metric that can't be read, a gate on it can't be distinguished from a slip.
  const known = registered?.includes(undefined)
    ? undefined
    : [
        ...(objective === undefined ? BUILT_IN_METRICS : metricsOf(objective)),
        ...((registered as string[] | undefined) ?? []),
      ];
  gates?.forEach((gate, at) => {
    if (gate === undefined) return;
    const path = ['gates', at];
    if (known !== undefined && !known.includes(gate.metric)) {
      const help =
        didYouMean(gate.metric, known) || ` There are ${known.join(', ')}; name a registered one in metrics.`;
      report([...path, 'metric'], `there is no metric ${gate.metric}.${help}`);
    }
    if (gate.atLeast === undefined && gate.atMost === undefined)
      report(path, 'has no limit: give it atLeast or atMost');
    if (gate.atLeast !== undefined && gate.atMost !== undefined && gate.atLeast > gate.atMost) {
      report([...path, 'atLeast'], `is ${gate.atLeast}, above atMost, which is ${gate.atMost}: no model could pass`);
    }
    if (gate.metric === 'utility' && objective?.task === 'binary' && objective.utility === undefined) {
      report([...path, 'metric'], 'is utility, but objective.utility does not say what outcomes are worth');
    }
    if (gate.bound !== 'estimate' && registered?.includes(gate.metric)) {
      report([...path, 'bound'], `is ${gate.bound}, but ${gate.metric} is a registered metric, which has no interval`);
    }
    if (gate.slice !== undefined && registered?.includes(gate.metric)) {
      report([...path, 'slice'], `has ${gate.metric}, a registered metric; only built-in ones are measured on slices`);
    }
    // The other way round it asks that a slice is not surely bad: with more slices ever less would be asked.
    if (gate.slice !== undefined && gate.slice.value === undefined) {
      if (gate.bound === 'low' && gate.atMost !== undefined)
        report([...path, 'atMost'], "can't be held against the low end on all slices; set bound: 'high'");
      if (gate.bound === 'high' && gate.atLeast !== undefined)
        report([...path, 'atLeast'], "can't be held against the high end on all slices; set bound: 'low'");
    }
    if (gate.against === 'baseline' && registered?.includes(gate.metric)) {
      report(
        [...path, 'against'],
        `is baseline, but ${gate.metric} is a registered metric; only built-in ones have that`
      );
    }
  });
  checkDistinct(
    gates?.map((gate) => gate && gateName(gate)),
    (at) => ['gates', at, 'name'],
    report
  );
  metrics?.forEach((metric, at) => {
    if (metric === undefined) return;
    const path = ['metrics', at, 'registered'];
    if (BUILT_IN_METRICS.includes(metric.registered)) report(path, 'is the name of a built-in metric');
    if (registered?.indexOf(metric.registered) !== at) report(path, `${metric.registered} is there twice`);
  });
}

function checkApproval(approval: Parsed['approval'], report: Report): void {
  if (approval === undefined) return;
  const { approvers, roles, approversNeeded, rejectsNeeded, deadline, reminders = [], supersedeAfter } = approval;
  const roleNames = Object.keys(roles);
  let resolved = true;
  approvers.forEach((approver, at) => {
    const role = /^role:(.*)$/.exec(approver)?.[1];
    if (role !== undefined && !roleNames.includes(role)) {
      resolved = false;
      report(
        ['approval', 'approvers', at],
        `there is no role ${role} in approval.roles.${didYouMean(role, roleNames)}`
      );
    }
    if (approvers.indexOf(approver) !== at) report(['approval', 'approvers', at], `${approver} is there twice`);
  });
  const people = approversOf({ approvers, roles }).length;
  for (const [field, needed] of Object.entries({ approversNeeded, rejectsNeeded })) {
    if (resolved && needed > people) {
      report(['approval', field], `is ${needed}, but only ${people} ${people === 1 ? 'person' : 'people'} may decide`);
    }
  }
  const deadlineMs = durationMs(deadline);
  let earlierMs = 0;
  reminders.forEach((reminder, at) => {
    const ms = durationMs(reminder);
    const path = ['approval', 'reminders', at];
    if (ms >= deadlineMs) report(path, `${reminder.wall} is not before the deadline, which is ${deadline.wall}`);
    if (ms <= earlierMs) report(path, `${reminder.wall} is not later than the reminder before it`);
    earlierMs = ms;
  });
  if (supersedeAfter !== undefined && durationMs(supersedeAfter) >= deadlineMs) {
    report(
      ['approval', 'supersedeAfter'],
      `${supersedeAfter.wall} is not before the deadline, which is ${deadline.wall}`
    );
  }
}

function checkRollout(rollout: Parsed['rollout'], report: Report): void {
  if (rollout === undefined) return;
  let before = 0;
  rollout.steps.forEach((step, at) => {
    const path: Path = ['rollout', 'steps', at];
    const share = stepShare(step);
    if (share === undefined) {
      report(
        [...path, 'share'],
        'is missing; it must be a number from 0 to 1 (a step with shadow: true has 0 of itself)'
      );
      return;
    }
    if (share < before) report([...path, 'share'], `is ${share}, below the step before, which is ${before}`);
    if (share === 0 && !step.shadow) report([...path, 'share'], 'is 0 without shadow: such a step does nothing');
    if (share === 1 && step.shadow)
      report([...path, 'shadow'], 'is true, but at a share of 1 nothing is left to shadow');
    before = Math.max(before, share);
  });
  checkDistinct(rollout.steps.map(stepName), (at) => ['rollout', 'steps', at, 'name'], report);
  const last = rollout.steps.length - 1;
  const lastShare = stepShare(rollout.steps[last]!);
  if (lastShare !== undefined && lastShare !== 1) {
    report(['rollout', 'steps', last, 'share'], `is ${lastShare}; the last step must be 1, for all requests`);
  }
}
