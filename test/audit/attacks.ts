import { checkpointText } from '../../src/audit/checkpoint';
import { appendNote } from '../../src/audit/checkpoint-files';
import { parseCheckpoint } from '../../src/audit/checkpoint';
import { parseNote, signNote } from '../../src/audit/note';
import type { NoteSigner } from '../../src/audit/note-keys';
import { LEVELS_APART } from '../../src/audit/seal-batch';
import { Frontier, leafHash, type TreeNode } from '../../src/audit/tree';
import { newId } from '../../src/platform/ids';
import type { TestApp } from '../support/app';
import { givenAccount } from '../support/scene';
import { asOwner } from './support';
import { sealAll } from './seal-support';

/** A trail of several heads, whose heads were told to a folder. Gives their sizes. */
export async function givenTrail(t: TestApp, folder: string | null, heads = 3): Promise<number[]> {
  for (let n = 0; n < heads; n += 1) {
    for (let account = 0; account < 3; account += 1) await givenAccount(t);
    await sealAll(t);
  }
  return publishAll(t, folder);
}

/** Tells a folder of every head that there is. */
export async function publishAll(t: TestApp, folder: string | null): Promise<number[]> {
  const heads = await t.sql<{ size: number; note: string }>(
    'SELECT size::int AS size, note FROM audit.checkpoint ORDER BY size',
  );
  for (const { note } of folder === null ? [] : heads) await appendNote(folder!, note, new Date());
  return heads.map(({ size }) => size);
}

type Sql = (text: string, values?: unknown[]) => Promise<Record<string, any>[]>;

const TRIGGERS = `SELECT t.tgrelid::regclass::text AS relation, t.tgname AS name FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
  WHERE c.relnamespace = 'audit'::regnamespace AND NOT t.tgisinternal ORDER BY t.tgparentid, 1`;

/** A superuser who takes the triggers away, changes what they like, and puts them back so that nobody sees it from them. */
export async function attack(t: TestApp, change: (sql: Sql) => Promise<void>): Promise<void> {
  await asOwner(t, async (client) => {
    const sql: Sql = async (text, values = []) => (await client.query(text, values)).rows;
    const triggers = (await sql(TRIGGERS)) as { relation: string; name: string }[];
    for (const { relation, name } of triggers) await sql(`ALTER TABLE ${relation} DISABLE TRIGGER ${name}`);
    await change(sql);
    for (const { relation, name } of triggers) await sql(`ALTER TABLE ${relation} ENABLE ALWAYS TRIGGER ${name}`);
  });
}

/** The tree is put back to one that it was: leaves, nodes and heads beyond it are gone, and the events too. */
export async function truncateTo(sql: Sql, size: number): Promise<void> {
  const gone = (await sql('SELECT event_id FROM audit.leaf WHERE place >= $1', [size])).map(({ event_id: id }) => id);
  await sql('DELETE FROM audit.content WHERE event_id = ANY($1)', [gone]);
  await sql('DELETE FROM audit.event WHERE id = ANY($1)', [gone]);
  await sql('DELETE FROM audit.leaf WHERE place >= $1', [size]);
  await sql('DELETE FROM audit.node WHERE (index + 1) * (2 ^ level)::bigint > $1', [size]);
  await sql('DELETE FROM audit.checkpoint WHERE size > $1', [size]);
  const leaves = await sql('SELECT hash FROM audit.leaf ORDER BY place');
  const frontier = new Frontier();
  frontier.appendAll(leaves.map(({ hash }) => hash as Buffer));
  await sql('UPDATE audit.head SET size = $1, frontier = $2', [size, frontier.hashes()]);
}

/** The whole tree is made again from what events say now, with heads of the same sizes; signed, if somebody does. */
export async function rebuild(sql: Sql, signer: NoteSigner | null): Promise<void> {
  await sql(
    `UPDATE audit.event e SET hash = sha256('\\x00'::bytea || c.bytes) FROM audit.content c WHERE c.event_id = e.id`,
  );
  await sql('UPDATE audit.leaf l SET hash = e.hash FROM audit.event e WHERE e.id = l.event_id');
  const leaves = await sql('SELECT hash FROM audit.leaf ORDER BY place');
  const heads = await sql('SELECT size::int AS size, note FROM audit.checkpoint ORDER BY size');
  const frontier = new Frontier();
  const nodes: TreeNode[] = [];
  for (const { hash } of leaves) {
    frontier.append(hash as Buffer, nodes);
    const head = heads.find(({ size }) => size === frontier.size);
    if (!head) continue;
    const root = frontier.root();
    const { extensions, origin } = parseCheckpoint(parseNote(head.note as string).text);
    const text = checkpointText({ origin, size: frontier.size, root, extensions });
    const note = signer ? signNote(text, [signer]) : `${text}\n${(head.note as string).split('\n\n')[1]}`;
    await sql('UPDATE audit.checkpoint SET root = $2, note = $3 WHERE size = $1', [frontier.size, root, note]);
  }
  for (const { level, index, hash } of nodes.filter((node) => node.level % LEVELS_APART === 0))
    await sql('UPDATE audit.node SET hash = $3 WHERE level = $1 AND index = $2', [level, index, hash]);
  await sql('UPDATE audit.head SET frontier = $1', [frontier.hashes()]);
}

/** An event that nobody recorded: right in every column and hash, with a MAC of somebody who has no key. */
export async function forge(sql: Sql, keyId: string): Promise<string> {
  const [model] = await sql('SELECT * FROM audit.told ORDER BY at LIMIT 1');
  const id = newId();
  const at = new Date().toISOString();
  const told = { ...(JSON.parse((model!.content as Buffer).toString()) as object), id, at, reason: 'forged' };
  const bytes = Buffer.from(JSON.stringify(told));
  await sql('BEGIN');
  await sql('INSERT INTO audit.content (event_id, bytes, mac, key_id) VALUES ($1, $2, sha256($2), $3)', [
    id,
    bytes,
    keyId,
  ]);
  await sql(
    `INSERT INTO audit.event (id, at, action, outcome, actor_id, on_behalf_of_id, subject_type, subject_id, change_request_id, request_id, hash)
      SELECT $1, $2, action, outcome, actor_id, on_behalf_of_id, subject_type, subject_id, change_request_id, request_id, $3 FROM audit.event WHERE id = $4`,
    [id, at, leafHash(bytes), model!.id],
  );
  await sql('COMMIT');
  return id;
}
