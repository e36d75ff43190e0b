/** The floor: Fastify parses the body and sends it back. */
import Fastify from 'fastify';

async function main(): Promise<void> {
  const server = Fastify({ bodyLimit: 1 << 20 });
  server.get('/v2/health/ready', () => ({ ready: true }));
  server.post('/v2/models/bench/infer', (request) => request.body);
  process.stdout.write(`${await server.listen({ host: '127.0.0.1', port: 0 })}\n`);
}

void main();
