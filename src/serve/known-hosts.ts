/**
 * A name that a stranger's DNS points at 127.0.0.1 makes a browser take this server for the stranger's own (DNS rebinding).
 * So what comes over loopback must name a host of this machine, or the address that others were given to reach it.
 */
import type { FastifyInstance } from 'fastify';
import { MlopsError } from '../domain/errors';

const LOOPBACK_HOSTS: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];
const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;

/**
 * @param address what others reach the server by: a proxy on this machine may pass its name on
 * @throws MlopsError MLOPS_CONFIGURATION when it is not a URL
 */
export function answerKnownHosts(server: FastifyInstance, address: string | undefined): void {
  if (address !== undefined && !URL.canParse(address)) {
    throw new MlopsError('MLOPS_CONFIGURATION', 'The address is not a URL.', { address }, 'Write http://host:port.');
  }
  const known = new Set([...LOOPBACK_HOSTS, ...(address === undefined ? [] : [new URL(address).hostname])]);
  server.addHook('onRequest', ({ headers, socket }, _reply, done) => {
    const host = headers.host ?? '';
    if (known.has(nameOf(host)) || !LOOPBACK.test(socket.localAddress ?? '')) return done();
    const where = { host: host.slice(0, 200) };
    const fix = `Use ${[...known].join(', ')}, or start the replica with the address that callers use (--address).`;
    done(new MlopsError('MLOPS_HOST_UNKNOWN', 'This server does not answer for this host.', where, fix));
  });
}

/** Without its port. */
function nameOf(host: string): string {
  return host.replace(/:\d*$/, '').toLowerCase();
}
