/**
 * A chart is a Vega-Lite spec: what is drawn here can be drawn again by Altair, a notebook or Vega's editor. Texts of people and of
 * data are in its data alone: never in an expression, a field's name or a title.
 */

import { quoted } from '../../../domain/quote';

/** As far as we write them: https://vega.github.io/vega-lite/docs/spec.html */
export type Spec = Readonly<Record<string, unknown>>;

export interface Chart {
  /** In its page: `roc` */
  readonly id: string;
  readonly title: string;
  /** What it shows, in a sentence: what a screen reader says of it. */
  readonly about: string;
  readonly spec: Spec;
}

const SCHEMA = 'https://vega.github.io/schema/vega-lite/v6.json';

/** One size for all, so that texts are equally large on a laptop and on a phone. */
const SIZE = { width: 350, height: 260, autosize: { type: 'fit', contains: 'padding' } } as const;

export type Row = Readonly<Record<string, string | number>>;

export function spec(values: readonly Row[], rest: Spec): Spec {
  return { $schema: SCHEMA, ...SIZE, data: { values }, ...rest };
}

/** Two models in one picture, or one alone. */
export interface Both<T> {
  readonly candidate: T;
  readonly champion?: T | undefined;
  /** What they are called, where it is not this. */
  readonly names?: readonly [candidate: string, champion: string];
}

const NAMES = ['candidate', 'champion'] as const;

/** The candidate's rows, then the champion's, each with whose they are. */
export function bothRows<T>(
  { candidate, champion, names = NAMES }: Both<T>,
  rowsOf: (of: T) => readonly Row[]
): readonly Row[] {
  const named = (of: T, model: string) => rowsOf(of).map((row) => ({ ...row, model }));
  return [...named(candidate, names[0]), ...(champion === undefined ? [] : named(champion, names[1]))];
}

/** The candidate stands out in a picture without colours, too. */
export function byModel({ names = NAMES }: Pick<Both<unknown>, 'names'>): Spec {
  const scale = { domain: names };
  return {
    color: { field: 'model', type: 'nominal', scale, legend: { title: null, orient: 'top' } },
    strokeDash: { field: 'model', type: 'nominal', scale: { ...scale, range: [[], [5, 4]] }, legend: null },
  };
}

export const quantitative = (field: string, title: string, more: Spec = {}): Spec => ({
  field,
  type: 'quantitative',
  title,
  ...more,
});

/** A share, 0 to 1. */
export const share = (field: string, title: string): Spec =>
  quantitative(field, title, { scale: { domain: [0, 1] }, axis: { tickCount: 5 } });

/** What chance or perfection looks like: a thin line from corner to corner. */
export function diagonal(from: number, to: number, x: string, y: string): Spec {
  return {
    data: {
      values: [
        { [x]: from, [y]: from },
        { [x]: to, [y]: to },
      ],
    },
    mark: { type: 'line', strokeWidth: 1, style: 'guide' },
    encoding: { x: { field: x, type: 'quantitative' }, y: { field: y, type: 'quantitative' } },
  };
}

/** Printable, short, and two stay two: a picture can't break a line. */
export function shortNames(all: readonly string[], most: number): readonly string[] {
  const names = all.map((name) => quoted(name, most));
  return names.map((name, place) => (names.indexOf(name) === place ? name : `${name} (${place + 1})`));
}
