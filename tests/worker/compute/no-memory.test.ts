import { execFileSync } from 'node:child_process';
import { builtFile } from '../../../src/runtime/package-root';
import { saysNoMemory } from '../../../src/worker/compute/no-memory';

const KERNEL = JSON.stringify(builtFile('src', 'engines', 'trees', 'kernel.js'));

/** What node says of itself where it may have 2 GB of addresses. */
function within2GB(code: string, ...args: string[]): string {
  const said = `try { ${code} } catch (error) { console.log(error.name, error.message) }`;
  const command = 'ulimit -v 2000000; "$@" 2>&1 || true';
  const node = [process.execPath, ...args, '-e', said];
  return execFileSync('bash', ['-c', command, 'bash', ...node], { encoding: 'utf8' });
}

test.each([
  ['the memory of a kernel', `require(${KERNEL}).memoryOf(2 ** 32 - 65536)`, /^RangeError WebAssembly/],
  ['a buffer', 'new Float64Array(2 ** 30)', /^RangeError Array buffer/],
])('%s that can’t be had is known for what it is', (_, code, how) => {
  const said = within2GB(code);
  expect(said).toMatch(how);
  expect(saysNoMemory(said)).toBe(true);
});

test('so is a heap that is full', () => {
  const said = within2GB('const all = []; for (;;) all.push(new Array(1e5).fill({}));', '--max-old-space-size=64');
  expect(said).toMatch(/heap/);
  expect(saysNoMemory(said)).toBe(true);
});

test('and so is that of a thread', () => {
  const thread = 'const all = []; for (;;) all.push(new Array(1e5).fill({}))';
  const said = within2GB(
    `new (require('worker_threads').Worker)(${JSON.stringify(thread)}, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 16 } })
     .on('error', (error) => console.log(error.message))`
  );
  expect(saysNoMemory(said)).toBe(true);
});

test('another failure is not', () => {
  expect(saysNoMemory('Invalid array length')).toBe(false);
});
