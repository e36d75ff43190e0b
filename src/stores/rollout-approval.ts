/** Whether a version may be rolled out: looked up in the transaction that raises the endpoint's epoch. */
import type { ClientSession } from 'mongodb';
import { type ApprovalRequest, isApproved } from '../domain/approval';
import { durationMs } from '../domain/durations';
import { MlopsError, type Where } from '../domain/errors';
import { championAlias } from '../domain/ids';
import type { NewRollout } from './rollouts';
import type { Stores } from './connect';
import { decisionsOn } from './decisions';
import { collection } from './mongo';

type Wanted = Pick<NewRollout, 'project' | 'kind' | 'version' | 'served' | 'now'>;

/**
 * A rollout needs an approval of these very bytes that still holds: the champion is the one that they were compared
 * with. A rollback needs only that they were approved.
 * @throws MLOPS_NOT_AUTHORIZED
 */
export async function requireApproval(stores: Stores, wanted: Wanted, session?: ClientSession): Promise<void> {
  const why = await whyNot(stores, wanted, session);
  if (why !== undefined) throw notAllowed(why, { version: wanted.version.id, number: wanted.served.number });
}

/** In words, or undefined where it may begin. */
export async function whyNot(stores: Stores, wanted: Wanted, session?: ClientSession): Promise<string | undefined> {
  const { project, kind, version, served, now } = wanted;
  const within = session === undefined ? {} : { session };
  // A version and its request have one id: its cycle's.
  const request = await collection(stores, 'requests').findOne({ _id: version.id }, within);
  const decisions = (await decisionsOn(stores, version.id, session)).map(({ body }) => body);
  const digests = { version: version.digest, model: served.model };
  if (request === null || request.project !== project || !isApproved(request, decisions, digests))
    return 'No request about this version is recorded as approved.';
  if (kind === 'rollback') return undefined;
  const alias = await collection(stores, 'aliases').findOne({ _id: championAlias(project) }, within);
  if (alias?.version === version.id) return 'The version is live.';
  if (alias?.digest !== request.subject.digests.champion)
    return `The champion is not the one that the version was compared with.`;
  return now > validUntil(request)
    ? `Its approval was valid for ${request.policy.validFor.wall}, until ${new Date(validUntil(request)).toISOString()}.`
    : undefined;
}

/** Milliseconds: until then an approved version may be rolled out. */
export function validUntil({ closedAt, openedAt, policy }: ApprovalRequest): number {
  return Date.parse(closedAt ?? openedAt) + durationMs(policy.validFor);
}

export function notAllowed(what: string, where: Where): MlopsError {
  return new MlopsError(
    'MLOPS_NOT_AUTHORIZED',
    what,
    where,
    'Nothing was changed. `mlops show version` says where it stands.'
  );
}
