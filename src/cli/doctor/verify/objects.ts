/** Every live artifact's bytes against their SHA-256. */
import type { RecordStores } from '../../../records/stores';
import type { ArtifactDocument } from '../../../stores/mutable-records';
import { type Finding, ok, Problems } from '../finding';
import { batches } from './batches';

const AT_ONCE = 4;

export async function verifyObjects(stores: RecordStores): Promise<Finding[]> {
  const problems = new Problems('objects');
  let bytes = 0;
  let count = 0;
  for await (const batch of batches(stores.artifacts.scan())) {
    const waiting = batch.filter(({ state }) => state === 'live');
    const look = async (): Promise<void> => {
      for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
        count += 1;
        bytes += one.bytes;
        await verifyObject(stores, one, problems);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, look));
  }
  const findings = problems.findings();
  return findings.length > 0 ? findings : [ok('objects', `${count}, ${bytes} bytes, each with its SHA-256`)];
}

async function verifyObject(stores: RecordStores, document: ArtifactDocument, problems: Problems): Promise<void> {
  const { _id } = document;
  const found = await stores.artifacts.digestOfObject(document);
  if (found === _id) return;
  const place = await stores.artifacts.place(_id);
  const what = found === undefined ? 'its object is gone' : `its object holds other bytes, of ${found}`;
  const first =
    found === undefined
      ? 'Put the object back as'
      : 'Find out who wrote to the bucket. Remove the object, and put the right bytes back as';
  problems.add(
    `artifact ${_id}`,
    what,
    `${first} ${place}, from a backup or any copy: the bytes are known by that SHA-256.`
  );
}
