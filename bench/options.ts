/** What a person may say after `npm run bench --`. */
import { parseArgs } from 'node:util';
import { MlopsError } from '../src/domain/errors';

export interface BenchOptions {
  /** How often we and the peers take turns. */
  readonly rounds: number;
  /** The slower and rarer peers, too. */
  readonly all: boolean;
  /** Of tables that a benchmark makes, where it can make smaller ones. */
  readonly rows?: number;
}

const DEFAULT_ROUNDS = 5;
const MOST_ROUNDS = 100;
const MOST_ROWS = 10_000_000;

/** @throws MLOPS_USAGE, in one line, for a name that is none of `names`, and for options that make no sense. */
export function readCommand(
  args: readonly string[],
  names: readonly string[]
): { readonly name: string; readonly options: BenchOptions } {
  const { positionals, values } = parsed(args);
  const [name, ...more] = positionals;
  if (name === undefined) throw wrong('A benchmark is missing.', {}, names);
  if (!names.includes(name)) throw wrong('There is no benchmark of this name.', { name }, names);
  if (more.length > 0) throw wrong('One benchmark at a time.', { name: more.join(' ') }, names);
  const rounds = values.rounds === undefined ? DEFAULT_ROUNDS : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > MOST_ROUNDS) {
    throw wrong(`Rounds are a whole number from 1 to ${MOST_ROUNDS}.`, { rounds: values.rounds }, names);
  }
  const rows = values.rows === undefined ? undefined : Number(values.rows);
  if (rows !== undefined && (!Number.isInteger(rows) || rows < 1_000 || rows > MOST_ROWS))
    throw wrong(`Rows are a whole number from 1000 to ${MOST_ROWS}.`, { rows: values.rows }, names);
  return { name, options: { rounds, all: values.all === true, ...(rows === undefined ? {} : { rows }) } };

  function parsed(given: readonly string[]) {
    try {
      return parseArgs({
        args: [...given],
        allowPositionals: true,
        options: { rounds: { type: 'string' }, rows: { type: 'string' }, all: { type: 'boolean' } },
      });
    } catch (error) {
      const [what = ''] = (error as Error).message.split(/(?<=')\. |\n/);
      throw wrong(/[.?]$/.test(what) ? what : `${what}.`, {}, names);
    }
  }
}

function wrong(what: string, where: Readonly<Record<string, string | undefined>>, names: readonly string[]) {
  return new MlopsError(
    'MLOPS_USAGE',
    what,
    where,
    `npm run bench -- ${names.join('|')} [--rounds 5] [--rows 1000000] [--all]`
  );
}
