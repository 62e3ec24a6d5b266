import { Client } from 'pg';
import { record } from '../../src/audit/record';
import { ownContext } from '../../src/platform/context';
import { ensureRoles } from '../../src/platform/database-roles';
import { newId } from '../../src/platform/ids';
import { inTransaction } from '../../src/platform/transaction';
import { startTestApp, type TestApp } from '../support/app';
import type { CastName } from '../support/cast';
import { eventsOf, NOBODYS_ID, proposed } from '../support/outcomes';
import { freshCode, givenAccount, givenAgent, givenLob, trail } from '../support/scene';
import { attack } from './attacks';
import { auditorUrlOf } from './seal-support';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ REVEALS_PER_DAY: '1000' });
});
afterAll(() => t.close());

const HIDDEN = '••••••••';

const reveal = (id: string, field: string, as: CastName = 'auditor') =>
  t.as(as).mutate('revealSensitiveValue', { type: 'AuditEvent', id, field, reason: 'an audit' }, 'outcome value');

const eventsAbout = (id: string) => trail(t, 'subject_id = $1', [id]);

const keysOf = (id: string) =>
  t.sql<{ subject_type: string; wrapped: Buffer | null }>(
    'SELECT subject_type, wrapped FROM audit.subject_key WHERE subject_id = $1',
    [id],
  );

const keys = async () => (await t.sql<{ count: number }>('SELECT count(*)::int FROM audit.subject_key'))[0]!.count;

/** An event of somebody's name, as any operation would record it. */
const tellName = (subjectId: string, name: string, more: object = {}) =>
  inTransaction(ownContext(t.served.app, 'test'), (tx) =>
    record(tx, {
      action: 'agent.renamed',
      outcome: 'DONE',
      subjectType: 'Agent',
      subjectId,
      changes: [{ path: 'name', before: null, after: name }],
      ...more,
    }),
  );

