/** Arguments and options that several verbs take, checked where they are read. */
import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { MlopsError } from '../domain/errors';
import {
  CLIENT_ID,
  HOUSEKEEPING_CHAIN,
  isPersonName,
  PERSON_NAME_RULE,
  PROJECT_NAME,
  STEPS_CHAIN,
} from '../domain/ids';
import { isWhen } from '../domain/operator-messages';
import { type Digest, isDigest } from '../domain/refs';

export interface SenderOptions {
  readonly by?: string;
  readonly id?: string;
  readonly comment?: string;
}

/** Who sends a message, and its id: the same id counts once. */
export function withSender(command: Command): Command {
  return command
    .option('--by <name>', 'name of the person who asks; default: $MLOPS_USER, else the system user', person)
    .option('--id <id>', 'id of this message; the same id counts once; default: a random one', clientId)
    .option('--comment <text>', 'why, for the audit');
}

export function senderOf({ by, id, comment }: SenderOptions): { id: string; by: string; comment?: string } {
  return { id: id ?? randomUUID(), by: by ?? currentUser(), ...(comment === undefined ? {} : { comment }) };
}

/** By `$MLOPS_USER`, else the system's. @throws MlopsError MLOPS_USAGE: neither is a person's name */
export function currentUser(): string {
  const name = process.env.MLOPS_USER || systemUser();
  if (name !== undefined && isPersonName(name)) return name;
  throw new MlopsError('MLOPS_USAGE', 'The sender has no usable name.', {}, 'Give --by <name>, or set MLOPS_USER.');
}

/** Undefined for a user id without an entry, as in some containers. */
function systemUser(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

export function withTaskQueue(command: Command): Command {
  return command.option('--task-queue <name>', "the worker's task queue; default: $MLOPS_TASK_QUEUE, else mlops");
}

/** Which names there are, and what fits, is known where they are used. @param example in the help */
export function limitOption(example: string): Option {
  return new Option('--limit <name=value>', `a ceiling, such as ${example} (bytes, ms or a count); may be repeated`)
    .argParser((text: string, before: Readonly<Record<string, number>>) => {
      const [name = '', value = ''] = text.split('=', 2);
      return { ...before, [name]: Number(value) };
    })
    .default({});
}

export function person(text: string): string {
  const name = text.normalize('NFC');
  if (isPersonName(name)) return name;
  throw new InvalidArgumentError(`A name has ${PERSON_NAME_RULE}.`);
}

export function clientId(text: string): string {
  if (CLIENT_ID.test(text)) return text;
  throw new InvalidArgumentError('An id is 1 to 128 letters, digits and . _ : -');
}

export function projectName(text: string): string {
  if (PROJECT_NAME.test(text)) return text;
  throw new InvalidArgumentError('A project has small letters, digits and hyphens, at most 48.');
}

/** A project, or what belongs to all of them in the audit. */
export function chainName(text: string): string {
  return text === STEPS_CHAIN || text === HOUSEKEEPING_CHAIN ? text : projectName(text);
}

/** Event time; a day alone is its midnight in UTC. */
export function when(text: string): string {
  const moment = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text;
  if (isWhen(moment)) return moment;
  throw new InvalidArgumentError('Write event time as 2001-02-01T00:00:00Z, or 2001-02-01.');
}

export function digest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new InvalidArgumentError('A digest is sha256: and 64 hex digits.');
}

export function parseCount(text: string): number {
  const number = Number(text);
  if (/^\d{1,9}$/.test(text) && number >= 1) return number;
  throw new InvalidArgumentError('Write a whole number from 1 on.');
}

export function port(text: string): number {
  const number = Number(text);
  if (/^\d{1,5}$/.test(text) && number <= 65_535) return number;
  throw new InvalidArgumentError('Write a port: 0 (any free one) to 65535.');
}

export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
