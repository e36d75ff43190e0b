/** What a source may hold, as the worker's limits say: they reach a compute child by its environment. */
const DEFAULT_LINE_BYTES = 4 * 2 ** 20;

/** Of one line of CSV or JSON Lines; a line in quotes may go on over several. */
export function lineBytes(): number {
  return Number(process.env.MLOPS_SOURCE_LINE_BYTES ?? DEFAULT_LINE_BYTES);
}

/** Of one packed file, once it is unpacked. */
export function unpackedBytes(): number {
  return Number(process.env.MLOPS_SOURCE_BYTES ?? Number.POSITIVE_INFINITY);
}

/** Of a source's files together. */
export function sourceRows(): number {
  return Number(process.env.MLOPS_SOURCE_ROWS ?? Number.POSITIVE_INFINITY);
}
