import { readCommand } from '../../bench/options';
import { MlopsError } from '../../src/domain/errors';

const NAMES = ['steps', 'other'];

function refusal(args: readonly string[]): MlopsError {
  try {
    readCommand(args, NAMES);
  } catch (error) {
    if (error instanceof MlopsError) return error;
    throw error;
  }
  throw new Error(`taken: ${args.join(' ')}`);
}

test('a name alone means five rounds with the usual peers', () => {
  expect(readCommand(['steps'], NAMES)).toEqual({ name: 'steps', options: { rounds: 5, all: false } });
});

test('options stand before or after the name', () => {
  const wanted = { name: 'other', options: { rounds: 3, all: true } };
  expect(readCommand(['other', '--rounds', '3', '--all'], NAMES)).toEqual(wanted);
  expect(readCommand(['--all', '--rounds=3', 'other'], NAMES)).toEqual(wanted);
});

test('a table that a benchmark makes may be smaller', () => {
  const { options } = readCommand(['other', '--rows', '10000'], NAMES);
  expect(options).toEqual({ rounds: 5, all: false, rows: 10_000 });
});

test.each([
  ['rows that are no number', ['steps', '--rows', 'few'], '[rows=few]'],
  ['too few rows', ['steps', '--rows', '999'], 'Rows are a whole number from 1000'],
  ['no name', [], 'A benchmark is missing.'],
  ['an unknown name', ['step'], '[name=step]'],
  ['two names', ['steps', 'other'], 'One benchmark at a time.'],
  ['an unknown option', ['steps', '--round', '3'], "'--round'"],
  ['rounds without a number', ['steps', '--rounds'], "'--rounds <value>'"],
  ['rounds that are no number', ['steps', '--rounds', 'many'], '[rounds=many]'],
  ['rounds with a fraction', ['steps', '--rounds', '2.5'], '[rounds=2.5]'],
  ['no rounds', ['steps', '--rounds', '0'], '[rounds=0]'],
  ['rounds beyond reason', ['steps', '--rounds', '101'], '[rounds=101]'],
  ['rounds that are empty', ['steps', '--rounds', ''], 'Rounds are a whole number'],
  ['a value for a switch', ['steps', '--all=no'], "'--all'"],
])('%s is refused in one line that lists the benchmarks', (_, args, what) => {
  const { code, message } = refusal(args);
  expect(code).toBe('MLOPS_USAGE');
  expect(message).toContain(what);
  expect(message).toContain('npm run bench -- steps|other');
  expect(message).not.toContain('\n');
});
