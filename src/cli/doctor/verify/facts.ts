/** Every fact: its digests against its content, the records that it names against theirs, and the audit's word of it. */
import type { Fact } from '../../../domain/records';
import { FACT_KINDS, type FactKind, isDigest, type Ref } from '../../../domain/refs';
import type { RecordStores } from '../../../records/stores';
import { factDigest, recordDigest } from '../../../stores/fact-digest';
import { nodeOf } from '../../../stores/facts';
import { type Finding, ok, Problems } from '../finding';
import { batches } from './batches';
import { RESTORE } from './chains';

/** Never written without an audit event beside them. */
const AUDITED: readonly FactKind[] = ['definition', 'version', 'decision'];

export async function verifyFacts(stores: RecordStores): Promise<Finding[]> {
  const problems = new Problems('records');
  let count = 0;
  for (const kind of FACT_KINDS) {
    for await (const batch of batches(stores.facts.all(kind))) {
      count += batch.length;
      for (const fact of batch) {
        const wrong = changed(kind, fact);
        if (wrong !== undefined) problems.add(nodeOf({ kind, id: fact._id }), wrong, RESTORE);
      }
      await checkRefs(stores, batch, problems);
      await checkAudit(stores, kind, batch, problems);
      if (kind === 'version') await checkModels(stores, batch as readonly Fact<'version'>[], problems);
    }
  }
  const findings = problems.findings();
  return findings.length > 0 ? findings : [ok('records', `${count} facts, each with the digest of its content`)];
}

function changed(kind: FactKind, fact: Fact): string | undefined {
  try {
    if (recordDigest(fact) !== fact.record)
      return 'it was changed: its content has another digest than it was recorded with';
    if (factDigest(kind, fact as never) !== fact.digest) return 'it was changed: its digest is not that of its content';
    return undefined;
  } catch {
    return 'it was changed: its content is not that of its kind';
  }
}

/** Whoever changes a record and its own digests must change all that name it, too. */
async function checkRefs(stores: RecordStores, batch: readonly Fact[], problems: Problems): Promise<void> {
  const named = batch.flatMap((fact) =>
    [...refsIn([fact.inputs, fact.body])].map((ref) => ({ ref, by: nodeOf({ kind: fact.kind, id: fact._id }) }))
  );
  for (const kind of FACT_KINDS) {
    const ofKind = named.filter(({ ref }) => ref.kind === kind);
    const found = await stores.facts.some<FactKind>(
      kind,
      ofKind.map(({ ref }) => ref.id),
      ['digest']
    );
    for (const { ref, by } of ofKind) {
      const digest = found.get(ref.id)?.digest;
      if (digest === ref.digest) continue;
      const what = digest === undefined ? 'is gone' : `has the digest ${digest}`;
      problems.add(by, `names ${kind} ${ref.id} with the digest ${ref.digest}, and it ${what}`, RESTORE);
    }
  }
}

function* refsIn(value: unknown): Generator<Ref> {
  if (typeof value !== 'object' || value === null) return;
  const { kind, id, digest } = value as Partial<Ref>;
  if ((FACT_KINDS as readonly unknown[]).includes(kind) && typeof id === 'string' && isDigest(digest))
    yield value as Ref;
  else for (const part of Object.values(value)) yield* refsIn(part);
}

async function checkAudit(
  stores: RecordStores,
  kind: FactKind,
  batch: readonly Fact[],
  problems: Problems
): Promise<void> {
  const recorded = await stores.audit.recorded(
    kind,
    batch.map(({ _id }) => _id)
  );
  for (const { _id, record } of batch) {
    const digest = recorded.get(_id);
    const about = nodeOf({ kind, id: _id });
    if (digest === undefined && AUDITED.includes(kind))
      problems.add(about, 'no audit event records it: it was not written by a worker', RESTORE);
    // A record that is not the one that was recorded is found with its event.
    else if (digest !== undefined && digest !== record)
      problems.add(about, 'the audit recorded another content of it', RESTORE);
  }
}

/** A version's model is its run's, bytes and all. */
async function checkModels(
  stores: RecordStores,
  versions: readonly Fact<'version'>[],
  problems: Problems
): Promise<void> {
  const runs = await stores.facts.some(
    'run',
    versions.map(({ body }) => body.run.id),
    ['body.model']
  );
  for (const { _id, body, artifacts } of versions) {
    const model = body.model.digest;
    const about = nodeOf({ kind: 'version', id: _id });
    if (runs.get(body.run.id)?.body?.model !== model)
      problems.add(about, 'its model is not the one that its run made', RESTORE);
    if (!artifacts.some(({ digest }) => digest === model))
      problems.add(about, 'its model is not among its artifacts', RESTORE);
  }
}
