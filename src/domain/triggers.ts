/** When windows become a trigger. Pure: earlier verdicts (revision 0) and the new one in, triggers out. */
import type { TriggerRule } from './definition';
import { durationMs } from './durations';
import { driftedColumns } from './drift';
import { intervalWords } from './intervals';
import type { WindowBody, WindowTrigger } from './monitoring';
import { verbatim } from './quote';

/** How many windows back a rule may look. */
export const RECENT_WINDOWS = 100;

/** A window's numbers, before its triggers are known. */
export type JudgedWindow = Omit<WindowBody, 'triggers'>;

/**
 * The triggers of `window`, in the rules' order.
 * @param earlier verdicts before it, oldest first: the last `RECENT_WINDOWS`, and those that fired; corrections left out.
 *
 * A rule asks k of the last n windows, this one among them; a window counts only if it is of the same version and its
 * data are sound. A trigger is suppressed, and recorded as that, where this window's data quality failed or the last
 * fired trigger, of whatever rule, is less than the cool-down ago, in event time or in windows.
 */
export function triggersOf(
  rules: readonly TriggerRule[],
  earlier: readonly WindowBody[],
  window: JudgedWindow
): WindowTrigger[] {
  const triggers: WindowTrigger[] = [];
  let lastFired = lastFiredOf(earlier);
  for (const rule of rules) {
    const detail = reached(rule, earlier, window);
    if (detail === undefined) continue;
    const outcome = outcomeOf(rule, window, lastFired);
    if (outcome === 'fired') lastFired = { at: Date.parse(window.asOf), windowsAgo: 0 };
    triggers.push({ on: rule.on, detail, outcome });
  }
  return triggers;
}

interface LastFired {
  /** Event time. */
  readonly at: number;
  /** 1: the window before. */
  readonly windowsAgo: number;
}

function lastFiredOf(earlier: readonly WindowBody[]): LastFired {
  const fired = (window: WindowBody) => window.triggers.some((trigger) => trigger.outcome === 'fired');
  const times = earlier.filter(fired).map((window) => Date.parse(window.asOf));
  const last = earlier.findLastIndex(fired);
  return {
    at: Math.max(Number.NEGATIVE_INFINITY, ...times),
    windowsAgo: last === -1 ? Number.POSITIVE_INFINITY : earlier.length - last,
  };
}

function outcomeOf({ coolDown }: TriggerRule, window: JudgedWindow, last: LastFired): WindowTrigger['outcome'] {
  if (window.dataQuality.verdict === 'failed') return 'suppressed: data quality';
  const cools =
    'windows' in coolDown
      ? last.windowsAgo <= coolDown.windows
      : Date.parse(window.asOf) - last.at < durationMs(coolDown);
  return cools ? 'suppressed: cool-down' : 'fired';
}

/** Why the rule is met by this window, or undefined. */
function reached(rule: TriggerRule, earlier: readonly WindowBody[], window: JudgedWindow): string | undefined {
  const breach = breachOf(rule, window);
  if (breach === undefined) return undefined;
  const before = rule.outOf > 1 ? earlier.slice(-(rule.outOf - 1)) : [];
  const same = before.filter(
    (other) =>
      other.version === window.version && other.dataQuality.verdict === 'passed' && breachOf(rule, other) === breach
  );
  const count = same.length + 1;
  if (count < rule.breaches) return undefined;
  return `${detailOf(rule, window)}, in ${count} of the last ${before.length + 1} windows`;
}

/** What kind of breach: those of the other sign, or of another class, don't count together. */
function breachOf(rule: TriggerRule, window: JudgedWindow): string | undefined {
  if (rule.on === 'drift') return driftedColumns(window).length > 0 ? 'drift' : undefined;
  const { verdict, class: name = '' } = window.bias;
  return verdict === 'above' || verdict === 'below' ? `${verdict} ${name}` : undefined;
}

function detailOf(rule: TriggerRule, window: JudgedWindow): string {
  if (rule.on === 'drift') {
    return driftedColumns(window)
      .map(
        ({ column, effect, limit }) => `${column} drifts (PSI effect ${effect.toFixed(3)}, limit ${limit.toFixed(3)})`
      )
      .join(', ');
  }
  const { gap, meanPrediction, meanTruth, class: name } = window.bias;
  return `${name === undefined ? '' : `${verbatim(name)}: `}mean prediction ${meanPrediction.toFixed(3)}, mean truth ${meanTruth.toFixed(3)}: gap ${gap.estimate.toFixed(3)} (${intervalWords(gap)})`;
}
