import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { noteSigner } from '../../src/audit/note-keys';
import { signerOf } from '../../src/audit/sealer';
import type { Verdict } from '../../src/audit/verdict';
import { type DatabaseVerification, SEALED_WITHIN } from '../../src/audit/verify-database';
import { startTestApp, type TestApp } from '../support/app';
import { attack, forge, givenTrail, publishAll, rebuild, truncateTo } from './attacks';
import { sealAll } from './seal-support';
import { verifiedDatabase } from './verification';

let t: TestApp;
let folder: string;
let sizes: number[];

beforeEach(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'countersign-verify-'));
  t = await startTestApp({ AUDIT_CHECKPOINTS: folder });
  sizes = await givenTrail(t, folder);
});
afterEach(async () => {
  await t.close();
  rmSync(folder, { recursive: true });
});

const verified = (over: Partial<DatabaseVerification> = {}): Promise<Verdict> =>
  verifiedDatabase(t, { checkpoints: folder, ...over });

/** The kinds of findings, each once, with their first places. */
async function found(over: Partial<DatabaseVerification> = {}): Promise<Record<string, number | null>> {
  const { findings, total } = await verified(over);
  expect(total).toBeGreaterThanOrEqual(findings.length);
  return Object.fromEntries(findings.toReversed().map(({ kind, places }) => [kind, places?.[0] ?? null]));
}

const at = async (place: number): Promise<string> =>
  (await t.sql<{ event_id: string }>('SELECT event_id FROM audit.leaf WHERE place = $1', [place]))[0]!.event_id;

const OTHER_REASON = `UPDATE audit.content SET bytes = convert_to(regexp_replace(convert_from(bytes, 'UTF8'), '"reason":[^,]+', '"reason":"another"'), 'UTF8') WHERE event_id = $1`;

describe('a trail that nobody touched', () => {
  it('is whole, and says what was looked at', async () => {
    const end = sizes.at(-1)!;
    const verdict = await verified();
    expect(verdict).toMatchObject({ findings: [], total: 0, notes: [expect.stringContaining('8 years')] });
    expect(verdict.checked).toMatchObject({
      events: end,
      heads: sizes.length,
      nodes: Math.floor(end / 16),
      outsideHeads: sizes.length,
    });
  });

  it('is whole while events wait for their place, and not when they wait for long', async () => {
    await givenTrail(t, null, 0);
    await t.person('operations').submit('agent.hire', { code: 'A-1', name: 'Agent', hiredOn: '2020-01-01' }, 'hire');
    expect(await verified()).toMatchObject({ total: 0, checked: { unsealed: 1 } });
    expect(await found({ now: new Date(Date.now() + SEALED_WITHIN + 1_000) })).toEqual({ EVENT_UNSEALED: null });
  });

  it('says when MACs and outside heads were not looked at', async () => {
    const { total, notes } = await verified({ macKeys: [], checkpoints: null });
    expect(total).toBe(0);
    expect(notes.join()).toMatch(/MACs were not checked.*No heads that were kept outside/);
  });

  it('may lack what events say where that was dropped in time', async () => {
    await attack(t, async (sql) => void (await sql('DELETE FROM audit.content WHERE event_id = $1', [await at(3)])));
    expect(await found()).toEqual({ CONTENT_MISSING: 3 });
    expect(await found({ keptSince: new Date('2020-01-01') })).toEqual({ CONTENT_MISSING: 3 });
    expect(await verified({ keptSince: new Date(Date.now() + 1_000) })).toMatchObject({
      total: 0,
      checked: { dropped: 1 },
    });
  });
});

