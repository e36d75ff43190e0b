/** A judged window's names and words: its id, its line for people, the trigger that it sends. Pure. */
import { driftWords } from './drift';
import { intervalWords } from './intervals';
import type { Trigger } from './messages';
import type { WindowBody, WindowTrigger } from './monitoring';
import { momentWords, type TimeRange } from './period';
import { triggerId } from './ids';
import { verbatim } from './quote';

/** The triggers that fired, as the lifecycle receives them; the id makes a second one of the same window count once. */
export function triggerMessages(id: string, window: WindowBody): Trigger[] {
  return window.triggers
    .filter((trigger) => trigger.outcome === 'fired')
    .map(({ on, detail }) => ({
      id: triggerId(id, on),
      cause: { kind: on, detail: `window ${momentWords(window.period.from)}: ${detail}`, window: id },
      asOf: window.asOf,
    }));
}

/** One line of a list in Markdown. A correction's begins as its verdict's does. */
export function windowLine(window: WindowBody): string {
  const { period, revision, rows, truths, bias, dataQuality, setAside, triggers } = window;
  const parts = [
    ...(revision === 0 ? [] : [`revision ${revision}`]),
    `${rows} rows of version ${window.version}, ${truths} with truth`,
    biasWords(bias),
    `data quality ${dataQuality.verdict}`,
    `drift: ${driftWords(window)}`,
    ...(setAside === undefined ? [] : [`**${setAside.records} broken records set aside**`]),
    ...triggers.map(triggerWords),
  ];
  return `${windowLineOf(period)} ${parts.join('; ')}`;
}

/** What a person must know of a verdict, a line each. */
export function newsOf({ period, triggers, setAside }: WindowBody): string[] {
  return [
    ...triggers.map(({ on, outcome, detail }) => `window ${momentWords(period.from)}: ${on}, ${outcome}: ${detail}`),
    ...(setAside === undefined
      ? []
      : [`window ${momentWords(period.from)}: ${setAside.records} broken records set aside`]),
  ];
}

/** How the line of a period begins. */
export function windowLineOf(period: TimeRange): string {
  return `- **${momentWords(period.from)}** to ${momentWords(period.to)}:`;
}

function biasWords({ verdict, gap, class: name }: WindowBody['bias']): string {
  if (verdict === 'insufficient data') return 'bias: insufficient data';
  const of = name === undefined ? '' : ` of ${verbatim(name)}`;
  return `bias${of} ${gap.estimate.toFixed(3)} (${intervalWords(gap)})${verdict === 'none' ? '' : `, ${verdict}`}`;
}

function triggerWords({ on, outcome }: WindowTrigger): string {
  return `**${on}: ${outcome}**`;
}
