import type { NetworkSpec } from '../../domain/definition';

/** Epochs to run: whole ones are dropped until epochs × rows fits `maxRowsSeen`; at least one is run. */
export function epochsFor({ epochs, maxRowsSeen }: Pick<NetworkSpec, 'epochs' | 'maxRowsSeen'>, rows: number): number {
  return Math.max(1, Math.min(epochs, Math.floor(maxRowsSeen / rows)));
}
