/** Ceilings by name, of which some are given. */
import { MlopsError } from '../domain/errors';

/** @throws MlopsError MLOPS_CONFIGURATION: a name that isn't a limit's, or a value that isn't a positive number */
export function withLimits<L extends object>(defaults: L, given: Readonly<Record<string, unknown>>): L {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaults, name))
      throw unfit(name, 'There is no such limit.', `Limits are ${Object.keys(defaults).join(', ')}.`);
    if (typeof value !== 'number' || !(value > 0))
      throw unfit(name, 'A limit is not a positive number.', 'Give bytes, milliseconds or a count.');
  }
  return { ...defaults, ...given };
}

function unfit(limit: string, what: string, fix: string): MlopsError {
  return new MlopsError('MLOPS_CONFIGURATION', what, { limit }, fix);
}
