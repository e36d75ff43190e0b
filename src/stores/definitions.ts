/** Registered definitions: facts, `_id` = `<project>/<digest>`; and which of them is in force, a document of each project. */
import type { ClientSession } from 'mongodb';
import { MlopsError } from '../domain/errors';
import type { ProjectDefinition } from '../domain/definition';
import { definitionId } from '../domain/ids';
import type { Digest, Ref } from '../domain/refs';
import { digestOf } from '../runtime/digest';
import type { Stores } from './connect';
import { refOf } from './facts';
import { collection, facts, type Store } from './mongo';
import type { ProjectDocument } from './mutable-records';

export interface NewestDefinition {
  readonly project: string;
  readonly digest: Digest;
}

/** Each project's definition that was registered last. */
export async function newestDefinitions(store: Store, project?: string): Promise<NewestDefinition[]> {
  return facts(store, 'definition')
    .aggregate<NewestDefinition>([
      ...(project === undefined ? [] : [{ $match: { 'body.definition.name': project } }]),
      { $sort: { 'body.definition.name': 1, 'made.at': 1 } },
      { $group: { _id: '$body.definition.name', digest: { $last: '$digest' } } },
      { $project: { _id: 0, project: '$_id', digest: 1 } },
    ])
    .toArray();
}

/** Names of all projects that ever registered one. */
export async function definedProjects(store: Store): Promise<string[]> {
  return (await newestDefinitions(store)).map(({ project }) => project);
}

/** Records a definition that was checked, and who brought it, in the audit. Another time changes nothing. */
export async function recordDefinition(
  stores: Stores,
  definition: ProjectDefinition,
  { by, callerIdentity }: { readonly by: string; readonly callerIdentity: string }
): Promise<Ref<'definition'>> {
  const project = definition.name;
  const digest = digestOf(definition);
  const body = { definition, appliedBy: by };
  const { fact } = await stores.facts.commit(
    { _id: definitionId(project, digest), kind: 'definition', digest, inputs: [], artifacts: [], body },
    {
      audit: {
        id: `definition ${project} ${digest}`,
        project,
        what: 'definition applied',
        by,
        detail: { digest, callerIdentity },
      },
    }
  );
  return refOf(fact);
}

/** What a project goes by; null before its first definition. */
export async function definitionInForce(
  store: Store,
  project: string,
  session?: ClientSession
): Promise<ProjectDocument | null> {
  return collection(store, 'projects').findOne({ _id: project }, session === undefined ? {} : { session });
}

export type InForce = Pick<ProjectDocument, 'definition' | 'appliedBy' | 'callerIdentity'>;

/** A project's first definition. Two at once: the second one's transaction fails, and finds the first when it runs again. */
export async function beginProject(
  store: Store,
  project: string,
  first: InForce,
  session: ClientSession
): Promise<void> {
  const document: ProjectDocument = { _id: project, v: 1, revision: 1, ...first, since: new Date(), proposals: 0 };
  await collection(store, 'projects').insertOne(document, { session });
}

/** Puts a definition in force in place of the one that was looked at; nothing is proposed any more. */
export async function replaceDefinition(
  store: Store,
  { _id, revision }: ProjectDocument,
  next: InForce,
  session: ClientSession
): Promise<void> {
  await changed(
    collection(store, 'projects').updateOne(
      { _id, revision },
      { $set: { ...next, since: new Date() }, $unset: { proposed: '' }, $inc: { revision: 1 } },
      { session }
    ),
    _id
  );
}

/** What is proposed from now on, in place of what was; undefined: nothing. */
export async function propose(
  store: Store,
  { _id, revision, proposals }: ProjectDocument,
  proposed: ProjectDocument['proposed'],
  session: ClientSession
): Promise<void> {
  await changed(
    collection(store, 'projects').updateOne(
      { _id, revision },
      proposed === undefined
        ? { $unset: { proposed: '' }, $inc: { revision: 1 } }
        : { $set: { proposed, proposals: proposals + 1 }, $inc: { revision: 1 } },
      { session }
    ),
    _id
  );
}

/** In a transaction another change conflicts before it can be missed: this is the second line. */
async function changed(update: Promise<{ readonly matchedCount: number }>, project: string): Promise<void> {
  if ((await update).matchedCount === 1) return;
  throw new MlopsError(
    'MLOPS_STORE_UNAVAILABLE',
    'The definition in force changed meanwhile.',
    { project },
    'It is tried again.'
  );
}
