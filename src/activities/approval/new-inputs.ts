/** Inputs that callers do not send yet: approvers see them before requests begin to fail. */
import { inputNames } from '../../domain/signature';
import { championOf } from '../../stores/aliases';
import type { Stores } from '../../stores/connect';
import { missingInputs } from '../../stores/predictions';

/** Predictions that are looked at, the latest by event time. */
export const RECENT_PREDICTIONS = 1_000;

/** A line for each of the candidate's inputs that the champion lacks, or that recent predictions lack; none without a champion. */
export async function newInputs(stores: Stores, project: string, names: readonly string[]): Promise<string[]> {
  const champion = await championOf(stores, project);
  if (champion === null) return [];
  const version = await stores.facts.get({ kind: 'version', id: champion.version });
  const declared = new Set(inputNames(version.body.signature));
  const { predictions, missing } = await missingInputs(stores, project, names, RECENT_PREDICTIONS);
  return names.flatMap((name) => {
    const lacking = missing.get(name) ?? 0;
    if (declared.has(name) && lacking === 0) return [];
    const what = declared.has(name) ? `input ${name}` : `**new input ${name}**`;
    if (predictions === 0) return [`${what}: no prediction is recorded that shows whether callers send it`];
    const share = Number(((100 * lacking) / predictions).toFixed(1));
    return [
      `${what}: ${share} % of the last ${predictions.toLocaleString('en-US')} predictions lack it${lacking === 0 ? '' : '; once this version serves, requests without it are refused'}`,
    ];
  });
}
