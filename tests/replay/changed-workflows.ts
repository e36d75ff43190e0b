/** A change that breaks running workflows: a timer that their histories don't have. */
import { sleep } from '@temporalio/workflow';
import type { ApproveInput, ApproveResult } from '../../src/domain/phases';
import { approve as approveAsItIs } from '../../src/workflows/approve';

export async function approve(input: ApproveInput): Promise<ApproveResult> {
  await sleep('1 second');
  return approveAsItIs(input);
}
