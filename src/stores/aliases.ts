/** Aliases: a name, such as `champion`, for one of a project's versions. They move with the endpoint (rollouts.ts). */
import { championAlias } from '../domain/ids';
import { collection, type Store } from './mongo';
import type { AliasDocument } from './mutable-records';

export async function championOf(store: Store, project: string): Promise<AliasDocument | null> {
  return collection(store, 'aliases').findOne({ _id: championAlias(project) });
}

export async function aliasesOf(store: Store, versions: readonly string[]): Promise<AliasDocument[]> {
  return collection(store, 'aliases')
    .find({ version: { $in: [...versions] } })
    .toArray();
}

export function allAliases(store: Store): AsyncIterable<AliasDocument> {
  return collection(store, 'aliases').find().sort({ _id: 1 });
}