describe('what an event says of a person', () => {
  it('is masked in it and nowhere else in the trail, and auditors can see it, which the trail tells', async () => {
    const name = `Zora ${freshCode('N')}`;
    const email = `${freshCode('zora').toLowerCase()}@mail.example`;
    const { payload } = await t
      .as('admin')
      .mutate('createUser', { name, email, password: 'a long enough one' }, 'user { id }');
    const { id } = payload.user;
    const [made] = await eventsAbout(id);
    expect(made!.changes).toEqual([
      { path: 'name', before: null, after: HIDDEN },
      { path: 'email', before: null, after: HIDDEN },
    ]);
    expect(made!.sealed).toMatchObject({
      under: { type: 'User', id },
      changes: [
        { path: 'name', before: null, after: expect.any(String) },
        { path: 'email', before: null, after: expect.any(String) },
      ],
    });
    const { answer, events } = await eventsOf(t, () => reveal(made!.id, 'name.after'));
    expect(answer.payload).toEqual({ outcome: 'DONE', value: name });
    expect(events).toMatchObject([
      {
        action: 'sensitiveValue.revealed',
        actor: t.as('auditor').userId,
        subject: { type: 'AuditEvent', id: made!.id },
        changes: [{ path: 'name.after', before: null, after: null }],
        reason: 'an audit',
      },
    ]);
    expect((await reveal(made!.id, 'email.after', 'compliance')).payload.value).toBe(email);
    const told = JSON.stringify(await trail(t));
    expect(told).not.toContain(name);
    expect(told).not.toContain(email);
  });

  it('is under one key for all that is said of somebody, before and after', async () => {
    const accountId = await givenAccount(t);
    const lobId = await givenLob(t, accountId);
    const input = { accountId, lobId, channel: 'WEB', category: 'Fees', receivedAt: new Date().toISOString() };
    const { payload } = await t.as('operations').mutate('fileComplaint', input, 'complaint { id }');
    const complaintId = payload.complaint.id as string;
    expect(await keysOf(complaintId)).toHaveLength(1);
    const act = (mutation: string, more: object) =>
      t.as('compliance').mutate(mutation, { complaintId, ...more }, 'outcome');
    await act('resolveComplaint', { resolution: 'UPHELD', note: 'Mrs Zola was right.' });
    await act('reopenComplaint', { reason: 'again' });
    await act('resolveComplaint', { resolution: 'UPHELD', note: 'She still is.' });
    expect(await keysOf(complaintId)).toHaveLength(1);
    const notes = (await eventsAbout(complaintId))
      .map(({ id, changes }) => ({ id, note: changes.find(({ path }: any) => path === 'resolutionNote') }))
      .slice(1);
    expect(notes.map(({ note }) => [note.before, note.after])).toEqual([
      [null, HIDDEN],
      [HIDDEN, null],
      [null, HIDDEN],
    ]);
    expect((await reveal(notes[0]!.id, 'resolutionNote.after')).payload.value).toBe('Mrs Zola was right.');
    expect((await reveal(notes[1]!.id, 'resolutionNote.before')).payload.value).toBe('Mrs Zola was right.');
    expect((await reveal(notes[2]!.id, 'resolutionNote.after')).payload.value).toBe('She still is.');
  });

  it('is not what a look at the row is for: that stays to be read', async () => {
    const accountId = await givenAccount(t);
    const lobId = await givenLob(t, accountId);
    const customer = { email: 'wilma@mail.example' };
    const input = {
      accountId,
      lobId,
      channel: 'WEB',
      category: 'Fees',
      receivedAt: new Date().toISOString(),
      customer,
    };
    const { payload } = await t.as('operations').mutate('fileComplaint', input, 'complaint { id }');
    const { id } = payload.complaint;
    const look = { type: 'Complaint', id, field: 'customer.email', reason: 'call back', purpose: 'an answer' };
    const { events } = await eventsOf(t, () => t.as('compliance').mutate('revealSensitiveValue', look, 'value'));
    expect(events).toMatchObject([{ changes: [{ path: 'customer.email', before: null, after: 'an answer' }] }]);
    expect(events[0]).not.toHaveProperty('sealed');
  });

  it('is under the key of the change request while there is nobody yet', async () => {
    await t.sql(`UPDATE approval_policy SET active = true WHERE operation = 'agent.hire'`);
    const name = `Yara ${freshCode('N')}`;
    const asked = { code: freshCode('AG'), name, hiredOn: '2024-01-01' };
    const { id } = await proposed(t, 'operations', 'hireAgent', asked);
    await t.sql(`UPDATE approval_policy SET active = false WHERE operation = 'agent.hire'`);
    const [told] = await trail(t, 'change_request_id = $1', [id]);
    expect(told!.sealed.under).toEqual({ type: 'ChangeRequest', id });
    expect(told!.changes.find(({ path }: any) => path === 'name').after).toBe(HIDDEN);
    expect((await reveal(told!.id, 'name.after')).payload.value).toBe(name);
    // Whoever decides sees whom it is about.
    const seen = await t
      .as('supervisor')
      .gql('query ($id: ID!) { changeRequest(id: $id) { changes { path after } } }', { id });
    expect(seen.data!.changeRequest.changes).toContainEqual({ path: 'name', after: name });
  });

  it('does not tell how long it is', async () => {
    const [one, other] = [newId(), newId()];
    await tellName(one, 'Al');
    await tellName(other, 'Albertine Ferdinanda van den Oever');
    const [short] = await eventsAbout(one);
    const [long] = await eventsAbout(other);
    expect(short!.sealed.changes[0].after).toHaveLength(long!.sealed.changes[0].after.length);
    expect((await reveal(long!.id, 'name.after')).payload.value).toBe('Albertine Ferdinanda van den Oever');
  });

  it('costs a key only where there is something personal', async () => {
    const accountId = await givenAccount(t);
    const agentId = await givenAgent(t);
    const before = await keys();
    const lobId = await givenLob(t, accountId);
    const assigned = { agentId, lobId, startsOn: '2024-01-01' };
    expect((await t.as('operations').mutate('assignAgent', assigned)).errors).toEqual([]);
    expect(await keys()).toBe(before);
  });

  it('raced, has one key that opens all of it', async () => {
    const id = newId();
    const names = Array.from({ length: 12 }, (_, n) => `Name ${n}`);
    await Promise.all(names.map((name) => tellName(id, name)));
    expect(await keysOf(id)).toHaveLength(1);
    const events = await eventsAbout(id);
    const seen: string[] = [];
    for (const event of events) seen.push((await reveal(event.id, 'name.after')).payload.value as string);
    expect(seen.toSorted()).toEqual(names.toSorted());
  });

  it('is masked and not kept where nobody is said to be meant', async () => {
    await tellName('nobody', 'Xenia', { requestId: 'lost' });
    const [lost] = await trail(t, `action = 'agent.renamed' AND subject_id IS NULL`);
    expect(lost!.changes).toEqual([{ path: 'name', before: null, after: HIDDEN }]);
    expect(lost).not.toHaveProperty('sealed');
  });
});

