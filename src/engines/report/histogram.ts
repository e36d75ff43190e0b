/**
 * Bars of counts as inline SVG. By hand: a histogram of counts that a profile holds already is a row of rectangles; a chart library
 * would be megabytes, and two more seconds of a process, for the same picture.
 */
import { h, type JSX } from 'preact';
import { count } from './words';

const BAR = 10;
const HEIGHT = 100;

export interface HistogramOf {
  readonly name: string;
  readonly counts: readonly number[];
  readonly from: string;
  readonly to: string;
}

/** A screen reader gets what the picture shows: how many bins, and where most rows are. */
export function histogram({ name, counts, from, to }: HistogramOf): JSX.Element {
  const most = Math.max(...counts, 1);
  const fullest = counts.indexOf(most);
  const said = `Histogram of ${name}: ${counts.length} bins of equal width from ${from} to ${to}; the fullest, number ${fullest + 1}, has ${count(most)} rows.`;
  const bars = counts.flatMap((rows, i) => {
    if (rows === 0) return [];
    // A bin that is not empty is seen.
    const height = Math.max(1, (rows / most) * HEIGHT);
    const y = Number((HEIGHT - height).toFixed(2));
    return [
      h(
        'rect',
        { x: i * BAR, y, width: BAR - 1, height: Number(height.toFixed(2)) },
        h('title', null, `${count(rows)} rows`)
      ),
    ];
  });
  const viewBox = `0 0 ${counts.length * BAR} ${HEIGHT}`;
  return h(
    'div',
    null,
    h('svg', { viewBox, preserveAspectRatio: 'none', role: 'img', 'aria-label': said }, bars),
    h('div', { class: 'ends', 'aria-hidden': 'true' }, h('span', null, from), h('span', null, to))
  );
}
