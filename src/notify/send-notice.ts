/** One notice through one notifier of a definition. */
import type { NotifierUse, RegisteredUse } from '../domain/definition';
import { ERRORS, errorCodeOf, MlopsError } from '../domain/errors';
import type { Notice } from '../domain/notice';
import { logNotice } from './log';
import { postNotice } from './webhook';

/** The definition or the worker must change before another try can succeed. */
const FINAL = new Set(['MLOPS_NOT_REGISTERED', 'MLOPS_CODE_CHANGED']);

/**
 * Resolves once it is delivered; whoever calls it tries again, so it is delivered at least once.
 * @param registered runs a notifier of the user's own
 * @throws MlopsError MLOPS_NOTICE_UNDELIVERED (to be tried again, as is everything else that a registered notifier fails
 * with), MLOPS_CONFIGURATION (the secret's variable is not set), MLOPS_NOT_REGISTERED, MLOPS_CODE_CHANGED
 */
export async function sendNotice(
  notifier: NotifierUse,
  notice: Notice,
  registered: (use: RegisteredUse) => Promise<void>,
  signal?: AbortSignal
): Promise<void> {
  if ('log' in notifier) return logNotice(notice);
  if ('webhook' in notifier) return postNotice(notifier.webhook, notice, signal === undefined ? {} : { signal });
  try {
    await registered(notifier);
  } catch (error) {
    const code = errorCodeOf(error);
    if (signal?.aborted === true || (code !== undefined && (FINAL.has(code) || ERRORS[code] === 'retry'))) throw error;
    throw new MlopsError(
      'MLOPS_NOTICE_UNDELIVERED',
      `A registered notifier failed: ${error instanceof Error ? error.message : String(error)}`,
      { notice: notice.id, notifier: notifier.registered },
      'It is tried again.',
      { cause: error }
    );
  }
}
