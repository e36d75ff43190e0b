/** A file that is elsewhere, whatever the protocol. */

export interface RemoteFile {
  /** What the source calls it: it stands in records and errors. */
  readonly path: string;
  /** Connection, address and path: one file of one place. */
  readonly key: string;
  /**
   * Asks for its bytes once.
   * @param signal ends the answer, too, while it is read
   * @throws MlopsError MLOPS_SOURCE_AWAY, MLOPS_SOURCE_MISSING, MLOPS_SOURCE_REFUSED, MLOPS_SOURCE_UNREADABLE,
   * MLOPS_ADDRESS_REFUSED, MLOPS_CONFIGURATION
   */
  open(ask: Ask, signal: AbortSignal): Promise<Answer>;
}

export interface Ask {
  /** Answer `unchanged` if it is still this. */
  readonly unless?: string;
  /** Go on after these bytes, if it is still this; else begin anew. */
  readonly after?: { readonly identity: string; readonly bytes: number };
}

export type Answer = 'unchanged' | Body;

export interface Body {
  /** Leaving it in the middle closes it. */
  readonly chunks: AsyncIterable<Buffer>;
  /** For whoever reads none of it. */
  close(): void;
  /** How many bytes of the file come before: 0, or what was asked for. */
  readonly after: number;
  /** Of the whole file, where the server says it. */
  readonly bytes?: number;
  /** What the server calls this state of the file. */
  readonly identity?: string;
  /** The same identity means the same bytes, and the server can go on in the middle. */
  readonly resumable: boolean;
}
