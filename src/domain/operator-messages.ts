/** Shape and size of the messages that people send to a lifecycle; mistakes in words. */
import { CLIENT_ID, isPersonName } from './ids';
import { malformedImport } from './imported-model';
import { MESSAGES } from './messages';
import { momentMs } from './moment';
import { isDigest } from './refs';

const WHEN = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z$/;

/** A moment of event time: ISO-8601 in UTC. */
export function isWhen(value: unknown): value is string {
  return typeof value === 'string' && WHEN.test(value) && momentMs(value) !== undefined;
}

export function malformedOperatorMessage(name: string, message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null) return `${name} takes an object {id, by, …}`;
  const { id, by, comment, asOf, at, definition, to, number, trials, model } = message as Record<string, unknown>;
  if (typeof id !== 'string' || !CLIENT_ID.test(id)) return 'id: 1 to 128 letters, digits, . _ : -';
  if (typeof by !== 'string' || !isPersonName(by)) return 'by: the name of the person who asks';
  if (comment !== undefined && (typeof comment !== 'string' || comment.length > 1000))
    return 'comment: at most 1000 characters';
  if ((name === MESSAGES.retrain || name === MESSAGES.import) && !isWhen(asOf))
    return 'asOf: event time as 2001-02-01T00:00:00Z';
  if (name === MESSAGES.import) return malformedImport(model);
  if (name === MESSAGES.setClock && !isWhen(at)) return 'at: event time as 2001-02-01T00:00:00Z';
  if (name === MESSAGES.apply) {
    if (typeof definition !== 'object' || definition === null) return 'definition: {digest, gzip}';
    const { digest, gzip } = definition as Record<string, unknown>;
    if (!isDigest(digest)) return 'definition.digest: sha256: and 64 hex digits, of the canonical JSON';
    if (typeof gzip !== 'string') return 'definition.gzip: the canonical JSON, gzipped, in base64';
  }
  if (name === MESSAGES.rollback && to !== undefined && !Number.isInteger(to)) return 'to: the number of a version';
  if (name === MESSAGES.deploy && !Number.isInteger(number)) return 'number: the number of a version';
  if (name === MESSAGES.extendStudy && !(Number.isInteger(trials) && (trials as number) >= 1))
    return 'trials: how many more, from 1 on';
  return undefined;
}
