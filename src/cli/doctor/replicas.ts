/** Endpoints without a live replica, and replicas that say what keeps them from working. */
import { withLiveness } from '../../records/list';
import type { RecordStores } from '../../records/stores';
import { allEndpoints } from '../../stores/endpoints';
import { allReplicas } from '../../stores/replicas';
import { type Finding, ok, warning } from './finding';
import { replicaId } from '../../domain/ids';

export async function examineReplicas(stores: RecordStores): Promise<Finding[]> {
  const replicas = await withLiveness(stores, await allReplicas(stores));
  const findings: Finding[] = [];
  let endpoints = 0;
  for await (const { _id } of allEndpoints(stores)) {
    endpoints += 1;
    const live = replicas.filter(({ endpoint, live }) => live && endpoint === _id);
    if (live.length === 0) {
      const fix = `Start one, if it is in use: mlops serve ${_id}.`;
      findings.push(warning(`endpoint ${_id}`, 'no replica of it is live', fix));
    }
    for (const { replica, error } of live) {
      if (error === undefined) continue;
      findings.push(warning(`replica ${replicaId(_id, replica)}`, error, 'It tries again by itself; see its log.'));
    }
  }
  return findings.length > 0 ? findings : [ok('endpoints', `${endpoints}, each with a live replica`)];
}
