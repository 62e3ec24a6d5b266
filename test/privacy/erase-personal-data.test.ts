import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { rowTypes } from '../../src/entities';
import { verifyInclusion } from '../../src/audit/verify-proofs';
import { canonical, storedEvents } from '../audit/support';
import { sealAll } from '../audit/seal-support';
import { verifiedDatabase } from '../audit/verification';
import { tellAllRows } from '../audit/told-rows';
import { startTestApp, type TestApp } from '../support/app';
import type { CastName } from '../support/cast';
import {
  approve,
  countersigned,
  eventsOf,
  expectRefused,
  NOBODYS_ID,
  proposed,
  rowOf,
  stateOf,
  tally,
  told,
  type Waiting,
} from '../support/outcomes';
import { freshCode, givenAccount, givenAgent, givenLob, trail } from '../support/scene';

let t: TestApp;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'countersign-erasure-'));
  t = await startTestApp({ REVEALS_PER_DAY: '1000', AUDIT_CHECKPOINTS: folder });
  await tellAllRows(t);
});
afterAll(async () => {
  await t.close();
  rmSync(folder, { recursive: true });
});

type Type = 'User' | 'Agent' | 'Complaint' | 'ChangeRequest';

const op = { mutation: 'erasePersonalData', operation: 'personalData.erase' };
const asked = (subjectType: Type, subjectId: string, more: object = {}) => ({
  subjectType,
  subjectId,
  reason: 'They asked for it',
  ...more,
});

/** Proposed by compliance and approved by an administrator. */
const erase = (subjectType: Type, subjectId: string) =>
  countersigned(t, 'compliance', 'erasePersonalData', asked(subjectType, subjectId), 'admin');

/** A value that stands nowhere else. */
const canary = (what: string) => `Canary${freshCode(what).replaceAll('-', '')}`;

/** Every column of every table that holds a text, as it stands or as bytes. */
async function whereIs(text: string): Promise<string[]> {
  const tables = await t.sql<{ name: string }>(
    `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'm') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY 1`,
  );
  const hex = Buffer.from(text, 'utf8').toString('hex');
  const found: string[] = [];
  for (const { name } of tables) {
    const [{ count } = { count: 0 }] = await t.sql<{ count: number }>(
      `SELECT count(*)::int AS count FROM ${name} r WHERE r::text ILIKE '%' || $1 || '%' OR r::text LIKE '%' || $2 || '%'`,
      [text, hex],
    );
    if (count > 0) found.push(name.replace(/content_\d{4}_\d{2}/, 'content'));
  }
  return found;
}

const hire = async (name: string): Promise<string> => givenAgent(t, { name });

/** Under a policy while it is proposed and approved: what the request keeps is to go, too. */
async function underPolicy<T>(operation: string, work: () => Promise<T>): Promise<T> {
  const set = (active: boolean) =>
    t.sql('UPDATE approval_policy SET active = $2 WHERE operation = $1', [operation, active]);
  await set(true);
  try {
    return await work();
  } finally {
    await set(false);
  }
}

async function givenUser(name: string, email: string): Promise<string> {
  const { payload } = await t
    .as('admin')
    .mutate('createUser', { name, email, password: 'a long enough one' }, 'user { id }');
  return payload.user.id as string;
}

const deactivate = (userId: string) => t.as('admin').mutate('deactivateUser', { userId, reason: 'left' }, 'outcome');

async function givenComplaint(more: object = {}): Promise<string> {
  const accountId = await givenAccount(t);
  const input = {
    accountId,
    lobId: await givenLob(t, accountId),
    channel: 'WEB',
    category: 'Fees',
    receivedAt: new Date().toISOString(),
    ...more,
  };
  const { payload } = await t.as('operations').mutate('fileComplaint', input, 'complaint { id }');
  return payload.complaint.id as string;
}

const resolve = (complaintId: string, more: object = {}) =>
  t.as('compliance').mutate('resolveComplaint', { complaintId, resolution: 'UPHELD', ...more }, 'outcome');

const reveal = (id: string, field: string) =>
  t.as('auditor').mutate('revealSensitiveValue', { type: 'AuditEvent', id, field, reason: 'an audit' }, 'value');

const verified = (of = t) => verifiedDatabase(of, { types: rowTypes });

