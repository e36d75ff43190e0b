/** What a source may hold, as the worker's limits say: they reach a compute child by its environment. */
const DEFAULT_LINE_BYTES = 4 * 2 ** 20;

/** Bytes of one line of CSV or JSON Lines; a line in quotes may go on over several. */
export function lineBytes(): number {
  return Number(process.env.MLOPS_SOURCE_LINE_BYTES ?? DEFAULT_LINE_BYTES);
}

/** Bytes of one packed file, once it is unpacked. */
export function unpackedBytes(): number {
  return Number(process.env.MLOPS_SOURCE_BYTES ?? Number.POSITIVE_INFINITY);
}

/** Rows of a source's files together. */
export function sourceRows(): number {
  return Number(process.env.MLOPS_SOURCE_ROWS ?? Number.POSITIVE_INFINITY);
}

/** New columns and categories of one batch that approvers are asked about. */
export function newNames(): number {
  return Number(process.env.MLOPS_NEW_NAMES ?? Number.POSITIVE_INFINITY);
}
