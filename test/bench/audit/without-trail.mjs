/**
 * Loaded before the API, this takes the trail away from it: to record is to count, and nothing more. Off are the canonical bytes of an event, its
 * hash and its MAC, and both its rows; what remains is the statement at the end of a transaction that notes how far its actor has written
 * (src/platform/positions.ts), which reads from replicas need and no trail does. Whoever starts it so turns sealing off, too.
 */
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);
require('reflect-metadata');
const trail = require(path.resolve('dist/src/audit/record.js'));

trail.record = async (tx, event) => {
  tx.untold = [];
  tx.events += 1;
  const writer = event.actorId ?? tx.context.actor?.id;
  if (writer) tx.writers.add(writer);
};
