import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ProjectDefinition } from '../../src/domain/definition';
import { defineProject } from '../../src/project/define-project';
import { checkProjectFile } from '../../src/project/load-project';
import { CHURN } from './churn';

const DEFINE = JSON.stringify(join(__dirname, '../../src/project/define-project'));
const TEXT = JSON.stringify(CHURN);

const GOOD: readonly (readonly [name: string, text: string])[] = [
  ['default.ts', `import { defineProject } from ${DEFINE};\nexport default defineProject(${TEXT});`],
  ['named.ts', `import { defineProject } from ${DEFINE};\nexport const project = defineProject(${TEXT});`],
  ['plain.ts', `const version = 1 as const;\nexport default { ...${TEXT}, v: version };`],
  ['module.mjs', `export default ${TEXT};`],
  ['common.cjs', `exports.project = ${TEXT};`],
  ['definition.json', TEXT],
];

const BAD: readonly (readonly [name: string, text: string, expected: string])[] = [
  ['throws.ts', "throw new Error('no\\nluck');", "can't be loaded: no luck"],
  ['throws-nothing.ts', 'throw undefined;', "can't be loaded: undefined"],
  ['syntax.ts', 'export default {', "can't be loaded: "],
  ['import.ts', "import './not-there';\nexport default {};", "Cannot find module './not-there'"],
  ['empty.ts', 'export const other = 1;', 'exports no definition'],
  ['text.ts', "export default 'churn';", 'exports no definition'],
  ['broken.json', '{', "can't be loaded: "],
  ['mistakes.ts', `export default { ...${TEXT}, name: 'Churn' };`, 'name: must be lower-case letters'],
  [
    'defined.ts',
    `import { defineProject } from ${DEFINE};\nexport default defineProject({ ...${TEXT}, name: 'Churn' });`,
    'One mistake in the definition: name: must be',
  ],
];

interface Outcome {
  readonly definition?: ProjectDefinition;
  readonly code?: string;
  readonly message?: string;
}

let folder: string;
const outcomes = new Map<string, Outcome>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'load-project-'));
  const names = [...GOOD, ...BAD].map(([name]) => name);
  await Promise.all([...GOOD, ...BAD].map(([name, text]) => writeFile(join(folder, name), text)));
  const paths = [...names, 'nowhere.ts'].map((name) => join(folder, name));
  const child = join(__dirname, 'load-in-child.cjs');
  const { stdout } = await promisify(execFile)(process.execPath, [child, ...paths]);
  (JSON.parse(stdout) as Outcome[]).forEach((outcome, at) => outcomes.set(names[at] ?? 'nowhere.ts', outcome));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a project file', () => {
  it.each(GOOD)('gives its definition: %s', (name) => {
    expect(outcomes.get(name)).toEqual({ definition: defineProject(CHURN) });
  });

  it('says that it is missing', () => {
    expect(outcomes.get('nowhere.ts')).toMatchObject({ code: 'MLOPS_NOT_FOUND' });
    expect(outcomes.get('nowhere.ts')?.message).toContain('nowhere.ts');
  });

  it.each(BAD)('says in one line what is wrong with it: %s', (name, _, expected) => {
    const { code, message } = outcomes.get(name) ?? {};
    expect(code).toBe('MLOPS_DEFINITION_INVALID');
    expect(message).toContain(expected);
    expect(message).not.toMatch(/\n|Require stack/);
  });

  it('gives its mistakes as a list to whoever shows them', async () => {
    const path = join(folder, 'listed.json');
    await writeFile(path, JSON.stringify({ ...CHURN, gates: 3 }));
    const { mistakes, name } = await checkProjectFile(path);
    expect(mistakes).toEqual([{ path: 'gates', problem: 'must be a list, is 3' }]);
    expect(name).toBe('churn');
  });
});
