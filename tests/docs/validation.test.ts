/** The example of docs/validation.md is a definition that passes `mlops check`. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/runtime/package-root';
import { mlopsJson } from '../cli/mlops';

test('the rules of the first example are those of its definition', async () => {
  const page = readFileSync(join(packageRoot(), 'docs', 'validation.md'), 'utf8');
  const [, example] = /^# [^\n]+\n\n```ts\n(.*?)```/s.exec(page)!;
  const folder = mkdtempSync(join(tmpdir(), 'mlops-validation-'));
  try {
    const file = join(folder, 'project.ts');
    const inPackage = JSON.stringify(join(packageRoot(), 'dist', 'src', 'index.js'));
    writeFileSync(file, example!.replace("'temporal-mlops'", inPackage));
    expect(await mlopsJson(['check', file])).toMatchObject({
      valid: true,
      definition: {
        schema: {
          columns: [
            { column: 'amount', required: true, severity: 'block' },
            { column: 'city', required: false, mostly: 0.95, severity: 'block' },
            { column: 'id', severity: 'warn', environments: ['training'] },
          ],
          table: [
            { measure: 'rows', severity: 'block' },
            { measure: 'mean', severity: 'warn' },
            { unique: ['id'], severity: 'block' },
            { fresh: { event: '2 days' }, severity: 'block' },
            { drift: 'amount', floor: 0.1, pValue: 0.001, severity: 'warn' },
          ],
        },
      },
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
