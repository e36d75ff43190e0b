/** Registered code in its child: whatever it does is its own failure, in words and within bounds, and never the worker's. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultLimits, type Limits } from '../../../src/activities/limits';
import type { NotifyInput } from '../../../src/activities/registered/jobs/notify';
import type { ReadInput, ReadOutput } from '../../../src/activities/registered/jobs/read';
import type { MlopsError } from '../../../src/domain/errors';
import type { RegisteredDescription } from '../../../src/project/registry';
import { computePool } from '../../../src/worker/compute/pool';
import { loaders } from '../../../src/worker/compute/process';
import { readModules } from '../../../src/worker/registered-modules';

const folder = mkdtempSync(join(tmpdir(), 'user-code-'));
afterAll(() => rmSync(folder, { recursive: true }));

const NOTICE = {
  id: 'n',
  project: 'p',
  kind: 'approval-requested',
  text: 'hello',
  at: '2026-01-01T00:00:00Z',
} as never;
let count = 0;

/** Runs a notifier with this body, in a child, with these limits. */
async function run(body: string, limits: Partial<Limits> = {}): Promise<unknown> {
  const module = join(folder, `module-${(count += 1)}.ts`);
  writeFileSync(
    module,
    `export default { notifiers: { it: { version: '1', async notify(notice, params) { ${body} } } } };\n`
  );
  const { runJob } = computePool({ ...defaultLimits(), ...limits });
  const [code] = (await readModules([module], runJob, folder).describe()) as [RegisteredDescription];
  const use = { modules: [module], params: {}, ...code };
  const attempt = join(folder, `attempt-${count}`);
  mkdirSync(attempt);
  const signal = new AbortController().signal;
  return runJob<NotifyInput, null>('notifyCode', { use, notice: NOTICE }, { folder: attempt, signal });
}

async function failure(body: string, limits: Partial<Limits> = {}): Promise<MlopsError> {
  return run(body, limits).then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as MlopsError
  );
}

test('what returns is done', async () => {
  expect(await run('return;')).toBeNull();
});

test('onnxruntime’s telemetry is off, where the code loads onnxruntime itself too', async () => {
  const before = process.env.ORT_DISABLE_TELEMETRY;
  delete process.env.ORT_DISABLE_TELEMETRY;
  try {
    const error = await failure('throw new Error(`off: ${process.env.ORT_DISABLE_TELEMETRY}`);');
    expect(error.message).toContain('off: 1');
  } finally {
    if (before !== undefined) process.env.ORT_DISABLE_TELEMETRY = before;
  }
});

test.each([
  ['throws', "throw new Error('no such room');", /no such room/],
  ['throws what is no error', "throw 'no such room';", /no such room/],
  [
    'leaves a rejection floating',
    "void Promise.reject(new Error('floating')); await new Promise((r) => setTimeout(r, 5000));",
    /floating/,
  ],
  ['throws in a timer', "setTimeout(() => { throw new Error('later'); }, 1); await new Promise(() => {});", /later/],
  ['exits', 'process.exit(3);', /exit code 3/],
  ['exits with success', 'process.exit(0);', /exit code 0/],
  ['throws a code of the caller’s', "throw Object.assign(new Error('mine'), { code: 'MLOPS_USAGE' });", /mine/],
])('what %s is MLOPS_USER_CODE_FAILED', async (_, body, words) => {
  const error = await failure(body);
  expect(error).toMatchObject({ code: 'MLOPS_USER_CODE_FAILED', handling: 'operator' });
  expect(error.message).toMatch(words);
});

test('what asks to be tried again is', async () => {
  const error = await failure("throw Object.assign(new Error('away'), { code: 'MLOPS_STORE_UNAVAILABLE' });");
  expect(error).toMatchObject({ code: 'MLOPS_STORE_UNAVAILABLE', handling: 'retry' });
});

test('what it prints stands in its failure, and both are cut', async () => {
  const error = await failure(
    "console.log('first words'); console.error('x'.repeat(1e6)); console.log('last words'); throw new Error('y'.repeat(1e6));"
  );
  expect(error.message).toContain('last words');
  expect(error.message).not.toContain('first words');
  expect(error.message.length).toBeLessThan(4_000);
});

