/** Dangling refs: records that name a record or an artifact that is gone. Reads batch after batch: memory stays small. */

import { type Digest, FACT_KINDS, type FactKind } from '../../domain/refs';
import type { RecordStores } from '../../records/stores';
import { allAliases } from '../../stores/aliases';
import { allEndpoints } from '../../stores/endpoints';
import { nodeOf } from '../../stores/facts';
import { allRequests } from '../../stores/requests';
import { type Finding, ok, Problems, warning } from './finding';
import { recordName } from '../../domain/ids';

const MOST_OBJECTS = 10_000;
const AT_ONCE = 16;
const BATCH = 500;

/** What one record names. */
interface Names {
  /** `run:sha256:…`, `alias:flights/champion` */
  readonly by: string;
  readonly records: readonly { readonly kind: FactKind; readonly id: string }[];
  readonly artifacts: readonly Digest[];
}

export async function examineRefs(stores: RecordStores, withObjects: boolean): Promise<Finding[]> {
  const refs = new Refs(stores, withObjects);
  let batch: Names[] = [];
  for await (const names of allNames(stores)) {
    batch.push(names);
    if (batch.length < BATCH) continue;
    await refs.check(batch);
    batch = [];
  }
  await refs.check(batch);
  return refs.findings();
}

async function* allNames(stores: RecordStores): AsyncGenerator<Names> {
  for (const kind of FACT_KINDS) {
    for await (const { _id: id, inputs = [], artifacts = [] } of stores.facts.scan(kind, ['inputs', 'artifacts'])) {
      yield { by: nodeOf({ kind, id }), records: inputs, artifacts: artifacts.map(({ digest }) => digest) };
    }
  }
  for await (const { _id, version } of allAliases(stores)) {
    yield { by: `alias:${_id}`, records: [{ kind: 'version', id: version }], artifacts: [] };
  }
  for await (const { _id, about } of allRequests(stores)) {
    yield { by: `request:${_id}`, records: about, artifacts: [] };
  }
  for await (const { _id, champion, candidate } of allEndpoints(stores)) {
    const served = [champion, candidate].filter((one) => one !== undefined);
    yield {
      by: `endpoint:${_id}`,
      records: served.map(({ version }) => ({ kind: 'version', id: version })),
      artifacts: served.map(({ model }) => model),
    };
  }
}

const RESTORE = 'Restore MongoDB from a backup of the same day for all of its collections.';

/** Steps go by records and artifact documents, so none runs again for an object: only its bytes help, wherever they are from. */
const putBack = (place: string): string =>
  `Put the object back as ${place}, from a backup or any copy: these bytes are known by that SHA-256. No step makes it anew while its record is there.`;

class Refs {
  readonly #stores: RecordStores;
  readonly #withObjects: boolean;
  readonly #records = new Problems('refs');
  readonly #artifacts = new Problems('refs');
  readonly #objects = new Map<Digest, boolean>();
  readonly #taken = new Set<Digest>();
  #unlooked = 0;
  #refs = 0;
  #uses = 0;

  constructor(stores: RecordStores, withObjects: boolean) {
    this.#stores = stores;
    this.#withObjects = withObjects;
  }

  async check(batch: readonly Names[]): Promise<void> {
    for (const kind of FACT_KINDS) {
      const named = batch.flatMap(({ by, records }) =>
        records.filter((one) => one.kind === kind).map(({ id }) => ({ by, id }))
      );
      this.#refs += named.length;
      const gone = await this.#stores.facts.missing(
        kind,
        named.map(({ id }) => id)
      );
      for (const { by, id } of named) {
        if (gone.has(id)) this.#records.add(by, `names ${recordName(kind, id)}, which is gone`, RESTORE);
      }
    }
    await this.#checkArtifacts(batch.flatMap(({ by, artifacts }) => artifacts.map((digest) => ({ by, digest }))));
  }

  async #checkArtifacts(named: readonly { readonly by: string; readonly digest: Digest }[]): Promise<void> {
    const { artifacts } = this.#stores;
    this.#uses += named.length;
    const digests = [...new Set(named.map(({ digest }) => digest))];
    const dead = await artifacts.notLive(digests);
    await this.#look(digests.filter((digest) => !dead.has(digest)));
    for (const { by, digest } of named) {
      const what = `names the artifact ${digest}, `;
      const document = dead.get(digest);
      if (document?.taken !== undefined && !by.startsWith('endpoint:')) this.#taken.add(digest);
      else if (dead.has(digest)) this.#artifacts.add(by, `${what}which has no document`, RESTORE);
      else if (this.#objects.get(digest) === false)
        this.#artifacts.add(by, `${what}whose object is gone`, putBack(await artifacts.place(digest)));
    }
  }

  async #look(digests: readonly Digest[]): Promise<void> {
    const fresh = digests.filter((digest) => !this.#objects.has(digest));
    const looked = this.#withObjects ? fresh.slice(0, MOST_OBJECTS - this.#objects.size) : [];
    this.#unlooked += fresh.length - looked.length;
    for (let at = 0; at < looked.length; at += AT_ONCE) {
      await Promise.all(
        looked
          .slice(at, at + AT_ONCE)
          .map(async (digest) => this.#objects.set(digest, await this.#stores.artifacts.hasObject(digest)))
      );
    }
  }

  findings(): Finding[] {
    const problems = [...this.#records.findings(), ...this.#artifacts.findings()];
    const fix = this.#withObjects ? 'mlops doctor --verify looks at all of them.' : 'Repair the object store first.';
    const left = `objects of ${this.#unlooked} artifacts were not looked at`;
    const notes = this.#unlooked > 0 ? [warning('refs', left, fix)] : [];
    const count = `${this.#refs} refs and ${this.#uses} uses of artifacts`;
    const taken = this.#taken.size === 0 ? '' : `; housekeeping has taken the bytes of ${this.#taken.size} artifacts`;
    return problems.length > 0 ? [...problems, ...notes] : [ok('refs', `${count}, none dangling${taken}`), ...notes];
  }
}
