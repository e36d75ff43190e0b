/** Reads what a version's status is derived from. */
import type { Fact } from '../domain/records';
import type { RolloutDocument } from '../domain/rollout';
import { versionStatus } from '../domain/version-status';
import type { VersionRecord } from './kinds';
import type { RecordStores } from './stores';

export async function withStatus(
  { db, moving }: RecordStores,
  versions: readonly Fact<'version'>[]
): Promise<VersionRecord[]> {
  const ids = versions.map(({ _id }) => _id);
  const [aliases, requests, cycles, served] = await Promise.all([
    moving.aliases.find({ version: { $in: ids } }).toArray(),
    moving.requests.find({ _id: { $in: ids } }, { projection: { state: 1 } }).toArray(),
    moving.cycles.find({ _id: { $in: ids } }, { projection: { outcome: 1 } }).toArray(),
    db
      .collection<RolloutDocument>('rollouts')
      .distinct('version.id', { outcome: 'deployed', 'version.id': { $in: ids } }),
  ]);
  return versions.map((version) => {
    const { _id } = version;
    const named = aliases.filter((alias) => alias.version === _id).map((alias) => alias._id.split('/').at(-1) ?? '');
    const request = requests.find((one) => one._id === _id)?.state;
    const outcome = cycles.find((one) => one._id === _id)?.outcome;
    const status = versionStatus({
      isChampion: named.includes('champion'),
      wasChampion: served.includes(_id),
      ...(request === undefined ? {} : { request }),
      ...(outcome === undefined ? {} : { outcome }),
    });
    return { ...version, status, aliases: named };
  });
}
