/** docs/limits.md lists every limit of workers and replicas, and no other. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultLimits } from '../../src/activities/limits';
import { packageRoot } from '../../src/runtime/package-root';
import { DEFAULT_LIMITS } from '../../src/serve/limits';

test('the page lists every limit', () => {
  const page = readFileSync(join(packageRoot(), 'docs', 'limits.md'), 'utf8');
  const listed = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  expect(listed.toSorted()).toEqual([...Object.keys(defaultLimits()), ...Object.keys(DEFAULT_LIMITS)].toSorted());
});
