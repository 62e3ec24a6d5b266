import { personalProperties } from '../../src/platform/personal';
import { isErasable } from '../../src/privacy/erasure.rules';
import { startTestApp, type TestApp } from '../support/app';
import { rowOf } from '../support/outcomes';
import { freshCode, givenAccount, givenAgent, givenLob } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const DENIED = '42501';
const CHECK = '23514';

const codeOf = (statement: string, values: unknown[]) =>
  t.apiSql(statement, values).then(
    () => 'done',
    ({ code }: { code: string }) => code,
  );

/** The owner of the database is held by it, too, unless they take the triggers away. */
const ownersCodeOf = (statement: string, values: unknown[]) =>
  t.sql(statement, values).then(
    () => 'done',
    ({ code }: { code: string }) => code,
  );

describe('what tells of a person only ever becomes empty', () => {
  it.each([
    ['a name', 'app_user', `name = 'Mallory'`],
    ['no name', 'app_user', `name = ''`],
    ['an address to sign in with', 'app_user', `email = 'mallory@mail.example'`],
    ['the erased address of another', 'app_user', `email = 'erased-' || gen_random_uuid() || '@invalid'`],
    ['an agent’s name', 'agent', `name = 'Mallory'`],
    ['what a customer says', 'complaint', `narrative = 'I am happy.'`],
    ['who a customer is', 'complaint', `customer_name = 'Mallory'`],
    ['a sealed value', 'complaint', `customer_email_sealed = '\\x00'`],
    ['a digest', 'complaint', `customer_email_digest = '\\x00'`],
    ['a masked value', 'complaint', `customer_phone_masked = '••••••••99'`],
    ['one empty, another not', 'complaint', `narrative = NULL, customer_name = 'Mallory'`],
  ])('and not %s', async (_what, table, set) => {
    const id = await rowIn(table);
    const before = await rowOf(t, table, id);
    expect(await codeOf(`UPDATE ${table} SET ${set} WHERE id = $1`, [id])).toBe(DENIED);
    expect(await ownersCodeOf(`UPDATE ${table} SET ${set} WHERE id = $1`, [id])).toBe(DENIED);
    expect(await rowOf(t, table, id)).toEqual(before);
  });

  it('which the API may have it become, and leave as it is', async () => {
    const agent = await rowIn('agent');
    expect(await codeOf('UPDATE agent SET name = name WHERE id = $1', [agent])).toBe('done');
    expect(await codeOf(`UPDATE agent SET name = '(erased)' WHERE id = $1`, [agent])).toBe('done');
    expect(await codeOf(`UPDATE agent SET name = 'Agent' WHERE id = $1`, [agent])).toBe(DENIED);
  });

  async function rowIn(table: string): Promise<string> {
    if (table === 'app_user') return t.as('stranger').userId;
    if (table === 'agent') return givenAgent(t);
    const accountId = await givenAccount(t);
    const input = {
      accountId,
      lobId: await givenLob(t, accountId),
      channel: 'WEB',
      category: 'Fees',
      receivedAt: new Date().toISOString(),
    };
    const { payload } = await t.as('operations').mutate('fileComplaint', input, 'complaint { id }');
    return payload.complaint.id as string;
  }
});

