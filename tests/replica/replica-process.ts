/** A replica as a process of its own, to be killed. Its options come as JSON; it says its address. */
import { runReplica } from '../../src/replica/run-replica';

async function main(): Promise<void> {
  const options = JSON.parse(process.env.REPLICA_OPTIONS ?? '{}');
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const replica = await runReplica({ ...options, log, signal: async () => {} });
  process.stdout.write(`${replica.address}\n`);
  process.once('SIGTERM', () => {
    void replica.close().then(() => process.exit(0));
  });
}

void main();
