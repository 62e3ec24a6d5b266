import { rowTypes } from '../../src/entities';
import type { Verdict } from '../../src/audit/verdict';
import type { DatabaseVerification } from '../../src/audit/verify-database';
import { newId } from '../../src/platform/ids';
import { startTestApp, type TestApp } from '../support/app';
import { freshCode, givenAccount, givenAgent, givenDraft, givenInvoice, givenLob } from '../support/scene';
import { sealAll } from './seal-support';
import { verifiedDatabase } from './verification';
import { tellAllRows } from './told-rows';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
  await tellAllRows(t);
  const account = await givenAccount(t);
  await givenLob(t, account);
  await givenInvoice(t, account);
  await sealAll(t);
});
afterAll(() => t.close());

const verified = (over: Partial<DatabaseVerification> = {}): Promise<Verdict> =>
  verifiedDatabase(t, { types: rowTypes, ...over });

/** What is found, as `KIND: Type id`, while something is changed that is put back afterwards. */
async function foundWhile(change: string, back: string, values: unknown[], over: Partial<DatabaseVerification> = {}) {
  await t.rewind(change, values);
  try {
    const { findings, total } = await verified(over);
    expect(total).toBe(findings.length);
    return findings.map(({ kind, message }) => `${kind} ${message.split(':')[0]}`);
  } finally {
    await t.rewind(back, values);
  }
}

