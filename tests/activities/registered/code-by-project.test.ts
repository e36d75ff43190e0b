/** One name and version of registered code has one source in each project; two projects may differ. */
import { MockActivityEnvironment } from '@temporalio/testing';
import type { UsedCode } from '../../../src/activities/registered/jobs/code';
import { usedCode } from '../../../src/activities/registered/user-code';
import { phaseId } from '../../../src/domain/ids';
import type { RegisteredDescription } from '../../../src/project/registry';
import { digestOf } from '../../../src/runtime/digest';
import { openOwnStores, type OwnStores } from '../../support/own-stores';

let own: OwnStores;
beforeAll(async () => {
  own = await openOwnStores('code-by-project');
});
afterAll(() => own.close());

/** What a phase of this project uses, on a worker that has this source under the name `late` and version 1. */
function used(project: string, source: string, version = '1') {
  const code: RegisteredDescription = { kind: 'labeler', name: 'late', version, sourceDigest: digestOf(source) };
  const deps = { ...own.deps, registered: { modules: [`/${source}.js`], describe: async () => [code] } };
  const workflowExecution = { workflowId: phaseId(project, 1, 'label'), runId: 'run' };
  return new MockActivityEnvironment({ workflowExecution }).run(() =>
    usedCode(deps, 'labeler', { registered: 'late', params: {} })
  ) as Promise<UsedCode>;
}

test('two projects have other source under one name and version, and each keeps its own', async () => {
  expect(await used('boats', 'of boats')).toMatchObject({ version: '1', sourceDigest: digestOf('of boats') });
  expect(await used('trains', 'of trains')).toMatchObject({ version: '1', sourceDigest: digestOf('of trains') });
  await expect(used('boats', 'of trains')).rejects.toMatchObject({ code: 'MLOPS_CODE_CHANGED' });
  await expect(used('trains', 'of boats')).rejects.toMatchObject({ code: 'MLOPS_CODE_CHANGED' });
  expect(await used('boats', 'of boats')).toMatchObject({ sourceDigest: digestOf('of boats') });
});

test('changed source is taken under a new version', async () => {
  await used('planes', 'first');
  expect(await used('planes', 'second', '2')).toMatchObject({ version: '2', sourceDigest: digestOf('second') });
});
