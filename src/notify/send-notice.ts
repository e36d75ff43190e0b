/** One notice through one notifier of a definition. */
import type { NotifierUse } from '../domain/definition';
import { MlopsError } from '../domain/errors';
import type { RegisteredCode } from '../project/registry';
import { logNotice } from './log';
import type { Notice } from './notice';
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
  await Promise.race([code.notify(notice, notifier.params, either), whenAborted(either, notice, notifier.registered)]);
}

function whenAborted(signal: AbortSignal, notice: Notice, notifier: string): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () =>
      reject(
        new MlopsError(
          'MLOPS_NOTICE_UNDELIVERED',
          'A registered notifier did not answer in time.',
          { notice: notice.id, notifier },
          'It is tried again; see to its own time-outs.'
        )
      );
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}
