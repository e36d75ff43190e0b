/** docs/limits.md lists every limit and no other. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultLimits } from '../../src/activities/limits';
import { packageRoot } from '../../src/runtime/package-root';

test('the page lists every limit', () => {
  const page = readFileSync(join(packageRoot(), 'docs', 'limits.md'), 'utf8');
  const listed = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  expect(listed.toSorted()).toEqual(Object.keys(defaultLimits()).toSorted());
});
