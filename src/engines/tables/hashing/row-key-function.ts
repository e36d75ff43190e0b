/**
 * The database's function `row_key(text)`: the first 16 bytes of the SHA-256 of a text in UTF-8, as a UUID; of NULL: NULL. It is
 * made for texts that an expression just made, which lie behind each other; those of a table are read one by one.
 */
import { createHash } from 'node:crypto';
import { type DuckDBConnection, type DuckDBDataChunk, DuckDBScalarFunction, UUID, VARCHAR } from '@duckdb/node-api';
import { get_data_from_pointer } from '@duckdb/node-bindings';
import { INITIAL, type Sha256Code, sha256Code } from './sha256-code';

/** Longer ones are hashed one by one, which costs little beside their length. */
const MOST_BYTES = 4_096;
/** Up to so many bytes a text stands in its own entry, else in the database's memory, where the entry points. */
const INLINE_BYTES = 12;
const ENTRY_BYTES = 16;
/** Texts with less than a page of memory between them are read at once: each page then holds bytes of one of them. */
const NEAR = 4_096;
const LANES = 4;
/** Where what lies in the module's memory: the state, the padded messages, the entries, the texts. */
const STATE = 0;
const SLOTS = 128;
const SLOT_BYTES = MOST_BYTES + 128;
const ENTRIES = SLOTS + LANES * SLOT_BYTES;
const PAGE = 65_536;
const INITIAL_LANES = Uint32Array.from(INITIAL.flatMap((word) => Array.from({ length: LANES }, () => word)));

/** The process's own, made when the first key is: a call of the function is one piece of work. */
let keys: RowKeys | undefined;

export function addRowKey(connection: DuckDBConnection): void {
  const made = DuckDBScalarFunction.create({
    name: 'row_key',
    parameterTypes: [VARCHAR],
    returnType: UUID,
    mainFunction: (_, input, output) => {
      // The binding's types call the view private; its public setter takes a JavaScript value for each row.
      const { dataView } = output as unknown as { readonly dataView: DataView };
      const into = new Uint32Array(dataView.buffer, dataView.byteOffset, input.rowCount * 4);
      keys ??= new RowKeys();
      keys.of(input, into, (row) => output.setItem(row, null));
      output.flush();
    },
  });
  connection.registerScalarFunction(made);
}

/** Of a text: its length, and then itself, or its first four bytes and where it is. The binding's types call both private. */
interface Entries {
  readonly dataView: DataView;
  readonly validity: { itemValid(row: number): boolean };
}

class RowKeys {
  readonly #code: Sha256Code = sha256Code();
  #bytes = new Uint8Array(this.#code.memory.buffer);
  #state = new Uint32Array(this.#code.memory.buffer, STATE, 8 * LANES);
  /** Of the texts that are hashed together: their rows, where they lie, and their lengths. */
  readonly #rows: number[] = [];
  readonly #places: number[] = [];
  readonly #lengths: number[] = [];

  /** @param into [rows × 4], as the database keeps UUIDs: little-endian 128-bit integers with the highest bit turned */
  of(chunk: DuckDBDataChunk, into: Uint32Array, isMissing: (row: number) => void): void {
    this.#gather(chunk, into, isMissing);
    for (let first = 0; first < this.#rows.length; first += LANES) this.#hash(first, into);
  }

  #gather(chunk: DuckDBDataChunk, into: Uint32Array, isMissing: (row: number) => void): void {
    const { rowCount } = chunk;
    const { dataView, validity } = chunk.getColumnVector(0) as unknown as Entries;
    const { buffer, byteOffset } = dataView as { readonly buffer: ArrayBuffer; readonly byteOffset: number };
    const entries = new Uint32Array(buffer, byteOffset, rowCount * 4);
    const texts = ENTRIES + rowCount * ENTRY_BYTES;
    this.#rows.length = 0;
    this.#places.length = 0;
    this.#lengths.length = 0;
    // Texts that lie behind each other are copied together: the first one's entry, where they begin and end, and where the copy goes.
    let [entry, begin, end, place, next] = [0, 0, 0, texts, texts];
    const copy = (): void => {
      const bytes = end - begin;
      if (bytes === 0) return;
      this.#room(place + bytes + ENTRY_BYTES);
      this.#bytes.set(get_data_from_pointer(buffer, entry, bytes), place);
    };
    for (let row = 0; row < rowCount; row += 1) {
      if (!validity.itemValid(row)) {
        isMissing(row);
        continue;
      }
      const length = entries[row * 4]!;
      if (length > MOST_BYTES) {
        const text = get_data_from_pointer(buffer, byteOffset + row * ENTRY_BYTES + 8, length);
        write(into, row, createHash('sha256').update(text).digest());
        continue;
      }
      this.#rows.push(row);
      this.#lengths.push(length);
      if (length <= INLINE_BYTES) {
        this.#places.push(ENTRIES + row * ENTRY_BYTES + 4);
        continue;
      }
      const at = entries[row * 4 + 2]! + entries[row * 4 + 3]! * 2 ** 32;
      if (end === 0 || at < end || at - end >= NEAR) {
        copy();
        place = next;
        [entry, begin] = [byteOffset + row * ENTRY_BYTES + 8, at];
      }
      end = at + length;
      next = place + end - begin;
      this.#places.push(place + at - begin);
    }
    this.#room(texts + ENTRY_BYTES);
    copy();
    this.#bytes.set(new Uint8Array(buffer, byteOffset, rowCount * ENTRY_BYTES), ENTRIES);
  }

  #hash(first: number, into: Uint32Array): void {
    const { pad, block } = this.#code;
    const lanes = Math.min(LANES, this.#rows.length - first);
    let blocks = 0;
    for (let lane = 0; lane < lanes; lane += 1) {
      const bytes = this.#lengths[first + lane]!;
      pad(this.#places[first + lane]!, bytes, SLOTS + lane * SLOT_BYTES);
      blocks = Math.max(blocks, blocksOf(bytes));
    }
    this.#state.set(INITIAL_LANES);
    for (let done = 1; done <= blocks; done += 1) {
      const at = SLOTS + (done - 1) * 64;
      block(at, at + SLOT_BYTES, at + 2 * SLOT_BYTES, at + 3 * SLOT_BYTES, STATE);
      // A shorter message is done before the others; what its lane takes then counts for nothing.
      for (let lane = 0; lane < lanes; lane += 1)
        if (blocksOf(this.#lengths[first + lane]!) === done) this.#take(lane, this.#rows[first + lane]! * 4, into);
    }
  }

  #take(lane: number, at: number, into: Uint32Array): void {
    into[at] = this.#state[12 + lane]!;
    into[at + 1] = this.#state[8 + lane]!;
    into[at + 2] = this.#state[4 + lane]!;
    into[at + 3] = this.#state[lane]! ^ 0x8000_0000;
  }

  #room(bytes: number): void {
    const { memory } = this.#code;
    if (bytes <= this.#bytes.length) return;
    memory.grow(Math.ceil((bytes - this.#bytes.length) / PAGE));
    this.#bytes = new Uint8Array(memory.buffer);
    this.#state = new Uint32Array(memory.buffer, STATE, 8 * LANES);
  }
}

const blocksOf = (bytes: number): number => (bytes + 72) >>> 6;

function write(into: Uint32Array, row: number, digest: Buffer): void {
  for (let word = 0; word < 4; word += 1) into[row * 4 + 3 - word] = digest.readUInt32BE(word * 4);
  into[row * 4 + 3]! ^= 0x8000_0000;
}
