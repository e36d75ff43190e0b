/** Endpoints without a live replica, and replicas that say what keeps them from working. */
import { withLiveness } from '../../records/list';
import type { RecordStores } from '../../records/stores';
import { type Finding, ok, warning } from './finding';

export async function examineReplicas(stores: RecordStores): Promise<Finding[]> {
  const endpoints = await stores.moving.endpoints
    .find({}, { projection: { _id: 1 } })
    .sort({ _id: 1 })
    .toArray();
  const replicas = await withLiveness(stores, await stores.moving.replicas.find().toArray());
  const findings = endpoints.flatMap(({ _id }): Finding[] => {
    const live = replicas.filter(({ endpoint, live }) => live && endpoint === _id);
    if (live.length === 0) {
      return [
        warning(`endpoint ${_id}`, 'no replica of it is live', `Start one, if it is in use: mlops serve ${_id}.`),
      ];
    }
    return live.flatMap(({ replica, error }) =>
      error === undefined ? [] : [warning(`replica ${_id}/${replica}`, error, 'It tries again by itself; see its log.')]
    );
  });
  return findings.length > 0 ? findings : [ok('endpoints', `${endpoints.length}, each with a live replica`)];
}
