/** Reads what a version stands on. */
import { MlopsError } from '../domain/errors';
import { versionLabel } from '../domain/ids';
import type { FactKind, Ref } from '../domain/refs';
import type { VersionRecords } from '../engines/report/versions/version-records';
import type { Fact, Records, VersionRecord } from '../records';
import { findEvaluation } from './named-version';

/** @throws MlopsError MLOPS_RECORD_MISSING: a record that it names is gone */
export async function versionRecords(records: Records, version: VersionRecord): Promise<VersionRecords> {
  const { body } = version;
  const of = <K extends FactKind>(ref: Ref<K>) => required(records, ref);
  const [run, features, labelSet, snapshot, definition, evaluation] = await Promise.all([
    of(body.run),
    of(body.features),
    of(body.labelSet),
    of(body.snapshot),
    of(body.definition),
    findEvaluation(records, version),
  ]);
  return {
    label: versionLabel(body.project, body.number),
    version,
    run,
    features,
    labelSet,
    snapshot,
    definition: definition.body.definition,
    ...(evaluation === undefined ? {} : { evaluation }),
  };
}

async function required<K extends FactKind>(records: Records, { kind, id }: Ref<K>): Promise<Fact<K>> {
  const found = (await records.find(kind, id)) as Fact<K> | undefined;
  if (found !== undefined) return found;
  const fix = 'mlops doctor lists dangling refs.';
  throw new MlopsError('MLOPS_RECORD_MISSING', `A ${kind} that the version names is gone.`, { id }, fix);
}
