/** A replica's reports without its serving: it follows every revision of the endpoint at once, until it is stopped. */
import type { Stores } from '../../src/stores/connect';
import { report } from '../stores/served';
import { raw } from './raw-records';

export interface Reported {
  shippedTo?: string;
  counts?: Record<string, { requests: number; errors: number }>;
}

export interface FollowingReplica {
  /** What the next reports say. */
  readonly state: Reported;
  /** Resolves when what is in `state` now has been reported. */
  reported(): Promise<void>;
  stop(): Promise<void>;
}

export function followingReplica(stores: Stores, endpoint: string, seen: Reported = {}): FollowingReplica {
  let stopped = false;
  let reports = 0;
  const state = { ...seen };
  const following = (async () => {
    while (!stopped) {
      const document = await raw(stores).endpoints.findOne({ _id: endpoint });
      await report(stores, endpoint, 'r1', { revision: document?.revision ?? 0, ...state });
      reports += 1;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  })();
  return {
    state,
    reported: async () => {
      const before = reports;
      while (reports < before + 2) await new Promise((resolve) => setTimeout(resolve, 10));
    },
    stop: async () => {
      stopped = true;
      await following;
    },
  };
}
