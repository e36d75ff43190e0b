/**
 * npm run build: TypeScript to dist/, then what the product reads of its own build: the digest of the files that
 * each compute job can reach (the version of that step), and the workflow bundle of our own worker.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';

const require = createRequire(import.meta.url);
const root = import.meta.dirname;
// Beside the old build until it is whole: a failed build leaves what runs alone.
const dist = join(root, 'dist.next');

rmSync(dist, { recursive: true, force: true });
execFileSync(
  process.execPath,
  [join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc'), '-p', root, '--outDir', dist],
  { stdio: 'inherit' }
);
mkdirSync(join(dist, 'build'), { recursive: true });

const { JOBS } = require(join(dist, 'src', 'worker', 'compute', 'jobs.js'));
const jobs = join(dist, 'src', 'worker', 'compute');
const versions = Object.fromEntries(
  Object.entries(JOBS).map(([job, { module }]) => [job, stepVersion(resolve(jobs, module))])
);
writeFileSync(join(dist, 'build', 'steps.json'), `${JSON.stringify(versions, null, 2)}\n`);

const { bundleWorkflowCode } = require('@temporalio/worker');
const { code } = await bundleWorkflowCode({
  workflowsPath: join(dist, 'src', 'workflows', 'index.js'),
  logger: { log() {}, trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error },
});
writeFileSync(join(dist, 'build', 'workflow-bundle.js'), code);
if (existsSync(join(dist, 'src', 'cli', 'mlops.js'))) chmodSync(join(dist, 'src', 'cli', 'mlops.js'), 0o755);

const old = join(root, 'dist.old');
rmSync(old, { recursive: true, force: true });
if (existsSync(join(root, 'dist'))) renameSync(join(root, 'dist'), old);
renameSync(dist, join(root, 'dist'));
rmSync(old, { recursive: true, force: true });

/** SHA-256 over the local files that `entry` requires, directly or not, in order of their names. */
function stepVersion(entry) {
  const reached = new Map();
  const visit = (path) => {
    const file = path.endsWith('.js') ? path : existsSync(`${path}.js`) ? `${path}.js` : join(path, 'index.js');
    if (reached.has(file)) return;
    const text = readFileSync(file, 'utf8').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n');
    reached.set(file, text);
    for (const [, required] of text.matchAll(/require\("(\.{1,2}\/[^"]+)"\)/g)) visit(resolve(dirname(file), required));
  };
  visit(entry);
  const hash = createHash('sha256');
  for (const file of [...reached.keys()].sort()) hash.update(`${relative(dist, file)}\0${reached.get(file)}\0`);
  return `sha256:${hash.digest('hex')}`;
}
