/** Kinds of records as they are typed: `ls label-sets`, `show label-set/<id>`. */
import { MlopsError } from '../domain/errors';
import { isDigest } from '../domain/refs';
import { RECORD_KINDS, type RecordKind } from '../records';

/** `labelSet` → `label-set` */
export const wordOf = (kind: string): string => kind.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const plural = (kind: RecordKind): string => (kind === 'audit' ? 'audit' : `${wordOf(kind)}s`);

export const LIST_WORDS: readonly string[] = RECORD_KINDS.map(plural);
export const SHOW_WORDS: readonly string[] = RECORD_KINDS.map(wordOf);

export function kindOfList(text: string): RecordKind {
  const kind = RECORD_KINDS.find((one) => plural(one) === text || wordOf(one) === text);
  if (kind !== undefined) return kind;
  throw new MlopsError(
    'MLOPS_USAGE',
    `There are no records called ${text}.`,
    {},
    `Kinds are ${LIST_WORDS.join(', ')}.`
  );
}

/** `run/sha256:…`, `version/flights@2`, a node of the lineage as it is printed, or a digest alone: an artifact. */
export function parseRef(text: string): { kind: RecordKind; id: string } {
  if (isDigest(text)) return { kind: 'artifact', id: text };
  const [, before, id] = /^([A-Za-z-]+)[/:](.+)$/.exec(text) ?? [];
  const kind = RECORD_KINDS.find((one) => wordOf(one) === before || one === before);
  if (kind !== undefined && id !== undefined) return { kind, id };
  throw new MlopsError(
    'MLOPS_USAGE',
    `${text} names no record.`,
    {},
    `Write <kind>/<id>, such as version/flights@2; kinds are ${SHOW_WORDS.join(', ')}.`
  );
}

/** A step's key is long; its beginning is enough for `show`, unless two records share it. */
export function short(id: string): string {
  return isDigest(id) ? id.slice('sha256:'.length, 'sha256:'.length + 12) : id;
}
