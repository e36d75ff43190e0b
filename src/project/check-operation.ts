/** Rules about what runs afterwards: periods, triggers, and who is notified. */
import type { Period, WindowsOfRows } from '../domain/definition';
import { parseDurationMs } from '../domain/durations';
import { everyMs, isCounted, SHORTEST_MONTH_MS } from '../domain/period';
import { type Report } from './check-parts';
import type { Parsed } from './project-schema';

export function checkOperation(parsed: Parsed, report: Report): void {
  checkPeriod(parsed.period, ['period'], report);
  checkPeriod(parsed.monitoring?.period, ['monitoring', 'period'], report);
  if (
    parsed.monitoring?.withoutEventTime === 'none' &&
    parsed.source !== undefined &&
    parsed.source.eventTime === undefined
  )
    report(
      ['monitoring', 'withoutEventTime'],
      'is none, but the source has no event time: no request would be in a window'
    );
  const seen = new Map<string, number>();
  parsed.triggers?.forEach((rule, at) => {
    if (rule === undefined) return;
    const outOf = rule.outOf ?? rule.breaches;
    if (rule.breaches > outOf)
      report(['triggers', at, 'breaches'], `is ${rule.breaches}, more than outOf, which is ${outOf}`);
    const first = seen.get(rule.on);
    if (first !== undefined)
      report(['triggers', at, 'on'], `is ${rule.on}, as in triggers[${first}]; keep one of them`);
    else seen.set(rule.on, at);
  });
  parsed.notifiers?.forEach((notifier, at) => {
    if (notifier !== undefined && 'webhook' in notifier) checkWebhook(notifier.webhook, at, report);
  });
}

function checkPeriod(period: Period | WindowsOfRows | undefined, path: readonly string[], report: Report): void {
  if (period === undefined || isCounted(period) || period.offset === undefined) return;
  const shortest = period.every === 'month' ? SHORTEST_MONTH_MS : (everyMs(period.every) ?? 0);
  if ((parseDurationMs(period.offset) ?? 0) >= shortest)
    report([...path, 'offset'], `is ${period.offset}; it must be shorter than a period, which is ${period.every}`);
}

/** Names of variables as shells know them. */
const VARIABLE = /^[A-Z][A-Z0-9_]{1,99}$/;
/** A long run of capitals and digits without a break is a key, not a name. */
const LOOKS_SECRET = /^(?=[^_]*\d)[^_]{16,}$|^[^_]{24,}$/;
const SECRET_QUERY = /secret|token|password|signature|api_?key|^(key|sig|auth)$/i;

function checkWebhook(
  webhook: { readonly url: string; readonly secretEnv?: string | undefined },
  at: number,
  report: Report
): void {
  const path = ['notifiers', at, 'webhook'];
  const url = URL.canParse(webhook.url) ? new URL(webhook.url) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    report([...path, 'url'], 'must be an address that starts with http:// or https://');
  } else if (url.username !== '' || url.password !== '') {
    report(
      [...path, 'url'],
      'has a name or password in it; a definition is stored and shown, so it must hold no secret'
    );
  } else {
    const secret = [...url.searchParams.keys()].find((key) => SECRET_QUERY.test(key));
    if (secret !== undefined) {
      report(
        [...path, 'url'],
        `has ${secret} in its query; a definition is stored and shown, so it must hold no secret`
      );
    }
  }
  // The value isn't repeated: it may be the secret.
  if (webhook.secretEnv !== undefined && (!VARIABLE.test(webhook.secretEnv) || LOOKS_SECRET.test(webhook.secretEnv))) {
    report(
      [...path, 'secretEnv'],
      'must be the name of an environment variable of the worker, such as APPROVALS_SECRET, never the secret itself'
    );
  }
}
