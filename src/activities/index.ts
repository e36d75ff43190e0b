/** All activities, made of one set of dependencies. Their names begin with `mlops`, so that they meet no user's. */
import { approveActivities } from './approve';
import { alive } from './step/heartbeat';
import { cycleActivities } from './cycles';
import { deployActivities } from './deploy';
import type { ActivityDeps } from './deps';
import { evaluateActivities } from './evaluate';
import { housekeepingActivities } from './housekeeping';
import { importActivities } from './import-model';
import { ingestActivities } from './ingest';
import { labelActivities } from './label';
import { monitorActivities } from './monitor';
import { noticeActivities } from './notices';
import { operatorActivities } from './operators';
import { prepareActivities } from './prepare';
import { projectActivities } from './project';
import { reportActivities } from './report';
import { reproduceActivities } from './reproduce';
import { studyActivities } from './study';
import { trainActivities } from './train';
import { viewActivities } from './views';

export function createActivities(deps: ActivityDeps) {
  return alive({
    ...projectActivities(deps),
    ...operatorActivities(deps),
    ...cycleActivities(deps),
    ...ingestActivities(deps),
    ...prepareActivities(deps),
    ...reportActivities(deps),
    ...labelActivities(deps),
    ...trainActivities(deps),
    ...studyActivities(deps),
    ...importActivities(deps),
    ...reproduceActivities(deps),
    ...evaluateActivities(deps),
    ...approveActivities(deps),
    ...deployActivities(deps),
    ...monitorActivities(deps),
    ...noticeActivities(deps),
    ...housekeepingActivities(deps),
    ...viewActivities(deps),
  });
}
