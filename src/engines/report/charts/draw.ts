/** Charts as SVG, without a browser: the same text for the same specs and the same versions of Vega and Vega-Lite. */
import type { Loader, LoggerInterface } from 'vega';
import type { TopLevelSpec } from 'vega-lite';
import type { Chart } from './chart';
import { THEME } from './theme';

/** SVG by the chart's id. */
export type Drawn = ReadonlyMap<string, string>;

/** One after the other, since the ids within a page's pictures are counted on. */
export async function drawCharts(charts: readonly Chart[]): Promise<Drawn> {
  // They are ES modules, and half a second of loading.
  const [vega, { compile }] = await Promise.all([import('vega'), import('vega-lite')]);
  vega.resetSVGDefIds();
  const drawn = new Map<string, string>();
  for (const { id, spec } of charts) {
    const compiled = compile(spec as unknown as TopLevelSpec, { config: THEME, logger: QUIETLY });
    const view = new vega.View(vega.parse(compiled.spec), { renderer: 'none', loader: NOTHING, logLevel: vega.None });
    drawn.set(id, await view.toSVG());
    view.finalize();
  }
  return drawn;
}

const refused = (uri: string): Promise<never> => Promise.reject(new Error(`a chart loads nothing, and not ${uri}`));

/** A spec has its data in itself. */
const NOTHING: Loader = { load: refused, sanitize: refused, http: refused, file: refused };

const QUIETLY: LoggerInterface = {
  level: () => QUIETLY,
  warn: () => QUIETLY,
  info: () => QUIETLY,
  debug: () => QUIETLY,
  error: () => QUIETLY,
};
