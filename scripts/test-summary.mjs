/**
 * Says what jest's JSON results hold: the name of each skipped test, then the counts alone on the last line.
 *
 *   node test-summary.mjs RESULTS STATUS    STATUS is the exit code of the run; ours is 0 only if tests ran and none failed
 */
import { readFileSync } from 'node:fs';

const [file, status] = process.argv.slice(2);
const text = readFileSync(file, 'utf8');
const results = text === '' ? undefined : JSON.parse(text);

const tests = (results?.testResults ?? []).flatMap((suite) => suite.assertionResults);
const skipped = tests.filter((test) => test.status === 'pending' || test.status === 'todo');
const passed = results?.numPassedTests ?? 0;
// A file that can't be loaded has no test that could fail: it counts as one.
const failed = (results?.numFailedTests ?? 0) + (results?.numRuntimeErrorTestSuites ?? 0);

for (const test of skipped) console.error(`skipped: ${test.fullName}`);
if (failed === 0 && status !== '0')
  console.error(`test: the run ended with exit code ${status}, though no test failed`);
if (passed === 0) console.error('test: no test passed');
console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
process.exitCode = passed > 0 && failed === 0 ? 0 : 1;
