/** One notice through one notifier of a definition. */
import type { NotifierUse } from '../domain/definition';
import { errorCodeOf, MlopsError } from '../domain/errors';
import type { RegisteredCode } from '../project/registry';
import { logNotice } from './log';
import type { Notice } from '../domain/notice';
import { postNotice } from './webhook';

/** A registered notifier that answers nothing within this is given up, and tried again. */
const REGISTERED_TIMEOUT_MS = 30_000;

/**
 * Resolves once it is delivered; whoever calls it tries again, so it is delivered at least once.
 * @throws MlopsError MLOPS_NOTICE_UNDELIVERED (to be tried again), MLOPS_CONFIGURATION (the secret's variable is not
 * set), MLOPS_NOT_REGISTERED; or what a registered notifier throws
 */
export async function sendNotice(
  notifier: NotifierUse,
  notice: Notice,
  registered: Pick<RegisteredCode, 'notifiers'>,
  signal?: AbortSignal
): Promise<void> {
  if ('log' in notifier) return logNotice(notice);
  if ('webhook' in notifier) return postNotice(notifier.webhook, notice, signal === undefined ? {} : { signal });
  const code = registered.notifiers[notifier.registered];
  if (code === undefined) {
    throw new MlopsError(
      'MLOPS_NOT_REGISTERED',
      `The definition names the notifier ${notifier.registered}, which this worker doesn't know.`,
      { project: notice.project, notice: notice.id },
      'Register it in the MlopsPlugin of the worker, or correct the name.'
    );
  }
  const late = AbortSignal.timeout(REGISTERED_TIMEOUT_MS);
  const either = signal === undefined ? late : AbortSignal.any([late, signal]);
  const told = (async () => code.notify(notice, notifier.params, either))().catch((error: unknown) => {
    if (errorCodeOf(error) !== undefined) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw undelivered(`A registered notifier failed: ${why}.`, notice, notifier.registered, { cause: error });
  });
  await Promise.race([told, whenAborted(either, notice, notifier.registered)]);
}

function whenAborted(signal: AbortSignal, notice: Notice, notifier: string): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(undelivered('A registered notifier did not answer in time.', notice, notifier));
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}

function undelivered(what: string, notice: Notice, notifier: string, options?: { cause: unknown }): MlopsError {
  const where = { notice: notice.id, notifier };
  return new MlopsError('MLOPS_NOTICE_UNDELIVERED', what, where, 'It is tried again.', options);
}