describe('a superuser is found who', () => {
  it('alters what an event says', async () => {
    await attack(t, async (sql) => void (await sql(OTHER_REASON, [await at(5)])));
    expect(await found()).toEqual({ CONTENT_ALTERED: 5, MAC_INVALID: 5 });
    const [first] = (await verified()).findings;
    // Between the heads before and after it, or since the beginning.
    expect(first).toMatchObject({ places: [5, 5], between: [null, expect.stringMatching(/^20/)] });
  });

  it('alters what an event says, and its hashes', async () => {
    await attack(t, async (sql) => {
      await sql(OTHER_REASON, [await at(5)]);
      await sql(
        `UPDATE audit.event e SET hash = sha256('\\x00'::bytea || c.bytes) FROM audit.content c WHERE c.event_id = e.id`,
      );
      await sql('UPDATE audit.leaf l SET hash = e.hash FROM audit.event e WHERE e.id = l.event_id');
    });
    expect(await found()).toEqual({ ROOT_ALTERED: 0, NODE_ALTERED: 0, MAC_INVALID: 5, HEAD_ALTERED: null });
  });

  it.each([
    ['action', `'invoice.voided'`],
    ['outcome', `'REFUSED'`],
    ['at', `at + interval '1 microsecond'`],
    ['actor_id', 'gen_random_uuid()'],
    ['on_behalf_of_id', 'gen_random_uuid()'],
    ['subject_type', `'Invoice'`],
    ['subject_id', 'gen_random_uuid()'],
    ['change_request_id', 'gen_random_uuid()'],
    ['request_id', `'another'`],
  ])('alters %s, by which it is found, only', async (column, value) => {
    await attack(
      t,
      async (sql) => void (await sql(`UPDATE audit.event SET ${column} = ${value} WHERE id = $1`, [await at(7)])),
    );
    const { findings } = await verified();
    expect(findings).toMatchObject([{ kind: 'COLUMN_ALTERED', places: [7, 7] }]);
    expect(findings[0]!.message).toContain(`column ${column} `);
  });

  it('deletes an event', async () => {
    const id = await at(4);
    await attack(t, async (sql) => void (await sql('DELETE FROM audit.event WHERE id = $1', [id])));
    expect(await found()).toEqual({ EVENT_MISSING: 4, CONTENT_ORPHANED: null });
    await attack(t, async (sql) => void (await sql('DELETE FROM audit.content WHERE event_id = $1', [id])));
    expect(await found()).toEqual({ EVENT_MISSING: 4 });
  });

  it('deletes an event and its leaf', async () => {
    const id = await at(4);
    await attack(t, async (sql) => {
      for (const table of ['event WHERE id', 'content WHERE event_id', 'leaf WHERE event_id'])
        await sql(`DELETE FROM audit.${table} = $1`, [id]);
    });
    expect(await found()).toMatchObject({ PLACE_MISSING: 4, ROOT_ALTERED: 0 });
  });

  it('lets two leaves change places', async () => {
    const [from, to] = [sizes[0]! + 1, sizes[0]! + 2];
    await attack(t, async (sql) => {
      await sql(`UPDATE audit.leaf SET place = 999999 WHERE place = ${from}`);
      await sql(`UPDATE audit.leaf SET place = ${from} WHERE place = ${to}`);
      await sql(`UPDATE audit.leaf SET place = ${to} WHERE place = 999999`);
    });
    const { findings } = await verified();
    expect(findings.find(({ kind }) => kind === 'ROOT_ALTERED')).toMatchObject({
      places: [sizes[0], sizes[1]! - 1],
      between: [expect.stringMatching(/^20/), expect.stringMatching(/^20/)],
    });
  });

  it('numbers the leaves anew, so that one is gone', async () => {
    await attack(t, async (sql) => {
      await sql('DELETE FROM audit.leaf WHERE place = 6');
      await sql('UPDATE audit.leaf SET place = place + 1000000 WHERE place > 6');
      await sql('UPDATE audit.leaf SET place = place - 1000001 WHERE place > 6');
    });
    expect(await found()).toMatchObject({ PLACE_MISSING: sizes.at(-1)! - 1, ROOT_ALTERED: 0 });
  });

  it('cuts off the end, with its heads: by a head that was kept outside', async () => {
    const [, size, end] = sizes as [number, number, number];
    await attack(t, (sql) => truncateTo(sql, size));
    const { findings } = await verified();
    expect(findings).toMatchObject([{ kind: 'TRUNCATED', places: [size, end - 1] }]);
    expect(await verified({ checkpoints: null })).toMatchObject({ total: 0 });
  });

  it('puts back an old backup, and lets it grow anew: by the heads that were kept outside', async () => {
    await attack(t, (sql) => truncateTo(sql, sizes[0]!));
    await givenTrail(t, null, 3);
    const findings = await found();
    expect(findings).toEqual({ REWRITTEN: sizes[0]! });
  });

  it('adds a sealed event that fits the tree, and has no valid MAC', async () => {
    const place = sizes.at(-1)!;
    await attack(t, async (sql) => void (await forge(sql, t.served.app.keys.id)));
    await sealAll(t);
    await publishAll(t, folder);
    expect(await found()).toEqual({ MAC_INVALID: place });
  });

  it('adds an event that has no place yet', async () => {
    await attack(t, async (sql) => void (await forge(sql, t.served.app.keys.id)));
    expect(await found()).toEqual({ MAC_INVALID: null });
  });

  it('says that it is by a key that nobody has', async () => {
    await attack(t, async (sql) => void (await forge(sql, '00000000')));
    expect(await found()).toEqual({ MAC_KEY_UNKNOWN: null });
  });

  it('gives an event the MAC of another', async () => {
    await attack(t, async (sql) => {
      await sql(
        'UPDATE audit.content SET mac = (SELECT mac FROM audit.content WHERE event_id = $1) WHERE event_id = $2',
        [await at(2), await at(9)],
      );
    });
    expect(await found()).toEqual({ MAC_INVALID: 9 });
  });

  it('writes everything anew, with signatures of before', async () => {
    await attack(t, async (sql) => {
      await sql(OTHER_REASON, [await at(5)]);
      await rebuild(sql, null);
    });
    expect(await found()).toMatchObject({ CHECKPOINT_UNSIGNED: sizes[0]! - 1, MAC_INVALID: 5, REWRITTEN: 0 });
  });

  it('writes everything anew, and signs it with another key', async () => {
    const other = noteSigner(t.served.app.config.audit.origin, Buffer.alloc(32, 7));
    await attack(t, async (sql) => {
      await sql(OTHER_REASON, [await at(5)]);
      await rebuild(sql, other);
    });
    expect(await found()).toMatchObject({ CHECKPOINT_UNSIGNED: sizes[0]! - 1, CHECKPOINT_MISSING: 0, REWRITTEN: 0 });
    // Whoever is given that other key sees that what was kept outside is not signed with it.
    expect(await found({ keys: [other.key] })).toEqual({ OUTSIDE_HEAD_UNSIGNED: null, MAC_INVALID: 5 });
  });

  it('has the key, too, and writes everything anew: by the heads that were kept outside', async () => {
    await attack(t, async (sql) => {
      await sql(OTHER_REASON, [await at(5)]);
      await rebuild(sql, signerOf(t.served.app));
    });
    expect(await found({ macKeys: [] })).toEqual({ REWRITTEN: 0 });
  });

  it('changes a node, a head, or where the tree grows on', async () => {
    await attack(t, async (sql) => {
      await sql(`UPDATE audit.node SET hash = sha256('') WHERE level = 4 AND index = 0`);
      await sql(`UPDATE audit.checkpoint SET root = sha256('') WHERE size = $1`, [sizes[1]]);
      await sql(`UPDATE audit.head SET frontier = sha256('')`);
    });
    expect(await found()).toMatchObject({ NODE_ALTERED: 0, CHECKPOINT_ALTERED: sizes[1]! - 1, HEAD_ALTERED: null });
    await attack(t, async (sql) => void (await sql('DELETE FROM audit.node')));
    expect(await found()).toMatchObject({ NODE_MISSING: 0 });
  });

  it.each([
    ['a rule', ['CREATE RULE quiet AS ON INSERT TO audit.content DO INSTEAD NOTHING'], /content rule/],
    [
      'a trigger',
      [
        'CREATE FUNCTION quiet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$',
        'CREATE TRIGGER quiet BEFORE INSERT ON audit.event FOR EACH ROW EXECUTE FUNCTION quiet()',
      ],
      /event trigger sometimes: CREATE TRIGGER quiet/,
    ],
    [
      'a policy',
      ['CREATE POLICY quiet ON audit.event USING (false)', 'ALTER TABLE audit.event ENABLE ROW LEVEL SECURITY'],
      /event policy quiet/,
    ],
    ['a trigger that is off', ['ALTER TABLE audit.leaf DISABLE TRIGGER leaf_is_final'], /leaf trigger disabled/],
    [
      'a trigger that does nothing',
      [
        'CREATE OR REPLACE FUNCTION audit.event_is_final() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$',
      ],
      /function audit.event_is_final/,
    ],
    ['an owner', ['ALTER TABLE audit.event OWNER TO CURRENT_USER'], /event of kind r owned by/],
    [
      'a grant',
      ['GRANT UPDATE (reason) ON audit.event TO countersign_api'.replace('reason', 'hash')],
      /countersign_api may UPDATE/,
    ],
    [
      'a default',
      [`ALTER TABLE audit.content ALTER written_at SET DEFAULT '2020-01-01'`],
      /written_at .* default '2020/,
    ],
  ])('silences the trail by %s', async (_by, statements, told) => {
    for (const statement of statements) await t.sql(statement);
    // Whoever may not see rows any more is told of the policy, and of rows that are missing.
    const { findings } = await verified();
    expect(
      findings
        .filter(({ kind }) => kind === 'SCHEMA_ALTERED')
        .map(({ message }) => message)
        .join('\n'),
    ).toMatch(told);
  });
});
