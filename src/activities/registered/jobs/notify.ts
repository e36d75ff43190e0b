/** A notifier of the user's own. */
import type { Job } from '../../../domain/job';
import type { Notice } from '../../../domain/notice';
import { asUsers, codeOf, type UsedCode } from './code';

export interface NotifyInput {
  readonly use: UsedCode;
  readonly notice: Notice;
}

/** @throws MlopsError as `codeOf` and `asUsers` do */
export const notifyCode: Job<NotifyInput, null> = async ({ use, notice }) => {
  const notifier = await codeOf('notifier', use);
  await asUsers(use, () => notifier.notify(notice, use.params));
  return null;
};
