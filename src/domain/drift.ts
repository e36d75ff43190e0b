/** Drift verdicts of a window in words: one list of what drifts, the score included, for lines, lists and triggers. */
import type { FeatureDrift, WindowBody } from './monitoring';

export function driftedColumns({
  drift,
  scoreDrift,
}: Pick<WindowBody, 'drift' | 'scoreDrift'>): readonly FeatureDrift[] {
  const all = scoreDrift === undefined ? drift : [...drift, scoreDrift];
  return all.filter(({ verdict }) => verdict === 'drift');
}

/** `none`; `site (50.0 % unseen), score` */
export function driftWords(window: Pick<WindowBody, 'drift' | 'scoreDrift'>): string {
  return driftedColumns(window).map(columnWords).join(', ') || 'none';
}

/** Shares of unseen and missing rows of this and more are said beside a column that drifts. */
const NOTABLE_SHARE = 0.01;

function columnWords({ column, unseen, missing }: FeatureDrift): string {
  const shares = [
    ...(unseen >= NOTABLE_SHARE ? [`${percent(unseen)} unseen`] : []),
    ...(missing >= NOTABLE_SHARE ? [`${percent(missing)} missing`] : []),
  ];
  return shares.length === 0 ? column : `${column} (${shares.join(', ')})`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