describe('rows of the business, held against the last event that tells of them', () => {
  it('are as they were told, whichever operation saved them', async () => {
    const { total, checked, findings } = await verified();
    expect(findings).toEqual([]);
    expect(total).toBe(0);
    const [{ count }] = (await t.sql('SELECT count(*)::int AS count FROM audit.business_row')) as [{ count: number }];
    expect(checked).toMatchObject({ rows: count, byVersion: 0, untold: 0 });
    expect(count).toBeGreaterThan(20);
  });

  it('an amount that was altered, with everything that is to keep it in step', async () => {
    const account = await givenAccount(t);
    const id = await givenDraft(t, account);
    const change =
      'UPDATE invoice SET subtotal_minor = subtotal_minor + 1, total_minor = total_minor + 1 WHERE id = $1';
    const found = await foundWhile(change, change.replaceAll('+ 1', '- 1'), [id]);
    expect(found).toEqual([`ROW_ALTERED Invoice ${id}`]);
  });

  it('says where the last event lies that tells of the row', async () => {
    const id = await givenAgent(t);
    await sealAll(t);
    const [{ place }] = (await t.sql(
      'SELECT l.place::int AS place FROM audit.leaf l JOIN audit.event e ON e.id = l.event_id WHERE e.subject_id = $1',
      [id],
    )) as [{ place: number }];
    await t.rewind(`UPDATE agent SET name = name || '!' WHERE id = $1`, [id]);
    const { findings } = await verified();
    await t.rewind(`UPDATE agent SET name = 'Agent' WHERE id = $1`, [id]);
    expect(findings).toMatchObject([
      { kind: 'ROW_ALTERED', places: [place, place], between: [expect.any(String), expect.any(String)] },
    ]);
    expect(findings[0]!.message).toContain('does not say what it said');
  });

  it.each([
    [
      'a sealed value',
      'account',
      `tax_id_sealed = '\\x00'::bytea || tax_id_sealed`,
      'tax_id_sealed = substring(tax_id_sealed FROM 2)',
    ],
    ['a mask', 'account', `tax_id_masked = 'x' || tax_id_masked`, 'tax_id_masked = substring(tax_id_masked FROM 2)'],
    ['a version', 'account', 'version = version + 1', 'version = version - 1'],
    [
      'the instant of its making',
      'account',
      `created_at = created_at - interval '1 day'`,
      `created_at = created_at + interval '1 day'`,
    ],
  ])('%s that was altered', async (_what, table, change, back) => {
    const id = await givenAccount(t);
    const found = await foundWhile(
      `UPDATE ${table} SET ${change} WHERE id = $1`,
      `UPDATE ${table} SET ${back} WHERE id = $1`,
      [id],
    );
    expect(found).toEqual([`ROW_ALTERED Account ${id}`]);
  });

  it('a password that was put in another’s place', async () => {
    const id = t.as('auditor').userId;
    await t.rewind(
      'CREATE TABLE kept_password AS SELECT password_hash FROM app_user WHERE id = $1'.replace('$1', `'${id}'`),
    );
    const found = await foundWhile(
      `UPDATE app_user SET password_hash = 'x' WHERE id = $1`,
      'UPDATE app_user SET password_hash = (SELECT password_hash FROM kept_password) WHERE id = $1',
      [id],
    );
    expect(found).toEqual([`ROW_ALTERED User ${id}`]);
    await t.rewind('DROP TABLE kept_password');
  });

  it('a row that was put back to what it was before', async () => {
    const id = await givenAccount(t);
    await t.rewind(`CREATE TABLE kept AS SELECT * FROM account WHERE id = '${id}'`);
    await t
      .person('operations')
      .submit('account.change', { accountId: id, legalName: 'Another name', reason: 'r' }, freshCode('K'));
    await t.rewind(`DELETE FROM account WHERE id = '${id}'`);
    await t.rewind('INSERT INTO account SELECT * FROM kept');
    const { findings } = await verified();
    expect(findings.map(({ kind, message }) => [kind, message.includes('version 1')])).toEqual([['ROW_ALTERED', true]]);
    await t.rewind(`UPDATE account SET legal_name = 'Another name', version = 2 WHERE id = '${id}'`);
    expect(await verified()).toMatchObject({ total: 0 });
  });

  it('a row that was taken away', async () => {
    const id = await givenAgent(t);
    await t.rewind('CREATE TABLE kept_agent AS SELECT * FROM agent');
    const found = await foundWhile(
      'DELETE FROM agent WHERE id = $1',
      'INSERT INTO agent SELECT * FROM kept_agent WHERE id = $1',
      [id],
    );
    expect(found).toEqual([`ROW_MISSING Agent ${id}`]);
  });

  it('a row that nobody told of: a role that a superuser gave themselves', async () => {
    const id = newId();
    const found = await foundWhile(
      `INSERT INTO role_grant (id, user_id, role, granted_by_id) SELECT $1, min(id::text)::uuid, 'auditor', max(id::text)::uuid FROM app_user`,
      'DELETE FROM role_grant WHERE id = $1',
      [id],
    );
    expect(found).toEqual([`ROW_UNTOLD RoleGrant ${id}`]);
  });

  it('a policy that migrations made and a superuser switched off', async () => {
    const [{ id }] = (await t.sql(`SELECT id FROM approval_policy WHERE operation = 'invoice.void'`)) as [
      { id: string },
    ];
    const found = await foundWhile(
      'UPDATE approval_policy SET active = false WHERE id = $1',
      'UPDATE approval_policy SET active = true WHERE id = $1',
      [id],
    );
    expect(found).toEqual([`ROW_ALTERED ApprovalPolicy ${id}`]);
  });

  it('only by their versions where no key of MACs is at hand, and says so', async () => {
    const id = await givenAgent(t);
    const over = { macKeys: [] };
    const altered = await foundWhile(
      `UPDATE agent SET name = 'Agent!' WHERE id = $1`,
      `UPDATE agent SET name = 'Agent' WHERE id = $1`,
      [id],
      over,
    );
    expect(altered).toEqual([]);
    const { checked } = await verified(over);
    expect(checked.byVersion).toBe(checked.rows);
    const moved = await foundWhile(
      'UPDATE agent SET version = 7 WHERE id = $1',
      'UPDATE agent SET version = 1 WHERE id = $1',
      [id],
      over,
    );
    expect(moved).toEqual([`ROW_ALTERED Agent ${id}`]);
  });

  it('a view that hides what was altered is another view', async () => {
    const [{ definition }] = (await t.sql(`SELECT pg_get_viewdef('audit.business_row') AS definition`)) as [
      { definition: string },
    ];
    await t.rewind(
      `CREATE OR REPLACE VIEW audit.business_row AS SELECT * FROM (${definition.replace(';', '')}) AS rows WHERE type <> 'Agent'`,
    );
    const { findings } = await verified();
    await t.rewind(`CREATE OR REPLACE VIEW audit.business_row AS ${definition}`);
    expect(findings.map(({ kind }) => kind)).toContain('SCHEMA_ALTERED');
  });

  it('shows auditors no more than a hash of what rows say', async () => {
    const columns = await t.sql(
      `SELECT attname FROM pg_attribute WHERE attrelid = 'audit.business_row'::regclass AND attnum > 0 ORDER BY attnum`,
    );
    expect(columns.map(({ attname }) => attname as string)).toEqual(['type', 'id', 'version', 'created_at', 'hash']);
    const [{ may }] = (await t.sql(
      `SELECT bool_or(has_table_privilege('countersign_auditor', oid, 'SELECT')) AS may FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`,
    )) as [{ may: boolean }];
    expect(may).toBe(false);
  });
});
