/** Dangling refs: records that name a record or an artifact that is gone. */

import { type Digest, FACT_KINDS, type FactKind } from '../../domain/refs';
import type { RecordStores } from '../../records/stores';
import { factCollection, nodeOf } from '../../stores/facts';
import { type Finding, ok, problem, warning } from './finding';

/** Findings of one sort are alike: the first few tell. */
const MOST_TOLD = 20;
const MOST_OBJECTS = 10_000;
const AT_ONCE = 16;

/** A name as it stands in some record. */
interface Named {
  readonly by: string;
  readonly kind: FactKind;
  readonly id: string;
}

interface NamedArtifact {
  readonly by: string;
  readonly digest: Digest;
}

export async function examineRefs(stores: RecordStores, withObjects: boolean): Promise<Finding[]> {
  const { records, artifacts } = await names(stores);
  const missing = await missingRecords(stores, records);
  const gone = await missingArtifacts(stores, artifacts, withObjects);
  const findings = [...told(missing), ...told(gone.lines), ...gone.notes];
  const count = `${records.length} refs and ${artifacts.length} uses of artifacts`;
  return findings.some(({ state }) => state === 'problem')
    ? findings
    : [ok('refs', `${count}, none dangling`), ...findings];
}

const RESTORE = 'Restore MongoDB from a backup of the same day for all of its collections.';

/** Steps go by records and artifact documents, so none runs again for an object: only its bytes mend it, wherever they are from. */
const putBack = (place: string): string =>
  `Put the object back as ${place}, from a backup or any copy: these bytes are known by that SHA-256. No step makes it anew while its record is there.`;

interface Line {
  readonly about: string;
  readonly what: string;
  readonly fix: string;
}

function told(lines: readonly Line[]): Finding[] {
  const shown = lines.slice(0, MOST_TOLD).map(({ about, what, fix }) => problem(about, what, fix));
  const last = lines[MOST_TOLD - 1];
  const more = lines.length - shown.length;
  return more > 0 && last !== undefined ? [...shown, problem('refs', `${more} more like the last`, last.fix)] : shown;
}

async function names({ db, moving }: RecordStores): Promise<{ records: Named[]; artifacts: NamedArtifact[] }> {
  const records: Named[] = [];
  const artifacts: NamedArtifact[] = [];
  for (const kind of FACT_KINDS) {
    const facts = db
      .collection<{
        _id: string;
        inputs?: readonly { kind: FactKind; id: string }[];
        artifacts?: readonly { digest: Digest }[];
      }>(factCollection(kind))
      .find({}, { projection: { inputs: 1, artifacts: 1 } });
    for await (const { _id: id, inputs = [], artifacts: made = [] } of facts) {
      const by = nodeOf({ kind, id });
      records.push(...inputs.map((input) => ({ by, kind: input.kind, id: input.id })));
      artifacts.push(...made.map(({ digest }) => ({ by, digest })));
    }
  }
  for await (const { _id, version } of moving.aliases.find()) {
    records.push({ by: `alias:${_id}`, kind: 'version', id: version });
  }
  for await (const { _id, version, evaluation, snapshot } of moving.requests.find()) {
    records.push(...[version, evaluation, snapshot].map(({ kind, id }) => ({ by: `request:${_id}`, kind, id })));
  }
  for await (const { _id, champion, candidate } of moving.endpoints.find()) {
    for (const served of [champion, candidate]) {
      if (served === undefined) continue;
      records.push({ by: `endpoint:${_id}`, kind: 'version', id: served.version });
      artifacts.push({ by: `endpoint:${_id}`, digest: served.model });
    }
  }
  return { records, artifacts };
}

async function missingRecords({ db }: RecordStores, named: readonly Named[]): Promise<Line[]> {
  const missing: Line[] = [];
  for (const kind of FACT_KINDS) {
    const ofKind = named.filter((one) => one.kind === kind);
    const ids = [...new Set(ofKind.map(({ id }) => id))];
    const there = await db.collection<{ _id: string }>(factCollection(kind)).distinct('_id', { _id: { $in: ids } });
    const known = new Set<string>(there);
    for (const { by, id } of ofKind) {
      if (!known.has(id)) missing.push({ about: by, what: `names ${kind}/${id}, which is gone`, fix: RESTORE });
    }
  }
  return missing;
}

async function missingArtifacts(
  { db, artifacts }: RecordStores,
  named: readonly NamedArtifact[],
  withObjects: boolean
): Promise<{ lines: Line[]; notes: Finding[] }> {
  const digests = [...new Set(named.map(({ digest }) => digest))];
  const documents = db.collection<{ _id: Digest; state: string }>('artifacts');
  const live = new Set(await documents.distinct('_id', { _id: { $in: digests }, state: 'live' }));
  const looked = withObjects ? digests.filter((digest) => live.has(digest)).slice(0, MOST_OBJECTS) : [];
  const withoutObject = new Set<Digest>();
  for (let at = 0; at < looked.length; at += AT_ONCE) {
    await Promise.all(
      looked.slice(at, at + AT_ONCE).map(async (digest) => {
        if (!(await artifacts.hasObject(digest))) withoutObject.add(digest);
      })
    );
  }
  const lines = named.flatMap(({ by, digest }): Line[] => {
    const line = { about: by, what: `names the artifact ${digest}, ` };
    if (!live.has(digest)) return [{ ...line, what: `${line.what}which has no document`, fix: RESTORE }];
    if (!withoutObject.has(digest)) return [];
    return [{ ...line, what: `${line.what}whose object is gone`, fix: putBack(artifacts.place(digest)) }];
  });
  const left = live.size - looked.length;
  const notes =
    left > 0
      ? [warning('refs', `objects of ${left} artifacts were not looked at`, 'Mend the object store first.')]
      : [];
  return { lines, notes: withObjects && left <= 0 ? [] : notes };
}