describe('personalData.erase', () => {
  it('waits for a second person, and then erases an agent: row, key, event and actors', async () => {
    const name = canary('AGENT');
    const id = await hire(name);
    const request = await proposed(t, 'compliance', 'erasePersonalData', asked('Agent', id));
    expect((await rowOf(t, 'agent', id)).name).toBe(name);
    expect((await approve(t, request, 'compliance')).code).toBe('MAKER_IS_CHECKER');
    const { answer, events } = await eventsOf(t, () => approve(t, request, 'admin'));
    expect(answer.payload.changeRequest.status).toBe('EXECUTED');
    expect(await rowOf(t, 'agent', id)).toMatchObject({ name: '(erased)', version: 2 });
    expect(await t.sql('SELECT wrapped, destroyed_at FROM audit.subject_key WHERE subject_id = $1', [id])).toEqual([
      { wrapped: null, destroyed_at: expect.any(Date) },
    ]);
    expect(told(events)).toEqual([
      {
        action: 'personalData.erased',
        outcome: 'DONE',
        actor: t.as('admin').userId,
        onBehalfOf: t.as('compliance').userId,
        subject: { type: 'Agent', id, version: 2 },
        reason: 'They asked for it',
      },
      expect.objectContaining({ action: 'changeRequest.approved' }),
    ]);
    expect(events[0]!.changes).toEqual([
      { path: 'erasedFields', before: null, after: ['name'] },
      { path: 'changeRequests', before: null, after: 0 },
      { path: 'keys', before: null, after: 1 },
    ]);
    expect(await whereIs(name)).toEqual([]);
    const shown = await t.as('operations').gql('query ($id: ID!) { agent(id: $id) { name } }', { id });
    expect(shown.data!.agent).toEqual({ name: '(erased)' });
  });

  it('leaves events, their bytes and their proofs as they are', async () => {
    const name = canary('PROOF');
    const id = await hire(name);
    await sealAll(t);
    const PROOF = `query ($id: ID!) { auditInclusionProof(eventId: $id) { sequence size leafHash hashes rootHash } }`;
    const [hired] = await trail(t, 'subject_id = $1', [id]);
    const before = await storedEvents(t);
    const seen = (await t.as('auditor').gql(PROOF, { id: hired!.id })).data!.auditInclusionProof;
    expect((await reveal(hired!.id, 'name.after')).payload).toEqual({ value: name });

    await erase('Agent', id);
    await sealAll(t);

    const after = new Map((await storedEvents(t)).map((event) => [event.id, event]));
    for (const event of before) expect(after.get(event.id)).toEqual(event);
    const { findings, total } = await verified();
    expect({ findings, total }).toEqual({ findings: [], total: 0 });
    const bytes = (hex: string) => Buffer.from(hex, 'hex');
    const proof = (await t.as('auditor').gql(PROOF, { id: hired!.id })).data!.auditInclusionProof;
    for (const { sequence, size, leafHash, hashes, rootHash } of [seen, proof])
      expect(verifyInclusion(bytes(leafHash), sequence, size, hashes.map(bytes), bytes(rootHash))).toBe(true);
    expect(proof.leafHash).toBe(seen.leafHash);
    // What it says can still be read, and no longer whom it says it of.
    const shown = await t
      .as('auditor')
      .gql('query ($id: ID!) { auditEvent(id: $id) { content changes { path after } summary } }', { id: hired!.id });
    expect(JSON.parse(shown.data!.auditEvent.content)).toEqual(hired);
    expect(shown.data!.auditEvent.content).toBe(canonical(hired));
    expect(shown.data!.auditEvent.changes).toContainEqual({ path: 'name', after: '••••••••' });
    expect((await reveal(hired!.id, 'name.after')).code).toBe('PERSONAL_DATA_ERASED');
    expect(await whereIs(name)).toEqual([]);
  });

  it('erases a user who left, who stays as who did what', async () => {
    const [name, mail] = [canary('USER'), canary('MAIL').toLowerCase()];
    const { result } = await underPolicy('user.create', () =>
      countersigned(
        t,
        'admin',
        'createUser',
        { name, email: `${mail}@mail.example`, password: 'a long enough one' },
        'compliance',
      ),
    );
    const id = result.user as string;
    expect(await whereIs(name)).toEqual(['app_user', 'change_request']);
    await t.sql(`UPDATE app_user SET former_password_hashes = ARRAY['$argon2id$v=19'] WHERE id = $1`, [id]);
    await deactivate(id);
    const { request } = await erase('User', id);
    expect(await rowOf(t, 'app_user', id)).toMatchObject({
      name: '(erased)',
      email: `erased-${id}@invalid`,
      password_hash: '',
      former_password_hashes: null,
      version: 3,
    });
    expect(await whereIs(name)).toEqual([]);
    expect(await whereIs(mail)).toEqual([]);
    const [erased] = await trail(t, `change_request_id = $1 AND action = 'personalData.erased'`, [request.id]);
    expect(erased!.changes.map(({ after }: any) => after)).toEqual([
      ['name', 'email', 'passwordHash', 'formerPasswordHashes', 'oidcSubject'],
      1,
      2,
    ]);
    // Two rows were changed, and the event tells of both.
    expect(erased!.rows).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ type: 'User', id, version: 3 }),
        expect.objectContaining({ type: 'ChangeRequest', version: 3 }),
      ]),
    );
    const about = await trail(
      t,
      `subject_id = $1 OR change_request_id IN (SELECT id FROM change_request WHERE result ->> 'user' = $1::text)`,
      [id],
    );
    const sealed = about.filter((event) => 'sealed' in event);
    expect(sealed.map(({ action }) => action)).toEqual(['changeRequest.proposed', 'user.created']);
    for (const event of sealed) expect((await reveal(event.id, 'email.after')).code).toBe('PERSONAL_DATA_ERASED');
    // Somebody may have that address again.
    await givenUser('Another', `${mail}@mail.example`);
  });

  it('erases a complaint’s customer, what they said and what was answered, and what requests keep of it', async () => {
    const [name, mail, said, note] = ['NAME', 'MAIL', 'SAID', 'NOTE'].map(canary) as [string, string, string, string];
    const customer = { name, email: `${mail}@mail.example`, phone: '+1 202 555 0143', cardNumber: '4111111111111111' };
    const id = await givenComplaint({ customer, narrative: said });
    await underPolicy('complaint.resolve', () =>
      countersigned(t, 'operations', 'resolveComplaint', { complaintId: id, resolution: 'UPHELD', note }),
    );
    const kept = await rowOf(t, 'complaint', id);
    await erase('Complaint', id);
    const row = await rowOf(t, 'complaint', id);
    const emptied = Object.keys(row).filter((column) => /^customer_|^narrative$|^resolution_note$/.test(column));
    expect(emptied).toHaveLength(12);
    expect(row).toEqual({
      ...kept,
      version: kept.version + 1,
      ...Object.fromEntries(emptied.map((each) => [each, null])),
    });
    for (const each of [name, mail, said, note]) expect(await whereIs(each)).toEqual([]);
    const [request] = await t.sql(
      `SELECT status, changes, input_shown, input_sealed, reason, version FROM change_request WHERE subject_id = $1 AND operation = 'complaint.resolve'`,
      [id],
    );
    expect(request).toMatchObject({ status: 'EXECUTED', input_shown: {}, input_sealed: Buffer.alloc(0), version: 3 });
    expect(request!.changes).toContainEqual({ path: 'resolutionNote', before: null, after: '••••••••' });
    expect(request!.changes).toContainEqual({ path: 'resolution', before: null, after: 'UPHELD' });
    const look = { type: 'Complaint', id, field: 'customer.email', reason: 'a call' };
    expect((await t.as('compliance').mutate('revealSensitiveValue', look, 'value')).code).toBe(
      'SENSITIVE_VALUE_ABSENT',
    );
  });

  it('lets nothing personal be said of it any more, and everything else', async () => {
    const complaintId = await givenComplaint({ customer: { name: canary('AGAIN') } });
    await resolve(complaintId);
    await erase('Complaint', complaintId);
    const reopened = await t.as('compliance').mutate('reopenComplaint', { complaintId, reason: 'again' }, 'outcome');
    expect(reopened.errors).toEqual([]);
    await expectRefused(t, {
      as: 'compliance',
      mutation: 'resolveComplaint',
      operation: 'complaint.resolve',
      input: { complaintId, resolution: 'UPHELD', note: 'It was Ada.' },
      code: 'PERSONAL_DATA_ERASED',
    });
    expect((await resolve(complaintId)).errors).toEqual([]);
  });

  it('erases what requests keep that never made anything: rejected, expired', async () => {
    const [rejected, expired] = [canary('REJECTED'), canary('EXPIRED')];
    const [one, other] = await underPolicy('agent.hire', async (): Promise<[Waiting, Waiting]> => [
      await proposed(t, 'operations', 'hireAgent', { code: freshCode('AG'), name: rejected, hiredOn: '2024-01-01' }),
      await proposed(t, 'operations', 'hireAgent', { code: freshCode('AG'), name: expired, hiredOn: '2024-01-01' }),
    ]);
    await expectRefused(t, {
      as: 'compliance',
      ...op,
      input: asked('ChangeRequest', one.id),
      code: 'PERSONAL_DATA_IN_USE',
      details: { why: 'ChangeRequest' },
    });
    await t.as('supervisor').mutate('rejectChangeRequest', { id: one.id, reason: 'no' }, 'outcome');
    await t.rewind(`UPDATE change_request SET expires_at = '2020-01-01' WHERE id = $1`, [other.id]);
    for (const { id } of [one, other]) await erase('ChangeRequest', id);
    expect(await rowOf(t, 'change_request', one.id)).toMatchObject({ status: 'REJECTED', input_shown: {} });
    expect(await rowOf(t, 'change_request', other.id)).toMatchObject({
      status: 'EXPIRED',
      failure_code: 'CHANGE_REQUEST_EXPIRED',
      closed_at: expect.any(Date),
      input_shown: {},
    });
    for (const each of [rejected, expired]) expect(await whereIs(each)).toEqual([]);
    const [asking] = await trail(t, `action = 'changeRequest.proposed' AND change_request_id = $1`, [one.id]);
    expect((await reveal(asking!.id, 'name.after')).code).toBe('PERSONAL_DATA_ERASED');
  });

  it('erases what was returned for rework and not revised in time, and nothing before that', async () => {
    const name = canary('RETURNED');
    const request = await underPolicy('agent.hire', () =>
      proposed(t, 'operations', 'hireAgent', { code: freshCode('AG'), name, hiredOn: '2024-01-01' }),
    );
    await t.as('supervisor').mutate('returnChangeRequest', { id: request.id, reason: 'which team?' });
    const refusal = { as: 'compliance', ...op, input: asked('ChangeRequest', request.id) } as const;
    await expectRefused(t, { ...refusal, code: 'PERSONAL_DATA_IN_USE', details: { why: 'ChangeRequest' } });
    await t.rewind(`UPDATE change_request SET expires_at = '2020-01-01' WHERE id = $1`, [request.id]);
    await erase('ChangeRequest', request.id);
    expect(await rowOf(t, 'change_request', request.id)).toMatchObject({ status: 'EXPIRED', input_shown: {} });
    expect(await whereIs(name)).toEqual([]);
  });

  it('erases also what has no key, and none is made any more', async () => {
    const id = await hire(canary('KEYLESS'));
    await t.sql('ALTER TABLE audit.subject_key DISABLE TRIGGER ALL');
    await t.sql('DELETE FROM audit.subject_key WHERE subject_id = $1', [id]);
    await t.sql('ALTER TABLE audit.subject_key ENABLE ALWAYS TRIGGER subject_key_is_only_destroyed');
    await t.sql('ALTER TABLE audit.subject_key ENABLE ALWAYS TRIGGER subject_key_is_only_destroyed_too');
    await erase('Agent', id);
    expect(await t.sql('SELECT wrapped FROM audit.subject_key WHERE subject_id = $1', [id])).toEqual([
      { wrapped: null },
    ]);
    await expectRefused(t, { as: 'compliance', ...op, input: asked('Agent', id), code: 'PERSONAL_DATA_ERASED' });
  });
});

