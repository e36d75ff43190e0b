/** Holds, placed and released by whoever has the stores' credentials: each is in the audit. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import { MlopsError } from '../../domain/errors';
import type { HoldDocument } from '../../domain/housekeeping';
import { processName, recordName } from '../../domain/ids';
import type { FactKind } from '../../domain/refs';
import { isFactKind, type RecordKind } from '../../records/kinds';
import { storeConfig } from '../../stores/config';
import { connectStores, type Stores } from '../../stores/connect';
import { holdsInForce, placeHold, releaseHold } from '../../stores/holds';
import { withRecords } from '../connect';
import { clientId, currentUser, person } from '../options';
import { parseRef } from '../record-words';
import { table } from '../table';
import { addVerb, answering, type Outcome } from '../verb';

interface HoldOptions {
  readonly reason?: string;
  readonly by?: string;
  readonly id?: string;
}

export function addHold(program: Command): void {
  addVerb(program, 'hold', 'hold version/flights@2 --reason "case 17" --by ana')
    .argument('[record]', 'a record, such as version/flights@2; without one the holds in force are listed')
    .option('--reason <text>', 'why it stays', reason)
    .option('--by <name>', 'name of the person who asks; default: $MLOPS_USER, else the system user', person)
    .option('--id <id>', 'id of the hold; default: a random one', clientId)
    .action(
      answering((record: string | undefined, options: HoldOptions) =>
        withStores((stores) => (record === undefined ? listed(stores) : hold(stores, record, options)))
      )
    );
}

export function addRelease(program: Command): void {
  addVerb(program, 'release', 'release case-17 --reason "case closed" --by ana')
    .argument('<hold>', "the hold's id: mlops hold", clientId)
    .option('--reason <text>', 'why it need not stay any more', reason)
    .option('--by <name>', 'name of the person who asks; default: $MLOPS_USER, else the system user', person)
    .action(answering((id: string, options: HoldOptions) => withStores((stores) => release(stores, id, options))));
}

async function hold(stores: Stores, text: string, options: HoldOptions): Promise<Outcome> {
  const { kind, id } = parseRef(text);
  const record = await recordOf(kind, id);
  const placed = { id: options.id ?? randomUUID(), record, ...orderedBy(options) };
  const taken = await placeHold(stores, placed);
  const gone =
    taken.length === 0
      ? ''
      : ` ${taken.length} of its artifacts had been taken by housekeeping before: mlops show artifact/<digest>.`;
  return {
    json: { hold: placed.id, record, by: placed.by, reason: placed.reason, taken },
    text: `${recordName(record.kind, record.id)} stays, with all that it was made from, until mlops release ${placed.id}.${gone}`,
  };
}

async function release(stores: Stores, id: string, options: HoldOptions): Promise<Outcome> {
  const { record, released } = await releaseHold(stores, { id, ...orderedBy(options) });
  return {
    json: { hold: id, record, released },
    text: `${recordName(record.kind, record.id)} is not held by ${id} any more.`,
  };
}

async function listed(stores: Stores): Promise<Outcome> {
  const holds = await holdsInForce(stores);
  const row = ({ _id, record, reason: why, by, since }: HoldDocument) => [
    _id,
    recordName(record.kind, record.id),
    by,
    since,
    why,
  ];
  return {
    json: { holds },
    text:
      holds.length === 0 ? 'No record is held.' : table(['hold', 'record', 'by', 'since', 'reason'], holds.map(row)),
  };
}

async function recordOf(kind: RecordKind, id: string): Promise<{ kind: FactKind; id: string }> {
  if (!isFactKind(kind))
    throw new MlopsError(
      'MLOPS_USAGE',
      `A ${kind} can't be held.`,
      {},
      'Hold a version, run, snapshot, evaluation, decision or window.'
    );
  const found = (await withRecords((records) => records.find(kind, id))) as { readonly _id: string } | undefined;
  if (found === undefined)
    throw new MlopsError(
      'MLOPS_NOT_FOUND',
      'There is no such record.',
      { record: recordName(kind, id) },
      'mlops ls shows those that there are.'
    );
  return { kind, id: found._id };
}

function orderedBy({ reason: why, by }: HoldOptions) {
  if (why === undefined) throw new MlopsError('MLOPS_USAGE', 'A hold has a reason.', {}, 'Give --reason <text>.');
  // No server says who holds the stores' credentials: this is who and where the process says it is.
  return { reason: why, by: by ?? currentUser(), callerIdentity: `stores, ${processName(process.pid, hostname())}` };
}

async function withStores(use: (stores: Stores) => Promise<Outcome>): Promise<Outcome> {
  const stores = await connectStores(storeConfig());
  try {
    return await use(stores);
  } finally {
    await stores.close();
  }
}

function reason(text: string): string {
  if (text.trim() !== '' && text.length <= 1_000) return text;
  throw new InvalidArgumentError('A reason has 1 to 1000 characters.');
}
