import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { sealBatch } from '../../src/audit/seal-batch';
import { signerOf } from '../../src/audit/sealer';
import type { Query } from '../../src/audit/stored-nodes';
import { ensureRoles } from '../../src/platform/database-roles';
import type { TestApp } from '../support/app';

/** Events of nobody, as quick as they come: what they say has no form and no MAC. */
export async function insertBareEvents(t: TestApp, count: number): Promise<void> {
  const statement = `WITH made AS MATERIALIZED (SELECT gen_random_uuid() AS id, convert_to($2 || i, 'UTF8') AS c FROM generate_series(1, $1::int) i),
      content AS (INSERT INTO audit.content (event_id, bytes, mac, key_id) SELECT id, c, sha256(c), 'k' FROM made)
    INSERT INTO audit.event (id, at, action, outcome, request_id, hash)
      SELECT id, now(), 'a.b', 'DONE', 'r', sha256('\\x00'::bytea || c) FROM made`;
  await t.sql(statement, [count, randomBytes(4).toString('hex')]);
}

/** Seals whatever was committed, as the sealer does. */
export async function sealAll(t: TestApp): Promise<void> {
  const { sealer } = await ensureRoles(t.ownerUrl, t.served.app.keys);
  const client = new Client({ connectionString: sealer });
  await client.connect();
  try {
    while ((await sealBatch(client, signerOf(t.served.app), new Date())).more);
  } finally {
    await client.end();
  }
}

export const queryOf =
  (t: TestApp): Query =>
  (text, values) =>
    t.sql(text, values) as never;

/** How an auditor logs in. */
export const auditorUrlOf = async (t: TestApp): Promise<string> =>
  (await ensureRoles(t.ownerUrl, t.served.app.keys)).auditor;
