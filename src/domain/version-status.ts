/** Where a model version stands: derived from decisions, cycles and what was served, never written. Pure. */
import type { ApprovalRequest } from './approval';

export type VersionStatus = 'candidate' | 'approved' | 'rejected' | 'retired';

export interface VersionStanding {
  readonly isChampion: boolean;
  /** A rollout or a rollback once ended with it as the champion. */
  readonly wasChampion: boolean;
  /** State of its approval request, if one was opened. */
  readonly request?: ApprovalRequest['state'];
  /** Outcome of its cycle, once that has ended. */
  readonly outcome?: string;
}

/**
 * By its request alone: being served approves nothing. Retired is what was approved and served before; a request that
 * expired or was superseded can't be approved any more.
 */
export function versionStatus({ isChampion, wasChampion, request, outcome }: VersionStanding): VersionStatus {
  if (request === 'approved') return wasChampion && !isChampion ? 'retired' : 'approved';
  if (request === 'rejected' || request === 'expired' || request === 'superseded') return 'rejected';
  return outcome === 'gate failed' ? 'rejected' : 'candidate';
}
