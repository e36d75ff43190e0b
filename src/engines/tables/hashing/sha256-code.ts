/**
 * SHA-256 (FIPS 180-4) of four messages at once, as WebAssembly: each of its 128-bit values holds one word of each message. A database's
 * own function takes one message at a time and answers in hexadecimal digits; over rows that is most of an ingest.
 */

/** Bytes, as a tree: made flat once, at the end. */
type Code = number | readonly Code[];

/** The module's exports. Addresses are those of its memory. */
export interface Sha256Code {
  readonly memory: WebAssembly.Memory;
  /** Copies a message and puts FIPS 180-4's padding behind it; up to 16 bytes behind that are overwritten, too. */
  readonly pad: (from: number, bytes: number, to: number) => void;
  /** Takes a block of each message into the state: eight words, each of four lanes. */
  readonly block: (first: number, second: number, third: number, fourth: number, state: number) => void;
}

export function sha256Code(): Sha256Code {
  const module = new WebAssembly.Module(Uint8Array.from(flat(moduleCode())));
  return new WebAssembly.Instance(module).exports as unknown as Sha256Code;
}

const FRACTIONS = 32;

/** The first 32 bits of the fractional part of a root of each of the first primes. */
function fractions(count: number, power: 2 | 3): readonly number[] {
  const words: number[] = [];
  for (let n = 2n; words.length < count; n += 1n) {
    if (isPrime(n)) words.push(Number(rootOf(n << BigInt(FRACTIONS * power), BigInt(power)) & 0xffff_ffffn));
  }
  return words;
}

function isPrime(n: bigint): boolean {
  for (let d = 2n; d * d <= n; d += 1n) if (n % d === 0n) return false;
  return true;
}

/** The greatest whole number whose power is at most `n`. */
function rootOf(n: bigint, power: bigint): bigint {
  let root = 0n;
  for (let bit = 1n << 40n; bit > 0n; bit >>= 1n) if ((root + bit) ** power <= n) root += bit;
  return root;
}

/** What a state begins with. */
export const INITIAL: readonly number[] = fractions(8, 2);
const ROUND: readonly number[] = fractions(64, 3);

const I32 = 0x7f;
const V128 = 0x7b;

function flat(code: Code, into: number[] = []): number[] {
  if (typeof code === 'number') into.push(code);
  else for (const each of code) flat(each, into);
  return into;
}

function unsigned(value: number): readonly number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

/** Of constants below 2¹³. */
const whole = (value: number): Code => [0x41, (value & 127) | 128, (value >> 7) & 127];
const get = (local: number): Code => [0x20, unsigned(local)];
const set = (local: number, value: Code): Code => [value, 0x21, unsigned(local)];
const plain = (code: number, ...operands: readonly Code[]): Code => [operands, code];
const vector = (code: number, ...operands: readonly Code[]): Code => [operands, 0xfd, unsigned(code)];
const plus = (a: Code, b: Code): Code => plain(0x6a, a, b);

const load = (address: Code, offset: number): Code => [vector(0x00, address), 0, unsigned(offset)];
const store = (address: Code, offset: number, value: Code): Code => [vector(0x0b, address, value), 0, unsigned(offset)];
const storeByte = (address: Code, value: Code): Code => [plain(0x3a, address, value), 0, 0];
const xor = (a: Code, b: Code): Code => vector(0x51, a, b);
/** Bits of `a` where `mask` has ones, else of `b`. */
const select = (a: Code, b: Code, mask: Code): Code => vector(0x52, a, b, mask);
const add = (first: Code, ...others: readonly Code[]): Code =>
  others.reduce((sum, each) => vector(0xae, sum, each), first);
const shifted = (it: Code, by: number): Code => vector(0xad, it, whole(by));
const rotated = (it: Code, by: number): Code => vector(0x50, shifted(it, by), vector(0xab, it, whole(32 - by)));
const xorOf = (a: Code, b: Code, c: Code): Code => xor(xor(a, b), c);

function fourOf(word: number): Code {
  const bytes = [word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24];
  return [0xfd, 0x0c, bytes, bytes, bytes, bytes];
}

