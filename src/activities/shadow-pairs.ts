/** Shadow pairs of a rollout: both versions' answers to the same requests, read from its prediction records. */
import type { RolloutDocument, ShadowPairs } from '../domain/rollout';
import type { Stores } from '../stores/connect';

export async function shadowPairs(_stores: Stores, _rollout: RolloutDocument): Promise<ShadowPairs | undefined> {
  return undefined;
}
