/** Everything in one bundle: our workflows by re-export, and one of this team's own beside them. */
import { proxyActivities } from '@temporalio/workflow';
import type * as activities from './activities';

export * from 'temporal-mlops/workflows';

const { greeting } = proxyActivities<typeof activities>({ startToCloseTimeout: '10 seconds' });

export async function greet(name: string): Promise<string> {
  return greeting(name);
}
