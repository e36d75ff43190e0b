/** `npm run kernel`: compiles assembly/trees.ts into the module that the engine loads. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/runtime/package-root';
import { compiledKernel, kernelModule } from './compile';

writeFileSync(join(packageRoot(), 'src', 'engines', 'trees', 'generated', 'kernel.ts'), kernelModule(compiledKernel()));
