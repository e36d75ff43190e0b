/** `npm run docs`: writes the pages that are generated. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/runtime/package-root';
import { definitionPage } from './definition-page';

writeFileSync(join(packageRoot(), 'docs', 'definition.md'), definitionPage());
