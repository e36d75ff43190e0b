/**
 * Texts that are nearly the same, by MinHash (Broder, 1997): each text is a set of four words in a row, a signature keeps the least of each of 48 hashes
 * of them, and two texts belong together where one of six parts of their signatures is the same. With eight hashes a part, of two texts that
 * share 90 % of their words in a row 96 % are found, of two that share a half 2 %.
 */
const IN_A_ROW = 4;
const PARTS = 6;
const HASHES_OF_A_PART = 8;

/** @returns for each text the index of the first one of its group */
export function groupsOf(texts: readonly string[]): readonly number[] {
  const firsts = texts.map((_, i) => i);
  const firstOf = (i: number): number => {
    let at = i;
    while (firsts[at] !== at) at = firsts[at]!;
    firsts[i] = at;
    return at;
  };
  const seen = new Map<string, number>();
  texts.forEach((text, i) => {
    const signature = signatureOf(text);
    for (let part = 0; part < PARTS; part += 1) {
      const key = `${part} ${signature.subarray(part * HASHES_OF_A_PART, (part + 1) * HASHES_OF_A_PART).join()}`;
      const [a, b] = [firstOf(i), firstOf(seen.get(key) ?? i)];
      firsts[Math.max(a, b)] = Math.min(a, b);
      if (!seen.has(key)) seen.set(key, i);
    }
  });
  return texts.map((_, i) => firstOf(i));
}

function signatureOf(text: string): Uint32Array {
  const signature = new Uint32Array(PARTS * HASHES_OF_A_PART).fill(2 ** 32 - 1);
  for (const words of rowsOfWords(text)) {
    const hash = hashOf(words);
    for (let i = 0; i < signature.length; i += 1) signature[i] = Math.min(signature[i]!, mixed(hash, i));
  }
  return signature;
}

/** Without marks of HTML, and all digits alike: those of a date or an id differ from copy to copy. */
function rowsOfWords(text: string): readonly string[] {
  const plain = text
    .toLowerCase()
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\d+/g, '0');
  const words = plain.match(/[\p{L}\d]+/gu) ?? [];
  const rows = Math.max(1, words.length - IN_A_ROW + 1);
  return Array.from({ length: rows }, (_, i) => words.slice(i, i + IN_A_ROW).join(' '));
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Another hash for each `i`, by the finalizer of MurmurHash3. */
function mixed(hash: number, i: number): number {
  let value = hash ^ Math.imul(i + 1, 0x9e3779b1);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
