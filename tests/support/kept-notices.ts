/** A notifier `kept` that keeps its notices in a file, as a module of registered code. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Notice } from '../../src/notify';

export interface KeptNotices {
  /** Path for the plugin's `registered`. */
  readonly module: string;
  /** What came so far, in order. */
  all(): Notice[];
}

export function keptNotices(folder: string): KeptNotices {
  const file = join(folder, 'notices.jsonl');
  const module = join(folder, 'kept.cjs');
  writeFileSync(
    module,
    `const { appendFileSync } = require('node:fs');
     const notify = (notice) => appendFileSync(${JSON.stringify(file)}, JSON.stringify(notice) + '\\n');
     module.exports.default = { notifiers: { kept: { version: '1', notify } } };\n`
  );
  return {
    module,
    all: () =>
      existsSync(file)
        ? readFileSync(file, 'utf8')
            .split('\n')
            .filter((line) => line !== '')
            .map((line) => JSON.parse(line) as Notice)
        : [],
  };
}