describe('revealing what an event keeps', () => {
  let eventId: string;
  beforeAll(async () => {
    const id = newId();
    await tellName(id, 'Wanda');
    eventId = (await eventsAbout(id))[0]!.id;
  });

  it.each([
    ['a role that may reveal, but not read the trail', 'operations', 'name.after', 'NOT_FOUND'],
    ['a role that reveals nothing', 'admin', 'name.after', 'FORBIDDEN'],
    ['somebody without any role', 'stranger', 'name.after', 'FORBIDDEN'],
    ['a side that has no value', 'auditor', 'name.before', 'SENSITIVE_VALUE_ABSENT'],
    ['no side', 'auditor', 'name', 'NOT_FOUND'],
    ['a path that is not sealed', 'auditor', 'code.after', 'NOT_FOUND'],
    ['a path of every object', 'auditor', 'constructor.after', 'NOT_FOUND'],
  ] as const)('is refused: %s', async (_what, as, field, code) => {
    const { answer, events } = await eventsOf(t, () => reveal(eventId, field, as));
    expect(answer.code).toBe(code);
    expect(answer.text).not.toContain('Wanda');
    expect(events).toMatchObject([{ outcome: 'REFUSED', code, actor: t.as(as).userId, changes: [] }]);
  });

  it('is refused: an event that there is not, one without anything sealed, an account to an auditor', async () => {
    expect((await reveal(NOBODYS_ID, 'name.after')).code).toBe('NOT_FOUND');
    expect((await reveal('x', 'name.after')).code).toBe('NOT_FOUND');
    const [bare] = await trail(t, `action = 'account.opened'`);
    expect((await reveal(bare?.id ?? (await eventsAbout(await givenAccount(t))).at(-1)!.id, 'name.after')).code).toBe(
      'NOT_FOUND',
    );
    const input = { type: 'Account', id: await givenAccount(t), field: 'taxId', reason: 'curious' };
    expect((await t.as('auditor').mutate('revealSensitiveValue', input, 'value')).code).toBe('FORBIDDEN');
  });

  it('counts among the values of a day', async () => {
    const few = await startTestApp({ REVEALS_PER_DAY: '1' });
    try {
      const [made] = await trail(few, `action = 'user.created'`);
      const see = () =>
        few
          .as('auditor')
          .mutate(
            'revealSensitiveValue',
            { type: 'AuditEvent', id: made!.id, field: 'email.after', reason: 'r' },
            'value',
          );
      expect((await see()).payload.value).toMatch(/@test\.example$/);
      expect((await see()).code).toBe('REVEAL_LIMIT_REACHED');
    } finally {
      await few.close();
    }
  });

  it('does not open what was carried into another event, or whose key was exchanged: SEAL_BROKEN', async () => {
    const [one, other] = [newId(), newId()];
    await tellName(one, 'Vera');
    await tellName(one, 'Uma');
    await tellName(other, 'Tess');
    const [vera, uma] = await eventsAbout(one);
    const [tess] = await eventsAbout(other);
    const sealedOf = (event: Record<string, any>) => event.sealed.changes[0].after as string;
    await attack(t, async (sql) => {
      await sql(
        `UPDATE audit.content SET bytes = convert_to(replace(convert_from(bytes, 'UTF8'), $2, $3), 'UTF8') WHERE event_id = $1`,
        [uma!.id, sealedOf(uma!), sealedOf(vera!)],
      );
      await sql(
        'UPDATE audit.subject_key SET wrapped = (SELECT wrapped FROM audit.subject_key WHERE subject_id = $1) WHERE subject_id = $2',
        [one, other],
      );
    });
    expect((await reveal(uma!.id, 'name.after')).code).toBe('SEAL_BROKEN');
    expect((await reveal(tess!.id, 'name.after')).code).toBe('SEAL_BROKEN');
    expect((await reveal(vera!.id, 'name.after')).payload.value).toBe('Vera');
  });
});

