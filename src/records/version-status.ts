/** Reads what a version's status is derived from. */
import type { Fact } from '../domain/records';
import { versionStatus } from '../domain/version-status';
import { aliasesOf } from '../stores/aliases';
import { cycleOutcomes } from '../stores/cycles';
import { requestStates } from '../stores/requests';
import { versionsDeployed } from '../stores/rollouts';
import type { VersionRecord } from './kinds';
import type { RecordStores } from './stores';
import { aliasName } from '../domain/ids';

export async function withStatus(stores: RecordStores, versions: readonly Fact<'version'>[]): Promise<VersionRecord[]> {
  const ids = versions.map(({ _id }) => _id);
  const [aliases, requests, outcomes, served] = await Promise.all([
    aliasesOf(stores, ids),
    requestStates(stores, ids),
    cycleOutcomes(stores, ids),
    versionsDeployed(stores, ids),
  ]);
  return versions.map((version) => {
    const { _id } = version;
    const named = aliases.filter((alias) => alias.version === _id).map((alias) => aliasName(alias._id));
    const request = requests.get(_id);
    const outcome = outcomes.get(_id);
    const status = versionStatus({
      isChampion: named.includes('champion'),
      wasChampion: served.has(_id),
      ...(request === undefined ? {} : { request }),
      ...(outcome === undefined ? {} : { outcome }),
    });
    return { ...version, status, aliases: named };
  });
}
