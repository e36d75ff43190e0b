/** Model versions: facts with a project's number. */
import type { Fact } from '../domain/records';
import { facts, type Store } from './mongo';

export async function versionNumbered(store: Store, project: string, number: number): Promise<Fact<'version'> | null> {
  return facts(store, 'version').findOne({ 'body.project': project, 'body.number': number } as never);
}

/** By number. */
export async function versionsOf(store: Store, project: string): Promise<Fact<'version'>[]> {
  return facts(store, 'version')
    .find({ 'body.project': project } as never)
    .sort({ 'body.number': 1 })
    .toArray();
}
