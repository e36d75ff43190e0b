/** Projects with their records as a description, written to real stores, and which of their bytes must stay: worked out from the description alone. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { DEFAULT_POLICY } from './policy';
import { requestId, schemaRequestName } from '../../src/domain/ids';
import { MESSAGES } from '../../src/domain/messages';
import type { FactBodies } from '../../src/domain/records';
import type { ArtifactRef, FactKind, Ref } from '../../src/domain/refs';
import { digestOf } from '../../src/runtime/digest';
import { placeHold } from '../../src/stores/holds';
import { refOf } from '../../src/stores/facts';
import { operatorEventId } from '../../src/stores/triggers';
import { age } from './aged';
import type { OwnStores } from './own-stores';
import { raw } from './raw-records';

type WithStores = Pick<OwnStores, 'stores' | 'folder'>;

export interface GeneratedCycle {
  /** Days since its bytes were touched. */
  readonly days: number;
  readonly shards: number;
  readonly quarantine: boolean;
  readonly inherits: boolean;
  readonly state: 'running' | 'failed' | 'finished';
  /** About its version, or about what is new in its batch. */
  readonly request: 'none' | 'open' | 'approved' | 'approved long ago' | 'rejected' | 'open batch' | 'approved batch';
  /** Days since its rollout ended. */
  readonly rolledOut: number | undefined;
  /** A cycle that imports a model; a message that no cycle has run for, which a `stop` after it ends. */
  readonly imports: 'no' | 'cycle' | 'waits' | 'stopped';
  readonly held: 'no' | 'version' | 'evaluation' | 'run' | 'snapshot' | 'released';
}

/** Nothing of the batch asks, and its rows are enough to say which categories there are. */
const LET_IN = { validation: [], rows: 1_000 };

export interface GeneratedProject {
  readonly cycles: readonly GeneratedCycle[];
  /** Which of the cycles has the champion, if any. */
  readonly champion: number;
}

const AGES = [1, 2, 5, 20, 40, 80, 100, 500] as const;

const cycle: fc.Arbitrary<GeneratedCycle> = fc.record({
  days: fc.constantFrom(...AGES),
  shards: fc.integer({ min: 1, max: 2 }),
  quarantine: fc.boolean(),
  inherits: fc.boolean(),
  state: fc.constantFrom('finished', 'finished', 'finished', 'running', 'failed'),
  request: fc.constantFrom(
    ...(['none', 'none', 'open', 'approved', 'approved long ago', 'rejected', 'open batch', 'approved batch'] as const)
  ),
  rolledOut: fc.constantFrom(undefined, undefined, 10, 400),
  imports: fc.constantFrom('no', 'no', 'no', 'cycle', 'waits', 'stopped'),
  held: fc.constantFrom('no', 'no', 'no', 'no', 'version', 'evaluation', 'run', 'snapshot', 'released'),
});

export const projects: fc.Arbitrary<readonly GeneratedProject[]> = fc.array(
  fc.record({ cycles: fc.array(cycle, { minLength: 1, maxLength: 4 }), champion: fc.integer({ min: -1, max: 3 }) }),
  { minLength: 1, maxLength: 2 }
);

interface Named {
  readonly artifact: ArtifactRef;
  readonly days: number;
  readonly quarantine: boolean;
}

interface WrittenCycle {
  readonly own: readonly Named[];
  readonly inherited: readonly Named[];
  /** No record names it. */
  readonly imported?: Named;
  /** Beside the snapshot's. */
  readonly made: Readonly<Record<'labels' | 'features' | 'model' | 'evaluation', Named>>;
}

export interface Written {
  /** Each artifact, and whether it must stay. */
  readonly stays: ReadonlyMap<ArtifactRef['digest'], boolean>;
}

export async function writeProjects(system: WithStores, generated: readonly GeneratedProject[]): Promise<Written> {
  const all: Named[] = [];
  const unnamed: Named[] = [];
  const needed = new Set<string>();
  for (const [index, project] of generated.entries()) {
    const written = await new Writer(system, `p${index}-${randomUUID().slice(0, 8)}`, project).write();
    for (const { own, made, imported } of written) {
      all.push(...own, ...Object.values(made));
      if (imported !== undefined) unnamed.push(imported);
    }
    for (const digest of neededOf(project, written)) needed.add(digest);
  }
  for (const days of AGES) unnamed.push({ days, artifact: await put(system, 'orphan'), quarantine: false });
  for (const { days, artifact } of [...all, ...unnamed]) await age(system.stores, days, [artifact.digest]);
  const stays = new Map<ArtifactRef['digest'], boolean>();
  for (const { artifact, days, quarantine } of all)
    stays.set(artifact.digest, needed.has(artifact.digest) || days <= (quarantine ? 30 : 90));
  for (const { artifact, days } of unnamed) stays.set(artifact.digest, needed.has(artifact.digest) || days <= 3);
  return { stays };
}

