import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compiledKernel, kernelModule } from '../../../scripts/kernel/compile';
import { packageRoot } from '../../../src/runtime/package-root';

test('the module that the engine loads is what assembly/trees.ts compiles to: npm run kernel', () => {
  const kept = readFileSync(join(packageRoot(), 'src', 'engines', 'trees', 'generated', 'kernel.ts'), 'utf8');
  expect(kept).toBe(kernelModule(compiledKernel()));
});
