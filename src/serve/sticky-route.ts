/**
 * A caller's key falls into one place of [0, 1) for the whole rollout; the candidate answers the places below its
 * share. Shares only grow, so a key that met the candidate never flips back; the next rollout deals anew.
 */
export function goesToCandidate(rolloutId: string, key: string, share: number): boolean {
  return placeOf(rolloutId, key) < share;
}

/**
 * Whether callers don't act on a prediction: by its id and nothing else, so that the group says something about all of them, and
 * so that whoever answers the id again says the same.
 */
export function isControl(id: string, share: number): boolean {
  return placeOf('control', id) < share;
}

/** In [0, 1), the same on every replica. @param salt deals anew */
export function placeOf(salt: string, key: string): number {
  return mix(fnv1a(key, fnv1a(`${salt}\n`, 0x811c9dc5))) / 2 ** 32;
}

/** FNV-1a over UTF-16 code units, 32 bits. */
function fnv1a(text: string, start: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/** MurmurHash3's finalizer: FNV alone leaves similar keys close together. */
function mix(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
