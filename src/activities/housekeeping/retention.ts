/** The worker's retention: declared where its stores are, so that no message can shorten it. */
import { MlopsError } from '../../domain/errors';
import { DEFAULT_RETENTION, type Retention, type RetentionMs, retentionMs } from '../../domain/housekeeping';

/** @throws MlopsError MLOPS_CONFIGURATION */
export function retentionWith(given: Partial<Retention> = {}): Retention {
  inMs(given);
  return { ...DEFAULT_RETENTION, ...given };
}

export function inMs(retention: Partial<Retention>): RetentionMs {
  const ms = retentionMs(retention);
  if (typeof ms !== 'string') return ms;
  throw new MlopsError(
    'MLOPS_CONFIGURATION',
    `The worker's retention is invalid: ${ms}.`,
    {},
    'See docs/housekeeping.md.'
  );
}
