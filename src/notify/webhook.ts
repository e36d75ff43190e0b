/**
 * A notice as a signed POST. A receiver checks `Mlops-Signature` and drops repeats by `Mlops-Notice-Id`: delivery is
 * at least once.
 */
import { createHmac } from 'node:crypto';
import { canonicalJson } from '../runtime/digest';
import type { NotifierUse } from '../domain/definition';
import { MlopsError } from '../domain/errors';
import type { Notice } from '../domain/notice';

export type Webhook = Extract<NotifierUse, { readonly webhook: unknown }>['webhook'];

export interface PostOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** For the whole exchange. Default 5 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Posts the notice as JSON; the body is the same for every attempt. Redirects are not followed: they would carry the
 * notice to a place that the definition doesn't name.
 * @throws MlopsError MLOPS_NOTICE_UNDELIVERED, to be tried again: no answer in time, a failed connection, an answer
 * that isn't 2xx; MLOPS_CONFIGURATION: the secret's variable is not set
 */
export async function postNotice(webhook: Webhook, notice: Notice, options: PostOptions = {}): Promise<void> {
  const { env = process.env, timeoutMs = 5_000, signal } = options;
  const body = canonicalJson(notice);
  const headers: Record<string, string> = { 'content-type': 'application/json', 'mlops-notice-id': notice.id };
  if (webhook.secretEnv !== undefined) {
    headers['mlops-signature'] = signature(secretOf(webhook.secretEnv, env), body, Math.floor(Date.now() / 1000));
  }
  const late = AbortSignal.timeout(timeoutMs);
  let response: Response;
  try {
    response = await fetch(webhook.url, {
      method: 'POST',
      headers,
      body,
      redirect: 'manual',
      signal: signal === undefined ? late : AbortSignal.any([late, signal]),
    });
    // What it answers is of no interest, but an unread body would keep the connection busy.
    await response.body?.cancel();
  } catch (error) {
    const what = late.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error);
    throw undelivered(webhook, notice, what, error);
  }
  if (!response.ok) throw undelivered(webhook, notice, `it answered ${response.status}`);
}

/**
 * `t=<unix seconds>,v1=<hex>`: HMAC-SHA256 under the secret of `<t>.<body>`. The time is signed too, so that a receiver
 * can refuse an old message that somebody sends again.
 */
export function signature(secret: string, body: string, seconds: number): string {
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}

function secretOf(name: string, env: Readonly<Record<string, string | undefined>>): string {
  const secret = env[name];
  if (secret !== undefined && secret !== '') return secret;
  throw new MlopsError(
    'MLOPS_CONFIGURATION',
    "A webhook's signing secret is not in the worker's environment.",
    { variable: name },
    'Set it and start the worker again.'
  );
}

function undelivered(webhook: Webhook, notice: Notice, why: string, cause?: unknown): MlopsError {
  const { origin, pathname } = new URL(webhook.url);
  return new MlopsError(
    'MLOPS_NOTICE_UNDELIVERED',
    `A notice was not delivered: ${why}.`,
    { notice: notice.id, url: `${origin}${pathname}` },
    'It is tried again; check the receiver.',
    { cause }
  );
}

/** fetch hides the reason (ECONNREFUSED, a certificate) in the cause. */
function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: unknown; message?: unknown } };
  return String(cause?.code ?? cause?.message ?? error);
}
