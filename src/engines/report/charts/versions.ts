/** Versions of what draws: a part of the key of every step with charts. Read, not loaded: a worker draws nothing itself. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export function chartVersions(): Readonly<Record<'vega' | 'vega-lite', string>> {
  return { vega: versionOf(require.resolve('vega')), 'vega-lite': versionOf(require.resolve('vega-lite')) };
}

/** @param entry `<package>/build/<file>`: its package.json can't be asked for by name */
function versionOf(entry: string): string {
  const file = join(dirname(dirname(entry)), 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}