describe('personalData.erase is refused', () => {
  it.each([
    ['nobody is signed in', 'nobody', 'UNAUTHENTICATED'],
    ['an administrator proposes it, who countersigns it', 'admin', 'FORBIDDEN'],
    ['a supervisor', 'supervisor', 'FORBIDDEN'],
    ['operations', 'operations', 'FORBIDDEN'],
    ['an auditor', 'auditor', 'FORBIDDEN'],
    ['somebody without any role', 'stranger', 'FORBIDDEN'],
  ] as const)('%s', async (_what, as, code) => {
    await expectRefused(t, { as, ...op, input: asked('Agent', await hire('Agent')), code });
  });

  it.each([
    ['a type that there is not', { subjectType: 'Planet' }, 'NOT_FOUND'],
    ['a type of which nothing is personal', { subjectType: 'Account' }, 'NOT_FOUND'],
    ['a type of every object', { subjectType: 'constructor' }, 'NOT_FOUND'],
    ['an agent that there is not', { subjectId: NOBODYS_ID }, 'NOT_FOUND'],
    ['an id that is none', { subjectId: 'x' }, 'NOT_FOUND'],
    ['no reason', { reason: ' ' }, 'BAD_USER_INPUT'],
  ])('%s', async (_what, more, code) => {
    await expectRefused(t, { as: 'compliance', ...op, input: { ...asked('Agent', NOBODYS_ID), ...more }, code });
  });

  const inUse = (type: Type, id: string, why: string = type) =>
    expectRefused(t, {
      as: 'compliance',
      ...op,
      input: asked(type, id),
      code: 'PERSONAL_DATA_IN_USE',
      details: { why },
    });

  it('a user who can still sign in', async () => {
    await inUse('User', t.as('operations').userId);
  });

  it('an agent who works, or will, until the day that it ends', async () => {
    const agentId = await hire('Agent');
    const lobId = await givenLob(t, await givenAccount(t, { timeZone: 'UTC' }));
    const assigned = { agentId, lobId, startsOn: '2024-01-01' };
    const { payload } = await t.as('operations').mutate('assignAgent', assigned, 'assignment { id }');
    await inUse('Agent', agentId);
    const today = new Date().toISOString().slice(0, 10);
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    const end = (endsOn: string) =>
      t
        .as('operations')
        .mutate('endAssignment', { assignmentId: payload.assignment.id, endsOn, reason: 'left' }, 'outcome');
    expect((await end(tomorrow)).errors).toEqual([]);
    await inUse('Agent', agentId);
    expect((await end(today)).errors).toEqual([]);
    await erase('Agent', agentId);
  });

  it('a complaint that is open, also again', async () => {
    const id = await givenComplaint();
    await inUse('Complaint', id);
    await resolve(id);
    await t.as('compliance').mutate('reopenComplaint', { complaintId: id, reason: 'again' }, 'outcome');
    await inUse('Complaint', id);
  });

  it('somebody over whom a change waits', async () => {
    const id = await givenComplaint();
    await resolve(id);
    const reopening = await underPolicy('complaint.reopen', () =>
      proposed(t, 'compliance', 'reopenComplaint', { complaintId: id, reason: 'new facts' }),
    );
    await inUse('Complaint', id, 'ChangeRequest');
    await t.as('compliance').mutate('withdrawChangeRequest', { id: reopening.id }, 'outcome');
    await erase('Complaint', id);
  });

  it('what was erased already', async () => {
    const id = await hire('Agent');
    await erase('Agent', id);
    await expectRefused(t, { as: 'compliance', ...op, input: asked('Agent', id), code: 'PERSONAL_DATA_ERASED' });
  });

  it('what came to be in use while it waited: STALE, and nothing is erased', async () => {
    const name = canary('STALE');
    const agentId = await hire(name);
    const request = await proposed(t, 'compliance', 'erasePersonalData', asked('Agent', agentId));
    const lobId = await givenLob(t, await givenAccount(t));
    await t.as('operations').mutate('assignAgent', { agentId, lobId, startsOn: '2024-01-01' }, 'outcome');
    expect((await approve(t, request, 'admin')).code).toBe('CHANGE_REQUEST_STALE');
    expect((await rowOf(t, 'agent', agentId)).name).toBe(name);
    expect((await rowOf(t, 'change_request', request.id)).status).toBe('STALE');
  });

  it('approved by roles that may not, or by whoever proposed it', async () => {
    const request = await proposed(t, 'compliance', 'erasePersonalData', asked('Agent', await hire('Agent')));
    const before = await stateOf(t);
    for (const [as, code] of [
      ['compliance', 'MAKER_IS_CHECKER'],
      ['supervisor', 'NOT_AN_APPROVER'],
      ['auditor', 'FORBIDDEN'],
      ['operations', 'FORBIDDEN'],
    ] as [CastName, string][])
      expect({ as, code: (await approve(t, request, as)).code }).toEqual({ as, code });
    expect(await stateOf(t)).toEqual(before);
  });

  it('a policy that would let one person do it', async () => {
    const [policy] = await t.sql(`SELECT id FROM approval_policy WHERE operation = 'personalData.erase'`);
    for (const [more, code] of [
      [{ active: false }, 'POLICY_NOT_WEAKENABLE'],
      [{ approverRoles: ['supervisor'] }, 'POLICY_ROLE_UNFIT'],
    ] as const) {
      const input = { approvalPolicyId: policy!.id, reason: 'quicker', ...more };
      expect((await t.as('admin').mutate('changeApprovalPolicy', input, 'outcome')).code).toBe(code);
    }
    await t.sql(`UPDATE approval_policy SET active = false WHERE operation = 'personalData.erase'`);
    const input = asked('Agent', await hire('Agent'));
    await expectRefused(t, { as: 'compliance', ...op, input, code: 'APPROVAL_POLICY_MISSING' });
    await t.sql(`UPDATE approval_policy SET active = true WHERE operation = 'personalData.erase'`);
  });
});

