/**
 * A definition on its way into a lifecycle: gzipped, since a message may have 64 KB and a definition of 1,000 columns
 * has 150. Once it is registered, everyone names it by its ref.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import type { ProjectDefinition } from '../domain/definition';
import { MlopsError } from '../domain/errors';
import type { PackedDefinition } from '../domain/messages';
import { canonicalJson, digestOf } from './digest';

/** Bytes of a definition's canonical JSON. MongoDB's limit of a record is 16 MB. */
export const MAX_DEFINITION_BYTES = 1024 * 1024;

/** @throws MlopsError MLOPS_DEFINITION_TOO_LARGE */
export function packDefinition(definition: ProjectDefinition): PackedDefinition {
  const json = Buffer.from(canonicalJson(definition));
  if (json.length > MAX_DEFINITION_BYTES) throw tooLarge({ project: definition.name, bytes: json.length });
  return { digest: digestOf(definition), gzip: gzipSync(json).toString('base64') };
}

/**
 * The JSON that was packed, whatever it is: it must still be checked.
 * @throws MlopsError MLOPS_DEFINITION_TOO_LARGE; MLOPS_DEFINITION_INVALID: not gzipped JSON, or of another digest
 */
export function unpackDefinition({ digest, gzip }: PackedDefinition): unknown {
  let value: unknown;
  try {
    const bytes = gunzipSync(Buffer.from(gzip, 'base64'), { maxOutputLength: MAX_DEFINITION_BYTES });
    value = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge({ digest });
    throw unreadable('The definition is not gzipped JSON in base64.', { digest }, error);
  }
  const found = digestOf(value);
  if (found === digest) return value;
  throw unreadable('The definition is not the one that its digest names.', { digest, found });
}

function tooLarge(where: MlopsError['where']): MlopsError {
  return new MlopsError(
    'MLOPS_DEFINITION_TOO_LARGE',
    'The definition is too large.',
    { ...where, limit: MAX_DEFINITION_BYTES },
    'Declare fewer columns, or shorter lists.'
  );
}

function unreadable(what: string, where: MlopsError['where'], cause?: unknown): MlopsError {
  return new MlopsError('MLOPS_DEFINITION_INVALID', what, where, 'Send it with MlopsClient, or with mlops apply.', {
    cause,
  });
}
