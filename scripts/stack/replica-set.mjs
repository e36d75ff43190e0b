/**
 * Makes a mongod on this machine the primary of its one-member replica set, and waits until it is: initiates the set
 * the first time, and moves the set's member along when mongod listens on another port than the last time.
 * Transactions need a replica set; the wheel that brings mongod has no shell to do this with.
 *
 *   node replica-set.mjs PORT SECONDS    exit code 0: primary; 1: not within SECONDS
 */
import { MongoClient } from 'mongodb';

const SET = 'mlops';
const [port, seconds] = process.argv.slice(2).map(Number);
const host = `127.0.0.1:${port}`;
const deadline = Date.now() + seconds * 1000;

const timeout = seconds * 1000;
const client = new MongoClient(`mongodb://${host}/?directConnection=true`, {
  serverSelectionTimeoutMS: timeout,
  connectTimeoutMS: timeout,
  socketTimeoutMS: timeout,
});
const admin = client.db('admin');

async function step() {
  const hello = await admin.command({ hello: 1 });
  if (hello.isWritablePrimary === true && hello.me === host) return true;
  if (hello.isreplicaset === true && hello.setName === undefined) {
    await repair();
  }
  return false;
}

/** mongod has no set that it is a member of: none yet, or one whose member has the port of an earlier run. */
async function repair() {
  const config = await storedConfig();
  if (config === undefined) {
    await admin.command({ replSetInitiate: { _id: SET, members: [{ _id: 0, host }] } });
  } else if (config.members[0].host !== host) {
    const members = [{ ...config.members[0], host }];
    await admin.command({ replSetReconfig: { ...config, members, version: config.version + 1 }, force: true });
  }
}

async function storedConfig() {
  try {
    return (await admin.command({ replSetGetConfig: 1 })).config;
  } catch (error) {
    if (error.codeName === 'NotYetInitialized') return undefined;
    throw error;
  }
}

let reason = 'mongod is not the primary of its replica set';
let primary = false;
try {
  while (!(primary = await step()) && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
} catch (error) {
  reason = error.message;
}
if (!primary) {
  console.error(`${host}: ${reason}`);
  process.exitCode = 1;
}
await client.close();