describe('personalData.erase, repeated and raced', () => {
  it('is proposed once per key', async () => {
    const input = asked('Agent', await hire('Agent'), { idempotencyKey: freshCode('KEY') });
    const answers = await Promise.all(
      Array.from({ length: 5 }, () =>
        t.as('compliance').mutate('erasePersonalData', input, 'outcome changeRequest { id }'),
      ),
    );
    expect(tally(answers)).toEqual({ AWAITING_APPROVAL: 5 });
    expect(new Set(answers.map(({ payload }) => payload.changeRequest.id)).size).toBe(1);
  });

  it('is carried out once, whoever approves at once, also of several requests', async () => {
    const id = await hire(canary('RACE'));
    const requests: Waiting[] = [];
    for (let n = 0; n < 3; n += 1)
      requests.push(await proposed(t, 'compliance', 'erasePersonalData', asked('Agent', id)));
    const { answer, events } = await eventsOf(t, () =>
      Promise.all(requests.flatMap((request) => (['admin', 'admin2'] as const).map((as) => approve(t, request, as)))),
    );
    expect(tally(answer).DONE).toBe(1);
    expect(events.filter(({ action }) => action === 'personalData.erased')).toHaveLength(1);
    expect(await rowOf(t, 'agent', id)).toMatchObject({ name: '(erased)', version: 2 });
  });

  it('raced with what is said of it: either that was said before, or not at all', async () => {
    for (let round = 0; round < 4; round += 1) {
      const note = canary('RACING');
      const complaintId = await givenComplaint();
      await resolve(complaintId);
      const request = await proposed(t, 'compliance', 'erasePersonalData', asked('Complaint', complaintId));
      await Promise.all([
        approve(t, request, 'admin'),
        t
          .as('compliance')
          .mutate('reopenComplaint', { complaintId, reason: 'again' }, 'outcome')
          .then(() => resolve(complaintId, { note })),
      ]);
      const { status } = await rowOf(t, 'change_request', request.id);
      expect(['EXECUTED', 'STALE']).toContain(status);
      if (status === 'EXECUTED') expect(await whereIs(note)).toEqual([]);
      else expect((await rowOf(t, 'complaint', complaintId)).version).toBeGreaterThan(2);
    }
  });

  it('reaches what was asked for before it was revised', async () => {
    const [first, second] = [canary('FIRST'), canary('SECOND')];
    const id = await underPolicy('agent.hire', async () => {
      const input = { code: freshCode('AG'), name: first, hiredOn: '2024-01-01' };
      const request = await proposed(t, 'operations', 'hireAgent', input);
      const revision = { id: request.id, input: { ...input, name: second } };
      const { payload } = await t
        .as('operations')
        .mutate('reviseChangeRequest', revision, 'changeRequest { id revision digest }');
      await approve(t, payload.changeRequest);
      return (await rowOf(t, 'change_request', request.id)).result.agent as string;
    });
    expect(await whereIs(first)).toEqual(['change_request_revision']);
    expect(await whereIs(second)).toEqual(['agent', 'change_request']);
    await erase('Agent', id);
    for (const each of [first, second]) expect(await whereIs(each)).toEqual([]);
  });

  it('past the operation, by the API’s own login: auditors find the key that is gone, and the row that was emptied', async () => {
    const other = await startTestApp({ AUDIT_CHECKPOINTS: folder });
    try {
      await tellAllRows(other);
      const id = await givenAgent(other);
      await sealAll(other);
      expect((await verified(other)).total).toBe(0);
      await other.apiSql('UPDATE audit.subject_key SET wrapped = NULL, destroyed_at = now() WHERE subject_id = $1', [
        id,
      ]);
      await other.apiSql(`UPDATE agent SET name = '(erased)' WHERE id = $1`, [id]);
      const { findings } = await verified(other);
      expect(findings.map(({ kind, message }) => `${kind} ${message.split(':')[0]}`)).toEqual([
        `KEY_DESTROYED Agent ${id}`,
        `ROW_ALTERED Agent ${id}`,
      ]);
    } finally {
      await other.close();
    }
  });
});
