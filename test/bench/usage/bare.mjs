/** The floor: the rows that an import made, from a binary file, into a plain table with the same unique key; twice, since no machine is as quick at one time as at another. */
import { createReadStream, createWriteStream, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DIRECTORY, withClient } from '../database.mjs';
import { measuredPostgres } from './imports.mjs';

const require = createRequire(import.meta.url);
const { from, to } = require('pg-copy-streams');

export const bareCopy = (cluster, url) =>
  withClient(url, async (client) => {
    const file = path.join(DIRECTORY, 'calls.bin');
    await pipeline(
      client.query(to('COPY (SELECT * FROM call_record ORDER BY sequence) TO STDOUT (FORMAT binary)')),
      createWriteStream(file),
    );
    const measured = [await copied(cluster, client, file), await copied(cluster, client, file)];
    rmSync(file);
    const mean = (of) => measured.reduce((sum, each) => sum + each[of], 0) / measured.length;
    return { seconds: mean('seconds'), postgresSeconds: mean('postgresSeconds') };
  });

async function copied(cluster, client, file) {
  await client.query('DROP TABLE IF EXISTS bare');
  await client.query('CREATE TABLE bare (LIKE call_record INCLUDING DEFAULTS, UNIQUE (source_number, source_id))');
  await client.query('CHECKPOINT');
  return measuredPostgres(cluster, async () => {
    const began = performance.now();
    await pipeline(
      createReadStream(file, { highWaterMark: 1 << 18 }),
      client.query(from('COPY bare FROM STDIN (FORMAT binary)')),
    );
    return { seconds: (performance.now() - began) / 1000 };
  });
}
