import { cancellationSignal } from '@temporalio/activity';
import type { RegisteredUse } from '../../domain/definition';
import type { Notice } from '../../domain/notice';
import type { ActivityDeps } from '../deps';
import { inAttemptFolder } from '../step/attempt-folder';
import type { NotifyInput } from './jobs/notify';
import { usedCode } from './user-code';

export async function notifyRegistered(deps: ActivityDeps, notifier: RegisteredUse, notice: Notice): Promise<void> {
  const use = await usedCode(deps, 'notifier', notifier);
  await inAttemptFolder(deps.workFolder, 'notify', (folder) =>
    deps.runJob<NotifyInput, null>('notifyCode', { use, notice }, { folder, signal: cancellationSignal() })
  );
}