test('what fills the heap is MLOPS_OUT_OF_MEMORY, and names the limit', async () => {
  const error = await failure('const all = []; for (;;) all.push(new Array(1e6).fill(1.5));', {
    codeMemory: 400 * 2 ** 20,
  });
  expect(error).toMatchObject({ code: 'MLOPS_OUT_OF_MEMORY' });
  expect(error.message).toContain('codeMemory');
});

test('what fills memory outside of the heap, too', async () => {
  const body =
    'const all = []; for (;;) { all.push(Buffer.alloc(3e7, 1)); await new Promise((r) => setTimeout(r, 20)); }';
  expect(await failure(body, { codeMemory: 400 * 2 ** 20 })).toMatchObject({ code: 'MLOPS_OUT_OF_MEMORY' });
});

test('what spins for ever, or waits for ever, is ended by the limit of its time', async () => {
  expect(await failure('for (;;);', { notifierTime: 1_500 })).toMatchObject({ code: 'MLOPS_TIME_LIMIT' });
  expect(await failure('await new Promise(() => {});', { notifierTime: 1_500 })).toMatchObject({
    code: 'MLOPS_TIME_LIMIT',
  });
});

test('what makes no progress is ended by the limit of silence', async () => {
  expect(await failure('await new Promise(() => {});', { codeSilence: 1_500 })).toMatchObject({
    code: 'MLOPS_COMPUTE_SILENT',
    handling: 'retry',
  });
});

test('a module that was changed under its version after the worker had read it is refused', async () => {
  const module = join(folder, 'edited.ts');
  const text = (body: string) => `export default { notifiers: { it: { version: '1', notify() { ${body} } } } };\n`;
  writeFileSync(module, text('return;'));
  const { runJob } = computePool(defaultLimits());
  const [code] = (await readModules([module], runJob, folder).describe()) as [RegisteredDescription];
  writeFileSync(module, text('throw new Error();'));
  const sent = runJob<NotifyInput, null>(
    'notifyCode',
    { use: { modules: [module], params: {}, ...code }, notice: NOTICE },
    { folder, signal: new AbortController().signal }
  );
  await expect(sent).rejects.toMatchObject({ code: 'MLOPS_CODE_CHANGED' });
});

test('a reader may yield so many parts, and its files are kept as they were when it yielded them', async () => {
  const module = join(folder, 'reader.ts');
  writeFileSync(
    module,
    `import { writeFileSync } from 'node:fs';
     import { join } from 'node:path';
     const read = async function* ({ folder, params }) {
       for (let part = 0; part < params.parts; part += 1) {
         writeFileSync(join(folder, 'again.csv'), 'part\\n' + part);
         yield { file: join(folder, 'again.csv'), format: 'csv' };
       }
     };
     export default { readers: { it: { version: '1', read: (request) => read(request) } } };\n`
  );
  const { runJob } = computePool(defaultLimits());
  const [code] = (await readModules([module], runJob, folder).describe()) as [RegisteredDescription];
  const reading = (parts: number) => {
    const attempt = mkdtempSync(join(folder, 'read-'));
    const input = {
      use: { modules: [module], params: { parts }, ...code },
      asOf: '2026-01-01T00:00:00Z',
      maxParts: 600,
    };
    return runJob<ReadInput, ReadOutput>('readCode', input, { folder: attempt, signal: new AbortController().signal });
  };
  expect(await reading(600)).toEqual({ format: 'csv', parts: 600 });
  await expect(reading(601)).rejects.toMatchObject({ code: 'MLOPS_TOO_MANY_PARTS', where: { limit: 600 } });
});

test('functions, and a path that leads nowhere, are refused when the worker is made', () => {
  const { runJob } = computePool(defaultLimits());
  expect(() => readModules([{ notifiers: {} } as never], runJob, folder)).toThrow(
    /MLOPS_CONFIGURATION.*path of a module/
  );
  expect(() => readModules(['/nowhere/code.ts'], runJob, folder)).toThrow(
    /MLOPS_CONFIGURATION.*file=\/nowhere\/code\.ts/
  );
});

test('children inherit what loads modules, and nothing else', () => {
  expect(
    loaders(['--import', 'tsx', '--inspect=9229', '-r', './setup.js', '--import=./more.mjs', '--max-old-space-size=99'])
  ).toEqual(['--import', 'tsx', '-r', './setup.js', '--import=./more.mjs']);
});
