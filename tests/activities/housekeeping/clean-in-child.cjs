/** A run of housekeeping in a process of its own, to be killed: the stores are named by the environment. */
const path = require('node:path');
const dist = (...names) => require(path.join(__dirname, '..', '..', '..', 'dist', 'src', ...names));
const { clean } = dist('activities', 'housekeeping', 'clean.js');
const { retentionMs } = dist('domain', 'housekeeping.js');
const { storeConfig } = dist('stores', 'config.js');
const { connectStores } = dist('stores', 'connect.js');

async function main() {
  const stores = await connectStores(storeConfig(process.env));
  const { TEST_GRACE_MS } = process.env;
  const retention = { ...retentionMs(), ...(TEST_GRACE_MS === undefined ? {} : { grace: Number(TEST_GRACE_MS) }) };
  const cleaning = { run: 'child', retention, dryRun: false, most: 3 };
  const { signal } = new AbortController();
  for (let cursor = { stage: 'documents', after: '' }; cursor.stage !== 'done'; )
    ({ cursor } = await clean(stores, { ...cleaning, cursor }, signal));
  await stores.close();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
