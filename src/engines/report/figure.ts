/** A chart in a page: its picture, what it shows in words, and its spec to draw it again elsewhere. */
import { h, type JSX } from 'preact';
import type { Chart } from './charts/chart';
import type { Drawn } from './charts/draw';

/** The pictures are Vega's, which escapes every text in them. */
export function figures(charts: readonly Chart[], drawn: Drawn): JSX.Element | null {
  if (charts.length === 0) return null;
  return h(
    'div',
    { class: 'charts' },
    charts.map((chart) => figure(chart, drawn.get(chart.id) ?? ''))
  );
}

function figure({ id, title, about, spec }: Chart, svg: string): JSX.Element {
  return h(
    'figure',
    { id: `chart-${id}` },
    h('h3', null, title),
    h('div', { role: 'img', 'aria-label': `${title}. ${about}`, dangerouslySetInnerHTML: { __html: svg } }),
    h('p', { class: 'quiet' }, about),
    h('details', null, h('summary', null, 'Vega-Lite spec'), h('pre', { class: 'vega-lite' }, JSON.stringify(spec)))
  );
}
