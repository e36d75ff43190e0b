/** Records as they are named on the command line: `show version/flights@2`. */
import { MlopsError } from '../domain/errors';
import { isDigest } from '../domain/refs';
import { RECORD_KINDS, type RecordKind, recordKind } from '../records';

/** `run/sha256:…`, `version/flights@2`, a node of the lineage as it is printed, or a digest alone: an artifact. */
export function parseRef(text: string): { kind: RecordKind; id: string } {
  if (isDigest(text)) return { kind: 'artifact', id: text };
  const [, kind, id] = /^([A-Za-z-]+)[/:](.+)$/.exec(text) ?? [];
  if (kind !== undefined && id !== undefined) return { kind: recordKind(kind), id };
  throw new MlopsError(
    'MLOPS_USAGE',
    `${text} doesn't name a record.`,
    {},
    `Write <kind>/<id>, such as version/flights@2; kinds are ${RECORD_KINDS.join(', ')}.`
  );
}

/** A step's key is long; its beginning is enough for `show`, unless two records share it. */
export function short(id: string): string {
  return isDigest(id) ? id.slice('sha256:'.length, 'sha256:'.length + 12) : id;
}
