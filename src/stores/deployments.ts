/** What the audit says was deployed. */
import type { Digest } from '../domain/refs';
import { collection, type Store } from './mongo';

export interface Deployment {
  readonly version: string;
  readonly number: number;
  readonly model: Digest;
}

/** The version that a project's last rollout or rollback that went well deployed. */
export async function lastDeployment(store: Store, project: string): Promise<Deployment | null> {
  const event = await collection(store, 'audit')
    .find({ project, what: { $in: ['rollout deployed', 'rollback deployed'] } })
    .sort({ sequence: -1 })
    .limit(1)
    .next();
  return event === null ? null : (event.detail as unknown as Deployment);
}
