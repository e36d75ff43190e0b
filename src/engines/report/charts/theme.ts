/** How charts look in our pages: by the page's own colours, so that light and dark need one picture. A spec stays without it. */
import type { Config } from 'vega-lite';

const INK = 'var(--ink)';
const QUIET = 'var(--quiet)';
const LINE = 'var(--line)';

export const THEME: Config = {
  background: 'transparent',
  padding: 4,
  // The figure around it says what the picture shows; a name for each of a thousand points would be read one by one.
  aria: false,
  font: 'system-ui, sans-serif',
  view: { stroke: null },
  axis: {
    labelColor: QUIET,
    titleColor: INK,
    titleFontWeight: 'normal',
    labelFontSize: 11,
    titleFontSize: 12,
    gridColor: LINE,
    domainColor: LINE,
    tickColor: LINE,
  },
  legend: { labelColor: INK, titleColor: QUIET, titleFontWeight: 'normal', labelFontSize: 11, titleFontSize: 11 },
  range: { category: ['var(--bar)', 'var(--other)'] },
  line: { strokeWidth: 2 },
  bar: { color: 'var(--bar)' },
  rect: { color: 'var(--bar)' },
  text: { color: INK, fontSize: 11 },
  style: { guide: { stroke: QUIET, strokeDash: [2, 3], color: QUIET } },
};
