/** Aliases against the audit's last deployment, and what endpoints serve against the versions' own models. */
import { championAlias } from '../../../domain/ids';
import type { RecordStores } from '../../../records/stores';
import { allAliases, championOf } from '../../../stores/aliases';
import { allEndpoints } from '../../../stores/endpoints';
import { lastDeployment } from '../../../stores/deployments';
import { type Finding, ok, Problems } from '../finding';
import { RESTORE } from './chains';

export async function verifyAliases(stores: RecordStores): Promise<Finding[]> {
  const problems = new Problems('aliases');
  let count = 0;
  for await (const alias of allAliases(stores)) {
    count += 1;
    const last = await lastDeployment(stores, alias._id.slice(0, alias._id.lastIndexOf('/')));
    const says = last === null ? 'no version was ever deployed' : `${last.version} was deployed last`;
    if (last?.version !== alias.version || last.model !== alias.digest || last.number !== alias.number)
      problems.add(`alias:${alias._id}`, `it names ${alias.version}, and by the audit ${says}`, RESTORE);
  }
  for (const project of await stores.audit.projects()) {
    const last = await lastDeployment(stores, project);
    if (last === null || (await championOf(stores, project)) !== null) continue;
    problems.add(
      `alias:${championAlias(project)}`,
      `it is gone, and by the audit ${last.version} was deployed last`,
      RESTORE
    );
  }
  for await (const { _id, champion, candidate } of allEndpoints(stores)) {
    for (const served of [champion, candidate]) {
      if (served === undefined) continue;
      const version = await stores.facts.find('version', served.version);
      if (version?.body.model.digest !== served.model)
        problems.add(`endpoint:${_id}`, `it serves other bytes than those of ${served.version}`, RESTORE);
    }
  }
  const findings = problems.findings();
  return findings.length > 0 ? findings : [ok('aliases', `${count}, each as it was deployed`)];
}
