/** A door in front of a server: open, shut (connections are refused), or hanging (bytes wait). */
import { connect, createServer, type Socket } from 'node:net';

export interface Gate {
  readonly port: number;
  /** What was open is cut, what comes is cut. */
  shut(): void;
  /** Everything stays connected and nothing moves. */
  hang(): void;
  open(): void;
  close(): Promise<void>;
}

export async function openGate(host: string, port: number): Promise<Gate> {
  const sockets = new Set<Socket>();
  let state: 'open' | 'shut' | 'hanging' = 'open';
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  };
  const server = createServer((outside) => {
    if (state === 'shut') return outside.destroy();
    const inside = connect(port, host);
    keep(outside);
    keep(inside);
    outside.on('data', (bytes) => inside.write(bytes)).on('close', () => inside.destroy());
    inside.on('data', (bytes) => outside.write(bytes)).on('close', () => outside.destroy());
    if (state === 'hanging') for (const socket of [outside, inside]) socket.pause();
    return outside;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    shut: () => {
      state = 'shut';
      for (const socket of sockets) socket.destroy();
    },
    hang: () => {
      state = 'hanging';
      for (const socket of sockets) socket.pause();
    },
    open: () => {
      state = 'open';
      for (const socket of sockets) socket.resume();
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
