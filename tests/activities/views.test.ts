/** What a materialization begins with: which views of which definitions. */
import { viewActivities } from '../../src/activities/views';
import { materializeId } from '../../src/domain/ids';
import { asWorkflow } from '../support/as-workflow';
import { type OwnStores, openOwnStores } from '../support/own-stores';

let system: OwnStores;
beforeAll(async () => {
  system = await openOwnStores('views');
});
afterAll(() => system.close());

test('a project that nobody started is unknown, which is something else than a project without views', async () => {
  const project = 'nobody-started-it';
  const plan = () => viewActivities(system.deps).mlopsPlanViews({ project });
  await expect(asWorkflow(materializeId(project, 'once'), plan)).rejects.toMatchObject({
    code: 'MLOPS_UNKNOWN_PROJECT',
    where: { project },
  });
});