/** What must stay, whatever its age. */
function neededOf({ cycles, champion }: GeneratedProject, written: readonly WrittenCycle[]): Set<string> {
  const needed = new Set<string>();
  const add = (named: readonly Named[]) => named.forEach(({ artifact }) => needed.add(artifact.digest));
  const rows = (index: number, quarantine: boolean): Named[] => {
    const { own, inherited } = written[index]!;
    return [...inherited, ...own].filter((one) => quarantine || !one.quarantine);
  };
  const ancestors = (index: number): number[] =>
    cycles[index]!.inherits && index > 0 ? [index, ...ancestors(index - 1)] : [index];
  add(rows(cycles.length - 1, false));
  // What people let in last: the next batch is judged beside it.
  const letIn = cycles.findLastIndex(({ request }) => request !== 'open batch');
  if (letIn >= 0) add(rows(letIn, false));
  const stopped = cycles.findLastIndex(({ imports }) => imports === 'stopped');
  cycles.forEach(({ state, request, rolledOut, held, imports }, index) => {
    const { labels, features, model, evaluation } = written[index]!.made;
    const isLive = champion === index;
    const asked = request === 'open' || request === 'approved';
    if (isLive || asked || state !== 'finished' || (rolledOut !== undefined && rolledOut < 365)) {
      add(rows(index, false));
      add([labels, features, model, evaluation]);
    }
    if (request === 'open batch') add(rows(index, false));
    const comes = imports === 'cycle' ? state !== 'finished' : imports === 'waits' && index > stopped;
    if (comes) add([written[index]!.imported!]);
    if (held === 'no' || held === 'released') return;
    for (const one of ancestors(index)) add(rows(one, true));
    add(held === 'snapshot' ? [] : [labels, features, model]);
    if (held !== 'version' && held !== 'evaluation') return;
    add([evaluation]);
    // And the run that it was compared with.
    const former = written[index - 1]?.made;
    if (former === undefined) return;
    for (const one of ancestors(index - 1)) add(rows(one, true));
    add([former.labels, former.features, former.model]);
  });
  return needed;
}

async function put({ stores, folder }: WithStores, name: string): Promise<ArtifactRef> {
  const path = join(folder, randomUUID());
  await writeFile(path, randomUUID());
  return stores.artifacts.put({ name, path, mediaType: 'text/plain' });
}

class Writer {
  readonly #system: WithStores;
  readonly #name: string;
  readonly #project: GeneratedProject;

  constructor(system: WithStores, name: string, project: GeneratedProject) {
    this.#system = system;
    this.#name = name;
    this.#project = project;
  }

  async write(): Promise<WrittenCycle[]> {
    const written: WrittenCycle[] = [];
    let parent: { readonly ref: Ref<'snapshot'>; readonly named: readonly Named[] } | undefined;
    let former: Ref<'run'> | undefined;
    for (const [index, one] of this.#project.cycles.entries()) {
      const named = async (name: string, quarantine = false): Promise<Named> => ({
        artifact: await put(this.#system, name),
        days: one.days,
        quarantine,
      });
      const own: Named[] = [];
      for (let shard = 0; shard < one.shards; shard += 1) own.push(await named(`shard-${index}-${shard}`));
      if (one.quarantine) own.push(await named(`quarantine-${index}`, true));
      const grown = one.inherits ? parent : undefined;
      const inherited = grown?.named ?? [];
      const snapshot = await this.#commit(
        ...(['snapshot', grown === undefined ? [] : [grown.ref], [...inherited, ...own], undefined] as const),
        { ...LET_IN, ...(grown === undefined ? {} : { parent: grown.ref }) }
      );
      parent = { ref: snapshot, named: [...inherited, ...own] };
      const made = {
        labels: await named('labels'),
        features: await named('graph'),
        model: await named('model'),
        evaluation: await named('reference'),
      };
      const imported = one.imports === 'no' ? undefined : await named('imported');
      former = await this.#writeCycle(index, snapshot, made, former, imported);
      written.push({ own, inherited, made, ...(imported === undefined ? {} : { imported }) });
    }
    return written;
  }

