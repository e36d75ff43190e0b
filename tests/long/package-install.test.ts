/** The packed package in a user's own folder: installed, compiled by both TypeScripts as CommonJS and ES modules, run. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/runtime/package-root';
import { asEsModule, writeReadmeFilesTo } from '../support/readme-files';
import { eventually } from '../support/eventually';
import { openSystem, type TestSystem } from '../support/system';

const COMPILERS = { 'TypeScript 5.9': 'typescript@5.9.3', 'TypeScript 7': 'typescript@7.0.2' };
const MODULES = ['commonjs', 'module'] as const;

let system: TestSystem;
let folder: string;
let installed: { readonly status: number | null; readonly stderr: string };

beforeAll(async () => {
  system = await openSystem('package');
  folder = mkdtempSync(join(tmpdir(), 'mlops-user-'));
  run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], packageRoot());
  const [packed = ''] = readdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'user', private: true }));
  installed = spawnSync('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', packed, '@types/node@20'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
  });
  for (const [name, compiler] of Object.entries(COMPILERS)) {
    const apart = join(folder, name);
    mkdirSync(apart);
    writeFileSync(join(apart, 'package.json'), JSON.stringify({ private: true }));
    run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', compiler], apart);
  }
  for (const type of MODULES) {
    const user = join(folder, type);
    mkdirSync(user);
    writeFileSync(join(user, 'package.json'), JSON.stringify({ private: true, type }));
    writeReadmeFilesTo(user, (file, code) => {
      if (file !== 'worker.ts') return code;
      const here = code
        .replace("'127.0.0.1:7233'", 'process.env.TEMPORAL_ADDRESS')
        .replace("taskQueue: 'mlops'", "taskQueue: process.env.MLOPS_TASK_QUEUE ?? ''");
      return type === 'module' ? asEsModule(here) : here;
    });
    const compilerOptions = {
      target: 'es2022',
      module: 'nodenext',
      strict: true,
      skipLibCheck: true,
      outDir: 'dist',
      rootDir: '.',
      types: ['node'],
    };
    writeFileSync(join(user, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  }
}, 400_000);

afterAll(async () => {
  await system.close();
  rmSync(folder, { recursive: true, force: true });
});

function run(program: string, args: readonly string[], cwd: string): string {
  return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

test('it installs, and no package of it warns that this Node.js is unsupported', () => {
  expect(installed.status).toBe(0);
  expect(installed.stderr).not.toMatch(/EBADENGINE|ERESOLVE|deprecated/);
});

describe.each(MODULES)('a user whose package is of type %s', (type) => {
  const user = () => join(folder, type);

  test.each(Object.keys(COMPILERS))('compiles README’s three files with %s', (name) => {
    const tsc = join(folder, name, 'node_modules', 'typescript', 'bin', 'tsc');
    expect(run(process.execPath, [tsc], user())).toBe('');
    expect(readdirSync(join(user(), 'dist')).sort()).toEqual(['project.js', 'worker.js', 'workflows.js']);
  });

  test.each(['project.ts', 'dist/project.js'])('checks %s', (file) => {
    const checked = run('npx', ['mlops', 'check', file, '--json'], user());
    expect(JSON.parse(checked)).toMatchObject({ digest: expect.stringMatching(/^sha256:/) as unknown });
  });

  test('runs its compiled worker, which SIGTERM ends', async () => {
    const queue = `${system.taskQueue}-${type}`;
    const worker: ChildProcess = spawn(process.execPath, ['dist/worker.js'], {
      cwd: user(),
      env: { ...process.env, ...system.env, MLOPS_TASK_QUEUE: queue },
      stdio: 'ignore',
    });
    try {
      const polls = async () => ((await system.client.pollers(queue)).workflows > 0 ? true : undefined);
      await eventually('the worker polls', polls);
    } finally {
      worker.kill('SIGTERM');
    }
    expect(await once(worker, 'exit')).toEqual([0, null]);
  });
});

test('an ES module imports by name what each entry exports', () => {
  const program = `
    import { defineProject, ERRORS, MlopsError, MlopsPlugin } from 'temporal-mlops';
    import { MlopsClient } from 'temporal-mlops/client';
    import { openRecords, RECORD_KINDS } from 'temporal-mlops/records';
    import { approve, deploy, evaluate, ingest, label, lifecycle, monitor, train } from 'temporal-mlops/workflows';
    process.exit(typeof defineProject === 'function' ? 0 : 1);`;
  writeFileSync(join(folder, 'imports.mjs'), program);
  expect(() => run(process.execPath, ['imports.mjs'], folder)).not.toThrow();
});
