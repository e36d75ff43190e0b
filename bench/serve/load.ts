/**
 * A load generator of plain sockets: each connection sends the same bytes again as soon as it has the whole answer. Reads no
 * more of an answer than its status and length, so that one core drives the quickest of the servers.
 */
import { connect, type Socket } from 'node:net';

export interface Load {
  /** All were answered: none is in flight at the end. */
  readonly requests: number;
  readonly seconds: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

export async function load(
  { port, path, body }: { readonly port: number; readonly path: string; readonly body: string },
  connections: number,
  seconds: number
): Promise<Load> {
  const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  const request = Buffer.from(head + body);
  const latencies: number[] = [];
  const began = performance.now();
  const end = began + seconds * 1_000;
  await Promise.all(Array.from({ length: connections }, () => drive(port, request, end, latencies)));
  const took = (performance.now() - began) / 1_000;
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))]!;
  return { requests: latencies.length, seconds: took, p50: at(0.5), p99: at(0.99) };
}

function drive(port: number, request: Buffer, end: number, latencies: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1');
    let sent = 0;
    let received = '';
    const send = () => {
      sent = performance.now();
      received = '';
      socket.write(request);
    };
    socket.setNoDelay(true).setEncoding('latin1');
    socket.once('connect', send).once('error', reject);
    socket.on('data', (chunk: string) => {
      received += chunk;
      const length = wholeLength(received);
      if (length === undefined || received.length < length) return;
      if (!received.startsWith('HTTP/1.1 200')) {
        socket.destroy();
        reject(new Error(`a request failed: ${received.slice(0, 500)}`));
        return;
      }
      const now = performance.now();
      latencies.push(now - sent);
      if (now < end) return send();
      socket.destroy();
      resolve();
    });
  });
}

/** Bytes of head and body; undefined while the head isn't whole. */
function wholeLength(text: string): number | undefined {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return undefined;
  const length = /content-length: (\d+)/i.exec(text.slice(0, head))?.[1];
  if (length === undefined) throw new Error(`an answer without a length: ${text.slice(0, 200)}`);
  return head + 4 + Number(length);
}
