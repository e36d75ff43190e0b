/** A version as people name it, and the records that it stands on. */
import { MlopsError } from '../domain/errors';
import { versionLabel } from '../domain/ids';
import type { Fact, Records, VersionRecord } from '../records';

export const VERSION_NAMES = '<project>@<version>';

const NUMBERED = /^[^@/]+@\d+$/;

/**
 * Undefined where the text is not a version's name.
 * @throws MlopsError MLOPS_NOT_FOUND
 */
export async function versionNamed(records: Records, name: string): Promise<VersionRecord | undefined> {
  return NUMBERED.test(name) ? requireVersion(records, name) : undefined;
}

/** @throws MlopsError MLOPS_NOT_FOUND */
export async function requireVersion(records: Records, name: string): Promise<VersionRecord> {
  const version = await records.find('version', name);
  if (version !== undefined) return version;
  const fix = 'mlops ls versions lists them; a name is such as flights@2.';
  throw new MlopsError('MLOPS_NOT_FOUND', 'No version has this name.', { version: name }, fix);
}

/**
 * The evaluation of the version's own cycle, on which people decided; else the newest of its run; undefined where it was never
 * evaluated.
 */
export async function findEvaluation(
  records: Records,
  { _id, body }: VersionRecord
): Promise<Fact<'evaluation'> | undefined> {
  const own = (await records.find('cycle', _id))?.refs.evaluation;
  if (own !== undefined) return records.find('evaluation', own.id);
  const { records: all } = await records.list('evaluation', { project: body.project, limit: 1000 });
  return all.findLast((evaluation) => evaluation.body.run.digest === body.run.digest);
}

export interface Evaluated {
  readonly evaluation: Fact<'evaluation'>;
  readonly run: Fact<'run'>;
}

/** @throws MlopsError MLOPS_NOT_FOUND: it was never evaluated */
export async function evaluationOf(records: Records, version: VersionRecord): Promise<Evaluated> {
  const evaluation = await findEvaluation(records, version);
  const run = evaluation === undefined ? undefined : await records.find('run', evaluation.body.run.id);
  if (evaluation !== undefined && run !== undefined) return { evaluation, run };
  const label = versionLabel(version.body.project, version.body.number);
  throw new MlopsError(
    'MLOPS_NOT_FOUND',
    'The version was not evaluated.',
    { version: label },
    `mlops evaluate --model ${label} --as-of <when> evaluates it.`
  );
}
