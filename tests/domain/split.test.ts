import { anyTime, filterWords, mayHaveSeen, partOf, type RowFilter, type Split, splitAt } from '../../src/domain/split';
import { defineProject } from '../../src/project/define-project';
import { digestOf } from '../../src/runtime/digest';
import { CHURN } from '../project/churn';

const ASOF = '2001-02-01T12:00:00Z';
const at = (split: object, source: object = {}): Split =>
  splitAt(defineProject({ ...CHURN, source: { ...CHURN.source, ...source }, split }), ASOF);

const byTime = at({});
const byHash = at({ by: 'hash', columns: ['plan'], test: 0.2, validation: 0.1, seed: 7 });
const byColumn = at({ by: 'column', column: 'visits', test: [1, 2], validation: [3] });
const test_ = (split: Split): RowFilter => partOf(split, 'test');

describe('a split as of a moment', () => {
  it('by time takes the last whole periods, and those before them for validation', () => {
    expect(byTime).toEqual({
      by: 'time',
      train: { to: '2001-01-22T00:00:00.000Z' },
      test: { from: '2001-01-22T00:00:00.000Z', to: '2001-01-29T00:00:00.000Z' },
      knownBy: ASOF,
    });
    expect(at({ testPeriods: 2, validationPeriods: 1 })).toMatchObject({
      train: { to: '2001-01-08T00:00:00.000Z' },
      validation: { from: '2001-01-08T00:00:00.000Z', to: '2001-01-15T00:00:00.000Z' },
      test: { from: '2001-01-15T00:00:00.000Z', to: '2001-01-29T00:00:00.000Z' },
    });
  });

  it('by hash names the columns with their types: another type is another hash', () => {
    expect(byHash).toMatchObject({ by: 'hash', seed: 7, columns: { plan: 'string' }, knownBy: ASOF });
  });

  it('has parts that follow each other, each known by the moment', () => {
    const hash = { seed: 7, columns: { plan: 'string' } };
    expect(partOf(byHash, 'test')).toEqual({ hash: { ...hash, from: 0, to: 0.2 }, knownBy: ASOF });
    expect(partOf(byHash, 'validation')).toMatchObject({ hash: { from: 0.2, to: 0.2 + 0.1 } });
    expect(partOf(byHash, 'train')).toMatchObject({ hash: { from: 0.2 + 0.1, to: 1 } });
    expect(partOf(byColumn, 'train')).toMatchObject({ column: { name: 'visits', notAmong: ['1', '2', '3'] } });
    expect(partOf(byColumn, 'test')).toMatchObject({ column: { name: 'visits', among: ['1', '2'] } });
    for (const part of ['train', 'test'] as const) expect(partOf(byTime, part)).toMatchObject({ knownBy: ASOF });
    expect(partOf(byTime, 'validation')).toBeUndefined();
    expect(partOf(at({ by: 'hash', columns: ['plan'] }), 'validation')).toBeUndefined();
  });
});

describe('a model may have seen test rows', () => {
  const later: Split = { ...byTime, train: { to: '2001-01-29T00:00:00.000Z' } } as Split;

  it('of a period that began before its training rows ended', () => {
    expect(mayHaveSeen(byTime, test_(byTime))).toBe(false);
    const after = { from: '2001-01-29T00:00:00Z', to: '2001-02-05T00:00:00Z', knownBy: ASOF };
    expect(mayHaveSeen(byTime, after)).toBe(false);
    expect(mayHaveSeen(byTime, { ...after, from: '2001-01-21T00:00:00Z' })).toBe(true);
    expect(mayHaveSeen({ ...later, test: after } as Split, test_(byTime))).toBe(true);
  });

  it('unless both go by one hash, and the tested share was set aside', () => {
    const hash = (change: object) => at({ by: 'hash', columns: ['plan'], test: 0.2, seed: 7, ...change });
    expect(mayHaveSeen(byHash, test_(byHash))).toBe(false);
    expect(mayHaveSeen(hash({ test: 0.3 }), test_(byHash))).toBe(false);
    expect(mayHaveSeen(hash({ test: 0.1, validation: 0.1 }), test_(byHash))).toBe(true);
    expect(mayHaveSeen(hash({ seed: 8 }), test_(byHash))).toBe(true);
    expect(mayHaveSeen(hash({ columns: ['plan', 'visits'] }), test_(byHash))).toBe(true);
    expect(mayHaveSeen(hash({ columns: ['visits'] }), test_(byHash))).toBe(true);
  });

  it('unless both go by one column, and its tested values were set aside', () => {
    const column = (change: object) => at({ by: 'column', column: 'visits', test: [1, 2], ...change });
    expect(mayHaveSeen(byColumn, test_(byColumn))).toBe(false);
    expect(mayHaveSeen(column({ test: [1, 2, 3] }), test_(byColumn))).toBe(false);
    expect(mayHaveSeen(column({ test: [1], validation: [2] }), test_(byColumn))).toBe(true);
    expect(mayHaveSeen(column({ column: 'plan', test: ['1', '2'] }), test_(byColumn))).toBe(true);
  });

  it('of a split of another kind', () => {
    const all = [byTime, byHash, byColumn];
    for (const trained of all)
      for (const tested of all) expect(mayHaveSeen(trained, test_(tested))).toBe(trained !== tested);
  });
});

it('rows are the same ones whenever they were known', () => {
  const digest = (filter: RowFilter) => digestOf(anyTime(filter));
  expect(digest({ ...test_(byHash), knownBy: '2002-01-01T00:00:00Z' })).toBe(digest(test_(byHash)));
  expect(digest(test_(byTime))).not.toBe(digest(test_(byHash)));
});

it('is said in words', () => {
  expect(
    [byTime, byHash, byColumn].map((split) => [filterWords(partOf(split, 'train')), filterWords(test_(split))])
  ).toEqual([
    ['before 2001-01-22', '2001-01-22 to 2001-01-29'],
    ['70 % by hash of plan, seed 7', '20 % by hash of plan, seed 7'],
    ['visits is not 1, 2 or 3', 'visits is 1 or 2'],
  ]);
  const wide = at({ by: 'hash', columns: ['at', 'landed', 'plan', 'spend', 'visits', 'left'] });
  expect(filterWords(test_(wide))).toBe('20 % by hash of at, landed, plan and 3 more, seed 1');
});