describe('what was asked for is only ever forgotten', () => {
  const FORGET = `input_sealed = '', input_shown = '{}'`;
  const masked = (what: string) =>
    `(SELECT jsonb_agg(${what} ORDER BY n) FROM jsonb_array_elements(changes) WITH ORDINALITY c (c, n))`;
  const NAME_MASKED = masked(`CASE c ->> 'path' WHEN 'name' THEN jsonb_set(c, '{after}', '"••••••••"') ELSE c END`);

  async function givenRequest(closed: boolean): Promise<string> {
    await t.sql(`UPDATE approval_policy SET active = true WHERE operation = 'agent.hire'`);
    const input = { code: freshCode('AG'), name: 'Ada', hiredOn: '2024-01-01' };
    const { payload } = await t.as('operations').mutate('hireAgent', input, 'changeRequest { id }');
    await t.sql(`UPDATE approval_policy SET active = false WHERE operation = 'agent.hire'`);
    const { id } = payload.changeRequest;
    if (closed) await t.as('supervisor').mutate('rejectChangeRequest', { id, reason: 'no' }, 'outcome');
    return id as string;
  }

  it.each([
    ['while it waits', false, FORGET, DENIED],
    ['its input, for another', true, `input_shown = '{"name":"Eve"}', input_sealed = ''`, DENIED],
    ['one of its two inputs', true, `input_sealed = ''`, DENIED],
    ['a change altogether', true, `${FORGET}, changes = '[]'`, DENIED],
    ['a value, for another', true, `${FORGET}, changes = jsonb_set(changes, '{1,after}', '"Eve"')`, DENIED],
    ['a value, for none', true, `${FORGET}, changes = jsonb_set(changes, '{1,after}', 'null')`, DENIED],
    ['that there was no value', true, `${FORGET}, changes = jsonb_set(changes, '{1,before}', '"••••••••"')`, DENIED],
    ['what it is a value of', true, `${FORGET}, changes = jsonb_set(changes, '{1,path}', '"code"')`, DENIED],
    ['a change, for two', true, `${FORGET}, changes = changes || changes`, DENIED],
    ['its values and not its input', true, `changes = ${NAME_MASKED}`, DENIED],
    ['how it ended', true, `${FORGET}, status = 'WITHDRAWN'`, CHECK],
    ['that it ended', true, `${FORGET}, status = 'PENDING'`, DENIED],
    ['why it failed', true, `${FORGET}, failure_code = 'X'`, CHECK],
  ])('and not %s', async (_what, closed, set, code) => {
    const id = await givenRequest(closed);
    const before = await rowOf(t, 'change_request', id);
    for (const work of [codeOf, ownersCodeOf])
      expect(await work(`UPDATE change_request SET ${set} WHERE id = $1`, [id])).toBe(code);
    expect(await rowOf(t, 'change_request', id)).toEqual(before);
  });

  it('once, when it is over', async () => {
    const id = await givenRequest(true);
    const statement = `UPDATE change_request SET ${FORGET}, changes = ${NAME_MASKED}, version = version + 1 WHERE id = $1`;
    expect(await codeOf(statement, [id])).toBe('done');
    expect((await rowOf(t, 'change_request', id)).changes).toEqual([
      { path: 'code', before: null, after: expect.any(String) },
      { path: 'name', before: null, after: '••••••••' },
      { path: 'hiredOn', before: null, after: '2024-01-01' },
    ]);
    expect(await codeOf(statement, [id])).toBe(CHECK);
  });
});

describe('what is declared personal', () => {
  const columns = () =>
    t.served.app.database.orm.entityMetadatas.flatMap((entity) =>
      entity.columns
        .filter(({ propertyPath }) => personalProperties(entity.name).includes(propertyPath.split('.')[0]!))
        .map(({ databaseName }) => ({ type: entity.name, table: entity.tableName, column: databaseName })),
    );

  it('is what it was thought to be', () => {
    expect(columns().map(({ table, column }) => `${table}.${column}`)).toEqual([
      'app_user.name',
      'app_user.email',
      'app_user.password_hash',
      'app_user.former_password_hashes',
      'app_user.oidc_subject',
      'agent.name',
      'complaint.narrative',
      'complaint.resolution_note',
      'complaint.customer_name',
      'complaint.customer_email_sealed',
      'complaint.customer_email_masked',
      'complaint.customer_email_digest',
      'complaint.customer_phone_sealed',
      'complaint.customer_phone_masked',
      'complaint.customer_phone_digest',
      'complaint.customer_card_number_sealed',
      'complaint.customer_card_number_masked',
      'complaint.customer_card_number_digest',
    ]);
  });

  it('can be erased, each column of it, and becomes nothing else but where an operation changes it', async () => {
    /** A new password, another subject, another answer. */
    const changing = new Set(['password_hash', 'former_password_hashes', 'oidc_subject', 'resolution_note']);
    for (const { type, table, column } of columns()) {
      const [row] = await t.apiSql(
        `SELECT has_column_privilege($1, $2, 'UPDATE') AS granted, EXISTS (SELECT FROM pg_trigger t
           JOIN pg_attribute a ON a.attrelid = t.tgrelid AND a.attnum = ANY (t.tgattr) AND a.attname = $2
           WHERE t.tgrelid = $1::regclass AND t.tgname IN ($1 || '_only_forgets', $1 || '_only_sealed_anew') AND t.tgenabled <> 'D') AS guarded`,
        [table, column],
      );
      const expected = { type, column, erasable: true, granted: true, guarded: !changing.has(column) };
      expect({ type, column, erasable: isErasable(type), ...row }).toEqual(expected);
    }
  });
});
