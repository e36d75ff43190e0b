/**
 * `mlops doctor --verify`: recomputes every digest from content. It holds a batch at a time, so that its memory doesn't
 * grow with what is stored, and reads every object's bytes, so that its time does.
 */
import type { RecordStores } from '../../../records/stores';
import type { Finding } from '../finding';
import { verifyAliases } from './aliases';
import { verifyChains } from './chains';
import { verifyFacts } from './facts';
import { verifyObjects } from './objects';
import { verifyRequests } from './requests';

/** Each with the words under which a failure to look is reported. */
export const VERIFICATIONS: readonly (readonly [string, (stores: RecordStores) => Promise<Finding[]>])[] = [
  ['verify audit', verifyChains],
  ['verify records', verifyFacts],
  ['verify requests', verifyRequests],
  ['verify aliases', verifyAliases],
  ['verify objects', verifyObjects],
];