  /** @param former the run that its evaluation compares with */
  async #writeCycle(
    index: number,
    snapshot: Ref<'snapshot'>,
    made: WrittenCycle['made'],
    former: Ref<'run'> | undefined,
    imported: Named | undefined
  ): Promise<Ref<'run'>> {
    const { stores } = this.#system;
    const stored = raw(stores);
    const { state, request, rolledOut, held, imports } = this.#project.cycles[index]!;
    const id = `${this.#name}/${index + 1}`;
    const labelSet = await this.#commit('labelSet', [snapshot], [made.labels]);
    const features = await this.#commit('featureSet', [snapshot], [made.features]);
    const run = await this.#commit('run', [snapshot, labelSet, features], [made.model]);
    const version = await this.#commit('version', [run, features, snapshot, labelSet], [made.model], id, {
      project: this.#name,
      number: index + 1,
      run,
    });
    const evaluated = [run, ...(former === undefined ? [] : [former]), snapshot, labelSet];
    const evaluation = await this.#commit('evaluation', evaluated, [made.evaluation], undefined, { run });
    const days = (count: number) => new Date(Date.now() - count * 86_400_000);
    const refs = { snapshot, labelSet, featureSet: features, run, version, evaluation };
    await stored.cycles.insertOne({
      ...{ _id: id, v: 1, revision: 1, project: this.#name, cycle: index + 1, state, refs },
      ...{ definition: { kind: 'definition', id: `${this.#name}/none`, digest: snapshot.digest } },
      startedAt: new Date(Date.now() - 1_000_000 + index),
      ...(imports === 'cycle' ? { imports: { model: imported!.artifact, file: 'model.onnx' } } : {}),
    } as never);
    if (imports === 'waits' || imports === 'stopped') {
      const trigger = { id: `m${index}`, imports: { model: imported!.artifact } };
      await this.#asked(MESSAGES.import, trigger.id, { trigger });
    }
    if (imports === 'stopped') await this.#asked(MESSAGES.stop, `s${index}`, {});
    if (request !== 'none') {
      const [asked, batch] = request === 'approved long ago' ? ['approved'] : request.split(' ');
      const [name, kind, about] =
        batch === undefined
          ? [String(index + 1), 'version', [version, evaluation, snapshot]]
          : [schemaRequestName(index + 1), 'schema-change', [snapshot]];
      const closedAt = days(request === 'approved long ago' ? 300 : 0).toISOString();
      await stored.requests.insertOne({
        ...{ _id: requestId({ project: this.#name, name }), v: 1, project: this.#name, state: asked, about },
        subject: { kind, digests: {} },
        ...{ openedAt: closedAt, closedAt, policy: DEFAULT_POLICY },
      } as never);
    }
    if (rolledOut !== undefined)
      await stored.db.collection<{ _id: string }>('rollouts').insertOne({
        ...{ _id: `${id}/rollout`, project: this.#name, version, endedAt: days(rolledOut), outcome: 'deployed' },
      } as never);
    if (this.#project.champion === index)
      await stored.aliases.insertOne({ _id: `${this.#name}/champion`, v: 1, version: id } as never);
    if (held === 'no') return run;
    const record = { released: version, version, evaluation, run, snapshot }[held];
    const hold = { id: randomUUID(), reason: 'case 17', by: 'ana', callerIdentity: 'test' };
    await placeHold(stores, { ...hold, record });
    if (held === 'released')
      await stored.db
        .collection<{ _id: string }>('holds')
        .updateOne({ _id: hold.id }, { $set: { released: { at: new Date(), by: 'ana', reason: 'over' } } });
    return run;
  }

  /** A person, of the lifecycle. */
  #asked(what: string, id: string, detail: object): Promise<void> {
    const project = this.#name;
    const event = { id: operatorEventId(project, what, id), project, what, by: 'ana' };
    return this.#system.stores.audit.record({ ...event, detail: { answer: { outcome: 'accepted' }, ...detail } });
  }

  async #commit<K extends FactKind>(
    kind: K,
    inputs: readonly Ref[],
    named: readonly Named[],
    _id: string = digestOf([kind, randomUUID()]),
    body: unknown = {}
  ): Promise<Ref<K>> {
    const artifacts = named.map(({ artifact }) => artifact);
    const content = { ...(body as object), of: _id } as unknown as FactBodies[K];
    const digest = digestOf(content);
    const { fact } = await this.#system.stores.facts.commit({ _id, kind, digest, inputs, artifacts, body: content });
    return refOf(fact);
  }
}