/** A word of each of the four messages, in the machine's order of bytes. */
function wordsAt(offset: number, into: number): Code {
  const lane = (n: number, rest: Code): Code => [get(n), rest, 0xfd, 0x56, 0, unsigned(offset), n];
  const first = [get(0), 0xfd, 0x5c, 0, unsigned(offset)];
  const turned = Array.from({ length: 16 }, (_, i) => (i & ~3) | (3 - (i & 3)));
  return [set(into, lane(3, lane(2, lane(1, first)))), set(into, [get(into), get(into), 0xfd, 0x0d, turned])];
}

function blockBody(): Code {
  const state = get(4);
  const word = (i: number): number => 5 + (i % 16);
  const [firstOfState, sum] = [21, 29];
  const code: Code[] = [];
  for (let i = 0; i < 16; i += 1) code.push(wordsAt(4 * i, word(i)));
  for (let j = 0; j < 8; j += 1) code.push(set(firstOfState + j, load(state, 16 * j)));
  for (let i = 0; i < 64; i += 1) {
    // Instead of moving all eight values on, each round calls them otherwise.
    const local = (j: number): number => firstOfState + ((j - i + 64) % 8);
    const [a, b, c, e] = [get(local(0)), get(local(1)), get(local(2)), get(local(4))];
    const [f, g, h] = [get(local(5)), get(local(6)), get(local(7))];
    if (i >= 16) {
      const [near, far] = [get(word(i + 1)), get(word(i + 14))];
      const small0 = xorOf(rotated(near, 7), rotated(near, 18), shifted(near, 3));
      const small1 = xorOf(rotated(far, 17), rotated(far, 19), shifted(far, 10));
      code.push(set(word(i), add(get(word(i)), small0, get(word(i + 9)), small1)));
    }
    const large1 = xorOf(rotated(e, 6), rotated(e, 11), rotated(e, 25));
    const large0 = xorOf(rotated(a, 2), rotated(a, 13), rotated(a, 22));
    code.push(set(sum, add(h, large1, select(f, g, e), add(fourOf(ROUND[i]!), get(word(i))))));
    code.push(set(local(3), add(get(local(3)), get(sum))));
    code.push(set(local(7), add(get(sum), large0, select(c, b, xor(a, b)))));
  }
  for (let j = 0; j < 8; j += 1) code.push(store(state, 16 * j, add(load(state, 16 * j), get(firstOfState + j))));
  return body([[25, V128]], code);
}

function padBody(): Code {
  const [AT, END] = [3, 4];
  const [from, bytes, to, at, end] = [get(0), get(1), get(2), get(AT), get(END)];
  const whileLess = (limit: Code, step: Code): Code => [
    [0x02, 0x40, 0x03, 0x40],
    [plain(0x4f, at, limit), 0x0d, 1],
    step,
    set(AT, plus(at, whole(16))),
    [0x0c, 0, 0x0b, 0x0b],
  ];
  const bits = (shift: number): Code => plain(0x76, plain(0x74, bytes, whole(3)), whole(shift));
  const behind = (n: number): Code => plain(0x6b, end, whole(n));
  return body(
    [[2, I32]],
    [
      whileLess(bytes, store(plus(to, at), 0, load(plus(from, at), 0))),
      set(AT, plus(to, bytes)),
      set(END, plus(to, plain(0x74, plain(0x76, plus(bytes, whole(72)), whole(6)), whole(6)))),
      whileLess(end, store(at, 0, fourOf(0))),
      storeByte(plus(to, bytes), whole(0x80)),
      [0, 8, 16, 24].map((shift, i) => storeByte(behind(i + 1), bits(shift))),
    ]
  );
}

function body(locals: readonly (readonly [number, number])[], code: Code): Code {
  return sized([counted(locals.map(([n, type]) => [unsigned(n), type])), code, 0x0b]);
}

function sized(code: Code): Code {
  const bytes = flat(code);
  return [unsigned(bytes.length), bytes];
}

function counted(items: readonly Code[]): Code {
  return [unsigned(items.length), items];
}

function moduleCode(): Code {
  const takes = (count: number): Code => [0x60, counted(Array.from({ length: count }, () => I32)), 0];
  const named = (name: string, kind: number, index: number): Code => [sized([...Buffer.from(name)]), kind, index];
  const section = (id: number, items: readonly Code[]): Code => [id, sized(counted(items))];
  return [
    [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(1, [takes(3), takes(5)]),
    section(3, [0, 1]),
    section(5, [[0, 1]]),
    section(7, [named('memory', 2, 0), named('pad', 0, 0), named('block', 0, 1)]),
    section(10, [padBody(), blockBody()]),
  ];
}