describe('the key of a subject, in the database', () => {
  const DENIED = '42501';
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => 'done',
      ({ code }: { code: string }) => code,
    );

  let id: string;
  beforeEach(async () => {
    id = newId();
    await tellName(id, 'Sara');
  });

  it.each([
    ['another key', `UPDATE audit.subject_key SET wrapped = '\\x00' WHERE subject_id = $1`],
    ['another subject', `UPDATE audit.subject_key SET subject_type = 'User' WHERE subject_id = $1`],
    [
      'another instant',
      `UPDATE audit.subject_key SET created_at = '2020-01-01', wrapped = NULL, destroyed_at = now() WHERE subject_id = $1`,
    ],
    ['no row', `DELETE FROM audit.subject_key WHERE subject_id = $1`],
    ['no rows at all', `TRUNCATE audit.subject_key`],
  ])('is not the API’s nor the owner’s to change: %s', async (_what, statement) => {
    const values = statement.includes('$1') ? [id] : [];
    expect(await codeOf(t.apiSql(statement, values))).toBe(DENIED);
    expect(await codeOf(t.sql(statement, values))).toBe(DENIED);
    expect(await codeOf(t.rewind(statement, values))).toBe(DENIED);
    expect((await keysOf(id))[0]!.wrapped).not.toBeNull();
  });

  it('is destroyed whole, once and for good', async () => {
    const destroy = `UPDATE audit.subject_key SET wrapped = NULL, destroyed_at = now() WHERE subject_id = $1`;
    expect(await codeOf(t.apiSql(`UPDATE audit.subject_key SET wrapped = NULL WHERE subject_id = $1`, [id]))).toBe(
      DENIED,
    );
    expect(
      await codeOf(t.apiSql(`UPDATE audit.subject_key SET destroyed_at = now() WHERE subject_id = $1`, [id])),
    ).toBe('23514');
    const [{ wrapped } = { wrapped: null }] = await keysOf(id);
    await t.apiSql(destroy, [id]);
    expect(await codeOf(t.apiSql(destroy, [id]))).toBe(DENIED);
    const back = `UPDATE audit.subject_key SET wrapped = $2, destroyed_at = NULL WHERE subject_id = $1`;
    expect(await codeOf(t.apiSql(back, [id, wrapped]))).toBe(DENIED);
    expect(await codeOf(t.rewind(back, [id, wrapped]))).toBe(DENIED);
    expect(await keysOf(id)).toEqual([{ subject_type: 'Agent', wrapped: null }]);
  });

  it('once destroyed, lets nothing more be said of them, nor what was said be seen', async () => {
    const [told] = await eventsAbout(id);
    await t.apiSql(`UPDATE audit.subject_key SET wrapped = NULL, destroyed_at = now() WHERE subject_id = $1`, [id]);
    expect((await reveal(told!.id, 'name.after')).code).toBe('PERSONAL_DATA_ERASED');
    await expect(tellName(id, 'Rosa')).rejects.toMatchObject({ code: 'PERSONAL_DATA_ERASED' });
    expect(await eventsAbout(id)).toEqual([told]);
  });

  it('is not for those who seal or audit to read, and not in the clear for anybody', async () => {
    const { sealer } = await ensureRoles(t.ownerUrl, t.served.app.keys);
    for (const url of [sealer, await auditorUrlOf(t)]) {
      const client = new Client({ connectionString: url });
      await client.connect();
      expect(await codeOf(client.query('SELECT wrapped FROM audit.subject_key'))).toBe(DENIED);
      await client.end();
    }
    // Id of the master key, nonce, tag, 32 bytes.
    expect((await keysOf(id))[0]!.wrapped).toHaveLength(4 + 12 + 16 + 32);
  });
});
