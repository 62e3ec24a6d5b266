import { endGrants } from '../../src/access/end-grants';
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
  tally,
} from '../support/outcomes';
import { INPUTS } from './documents';
import { overSse, until, whenFollowed } from '../subscriptions/support';
import { freshCode, givenAccount, givenDraft, givenInvoice, givenLob } from '../support/scene';

let t: TestApp;
/** Two accounts alike in everything, with two LOBs each. */
let own: World;
let foreign: World;
beforeAll(async () => {
  t = await startTestApp();
  own = await givenWorld('OWN');
  foreign = await givenWorld('FOREIGN');
});
afterEach(async () => {
  t.clock.at = null;
  await t.rewind('DELETE FROM role_grant WHERE user_id = $1', [stranger()]);
});
afterAll(() => t.close());

interface World {
  account: string;
  lob: string;
  otherLob: string;
  invoice: string;
  complaints: string[];
}

const stranger = () => t.as('stranger').userId;
const complaint = (account: string, lob: string) => ({
  accountId: account,
  lobId: lob,
  channel: 'EMAIL',
  category: 'Fees',
  receivedAt: '2026-01-05T10:00:00Z',
});

async function givenWorld(code: string): Promise<World> {
  const account = await givenAccount(t, { code: `BOUND-${code}`, legalName: `Bound ${code}` });
  const [lob, otherLob] = [await givenLob(t, account), await givenLob(t, account)];
  const complaints = [];
  for (const each of [lob, otherLob]) {
    const { result } = await t.person('operations').submit('complaint.file', complaint(account, each), each);
    complaints.push(String(result.complaint));
  }
  return { account, lob, otherLob, invoice: await givenInvoice(t, account), complaints };
}

interface Scope {
  accountId?: string;
  lobId?: string;
  endsAt?: string;
}
const input = (role: string, scope: Scope = {}) => ({ userId: stranger(), role, reason: 'one client alone', ...scope });
/** Who is given a role signs in anew. */
async function granted(role: string, scope: Scope = {}): Promise<string> {
  const { result } = await countersigned(t, 'admin', 'grantRole', input(role, scope), 'compliance');
  await t.signInAnew('stranger');
  return result.roleGrant as string;
}
const voidOf = (world: World) =>
  givenInvoice(t, world.account).then((invoiceId) =>
    proposed(t, 'billing', 'voidInvoice', { invoiceId, reason: 'billed twice' }),
  );
const ask = (query: string, who: CastName = 'stranger') => t.as(who).gql(query);
const ended = () => endGrants.run(t.served.app, {}, AbortSignal.timeout(30_000));

describe('role.grant for an account', () => {
  it('says over what and until when, in the row and in the trail', async () => {
    const endsAt = '2999-01-01T00:00:00.000Z';
    const { answer: id, events } = await eventsOf(t, () =>
      granted('operations', { accountId: own.account, lobId: own.lob, endsAt }),
    );
    expect(await rowOf(t, 'role_grant', id)).toMatchObject({
      user_id: stranger(),
      account_id: own.account,
      lob_id: own.lob,
      ends_at: new Date(endsAt),
      revoked_at: null,
      granted_by_id: t.as('admin').userId,
    });
    const told = events.find(({ action }) => action === 'role.granted');
    expect(told).toMatchObject({ actor: t.as('compliance').userId, onBehalfOf: t.as('admin').userId });
    expect(told!.changes.slice(1)).toEqual([
      { path: 'role', before: null, after: 'operations' },
      { path: 'account', before: null, after: own.account },
      { path: 'lob', before: null, after: own.lob },
      { path: 'endsAt', before: null, after: endsAt },
    ]);
    const { data } = await ask(
      `{ user(id: "${stranger()}") { roleGrants { accountId lobId endsAt lasts revokedBy { id } } } }`,
      'admin',
    );
    expect(data!.user.roleGrants).toEqual([
      { accountId: own.account, lobId: own.lob, endsAt, lasts: true, revokedBy: null },
    ]);
  });

  const refusals: [string, () => object, string][] = [
    ['an administrator of one account', () => input('admin', { accountId: own.account }), 'ROLE_NOT_GRANTABLE'],
    ['a LOB without its account', () => input('billing', { lobId: own.lob }), 'ROLE_NOT_GRANTABLE'],
    ['a LOB of another account', () => input('billing', { accountId: own.account, lobId: foreign.lob }), 'NOT_FOUND'],
    ['an unknown account', () => input('billing', { accountId: NOBODYS_ID }), 'NOT_FOUND'],
    ['what would have ended', () => input('billing', { endsAt: '2020-01-01T00:00:00Z' }), 'ROLE_GRANT_PERIOD_INVALID'],
  ];
  it.each(refusals)('refuses %s', async (_what, given, code) => {
    await expectRefused(t, { as: 'admin', mutation: 'grantRole', operation: 'role.grant', input: given(), code });
  });

  it('is refused for the same account twice, and not for another', async () => {
    await granted('billing', { accountId: own.account });
    await granted('billing', { accountId: foreign.account });
    await granted('billing', { accountId: own.account, lobId: own.lob });
    const given = input('billing', { accountId: own.account });
    await expectRefused(t, {
      as: 'admin',
      mutation: 'grantRole',
      operation: 'role.grant',
      input: given,
      code: 'ROLE_GRANT_TAKEN',
    });
  });

  it('approved twice at once is granted once, also over all accounts', async () => {
    const requests = [];
    for (let each = 0; each < 2; each += 1) requests.push(await proposed(t, 'admin', 'grantRole', input('billing')));
    const answers = await Promise.all(requests.map((each) => approve(t, each, 'compliance')));
    expect(tally(answers).DONE).toBe(1);
    expect(await t.sql('SELECT role FROM role_grant WHERE user_id = $1', [stranger()])).toEqual([{ role: 'billing' }]);
    await expect(
      t.apiSql(
        `INSERT INTO role_grant (id, user_id, role, granted_by_id) VALUES (gen_random_uuid(), $1, 'billing', $2)`,
        [stranger(), t.as('admin').userId],
      ),
    ).rejects.toMatchObject({ constraint: 'role_grant_taken' });
  });

  it('keeps nobody able to grant: whoever holds compliance for an account, or for a time, is no keeper', async () => {
    await granted('compliance', { accountId: own.account });
    const grants = await t.sql<{ id: string }>(
      `SELECT id FROM role_grant WHERE role IN ('admin', 'compliance') AND user_id <> ALL ($1) AND revoked_at IS NULL`,
      [[stranger(), t.as('admin').userId]],
    );
    const codes = [];
    for (const { id } of grants)
      codes.push((await t.as('admin').mutate('revokeRole', { roleGrantId: id, reason: 'x' }, 'outcome')).code);
    expect(codes.at(-1)).toBe('LAST_KEEPER');
    await t.rewind('UPDATE role_grant SET revoked_at = NULL, revoked_by_id = NULL WHERE id = ANY ($1)', [
      grants.map(({ id }) => id),
    ]);
  });
});

describe('somebody whose role is for one account', () => {
  const everything = `{ accounts { totalCount nodes { id lobs { totalCount } invoices { totalCount } pendingChanges { id } } }
    search: accounts(filter: { search: "Bound" }) { totalCount } invoices { totalCount nodes { id account { id } pendingChanges { id } } }
    changeRequests { totalCount nodes { id maker { name } } } complaints { nodes { id } } users { nodes { id } } }`;

  it('sees nothing of another, by lists, counts, nesting, search and pending changes', async () => {
    await granted('supervisor', { accountId: own.account });
    const [mine, theirs] = [await voidOf(own), await voidOf(foreign)];
    const { data, text, errors } = await ask(everything);
    expect(errors).toEqual([]);
    expect(data!.accounts).toMatchObject({ totalCount: 1, nodes: [{ id: own.account }] });
    expect(data!.search.totalCount).toBe(1);
    expect(text).toContain(mine.id);
    for (const id of [theirs.id, ...Object.values(foreign).flat()]) expect(text).not.toContain(id);
    expect(data!.changeRequests.nodes[0].maker).not.toBeNull();
    expect(text).not.toContain(t.as('client').userId);
  });

  it('is answered about a foreign row as about an unknown one', async () => {
    await granted('supervisor', { accountId: own.account });
    const of = async (id: string) => (await ask(`{ invoice(id: "${id}") { id } account(id: "${id}") { id } }`)).text;
    expect(await of(foreign.invoice)).toBe(await of(NOBODYS_ID));
    expect(await of(foreign.account)).toBe(await of(NOBODYS_ID));
  });

  it('pages no further with a cursor of somebody else', async () => {
    const { data } = await ask('{ accounts(first: 1, orderBy: CODE_ASC) { pageInfo { endCursor } } }', 'auditor');
    await granted('billing', { accountId: own.account });
    const after = data!.accounts.pageInfo.endCursor as string;
    const { data: page } = await ask(`{ accounts(first: 9, after: "${after}", orderBy: CODE_ASC) { nodes { id } } }`);
    expect(page!.accounts.nodes.map(({ id }: any) => id)).not.toContain(foreign.account);
  });

  it('decides what concerns it, and nothing else', async () => {
    await granted('supervisor', { accountId: own.account });
    const [mine, theirs] = [await voidOf(own), await voidOf(foreign)];
    const { data } = await ask('{ myApprovals { nodes { id canDecide } } approvalCounts { waiting } }');
    const listed = data!.myApprovals.nodes as { id: string }[];
    expect(listed.map(({ id }) => id)).toContain(mine.id);
    const waiting = (data!.approvalCounts as { waiting: number }[]).map((each) => each.waiting);
    expect(waiting.reduce((sum, each) => sum + each)).toBe(listed.length);
    expect((await approve(t, theirs, 'stranger')).code).toBe('NOT_FOUND');
    for (const mutation of ['rejectChangeRequest', 'returnChangeRequest'])
      expect((await t.as('stranger').mutate(mutation, { id: theirs.id, reason: 'no' }, 'outcome')).code).toBe(
        'NOT_FOUND',
      );
    expect((await approve(t, mine, 'stranger')).payload.outcome).toBe('DONE');
  });

  it('is told, as a subscriber, of nothing but that, and of nothing any more when the role has ended', async () => {
    await granted('supervisor', { accountId: own.account, endsAt: '2998-01-01T00:00:00Z' });
    const followed = overSse(t, t.as('stranger'));
    await whenFollowed(t, 1);
    const theirs = await voidOf(foreign);
    const mine = await voidOf(own);
    await until(() => followed.ids().includes(mine.id));
    const told = followed.ids();
    const about = await t.sql('SELECT DISTINCT account_id FROM change_request WHERE id = ANY ($1)', [told]);
    expect(about).toEqual([{ account_id: own.account }]);
    expect(told).not.toContain(theirs.id);
    t.clock.at = new Date('2998-01-01T00:00:00Z');
    await voidOf(own);
    await until(() => followed.ended !== null || followed.told.length > told.length);
    expect(followed.ids()).toEqual(told);
    followed.stop();
    await whenFollowed(t, 0);
  });

  it('counts for nothing in the database over another account, whoever wrote their yes', async () => {
    await granted('supervisor', { accountId: own.account });
    const { id } = await voidOf(foreign);
    const [standing] = await t.sql(
      'SELECT s.code FROM change_request r, change_request_standing(r, $2, now()) s WHERE r.id = $1',
      [id, stranger()],
    );
    expect(standing).toEqual({ code: 'NOT_AN_APPROVER' });
    await t.apiSql(
      `INSERT INTO decision (id, change_request_id, maker_id, revision, decided_by_id, verdict)
       SELECT gen_random_uuid(), id, maker_id, revision, $2, 'APPROVED' FROM change_request WHERE id = $1`,
      [id, stranger()],
    );
    await expect(
      t.apiSql(
        `UPDATE change_request SET status = 'EXECUTED', approved_by_id = $2, closed_at = now(), version = version + 1 WHERE id = $1`,
        [id, stranger()],
      ),
    ).rejects.toThrow('nobody approved this');
  });

  it('does what its role does there alone', async () => {
    await granted('billing', { accountId: own.account });
    await granted('operations', { accountId: own.account });
    const as = (mutation: string, given: object) => t.as('stranger').mutate(mutation, given, 'outcome');
    const lines = [{ description: 'Calls', quantity: '1', unitPrice: '5' }];
    expect((await as('draftInvoice', { accountId: own.account, lines, dueInDays: 5 })).payload.outcome).toBe('DONE');
    expect((await as('draftInvoice', { accountId: foreign.account, lines, dueInDays: 5 })).code).toBe('NOT_FOUND');
    expect((await as('voidInvoice', { invoiceId: foreign.invoice, reason: 'x' })).code).toBe('NOT_FOUND');
    expect((await as('openLob', { accountId: own.account, code: 'NEW', name: 'New' })).payload.outcome).toBe('DONE');
    expect((await as('openLob', { accountId: foreign.account, code: 'NEW', name: 'New' })).code).toBe('NOT_FOUND');
    const account = { code: 'THIRD', legalName: 'Third', currency: 'USD', timeZone: 'UTC' };
    expect((await as('openAccount', account)).code).toBe('FORBIDDEN');
    expect((await as('hireAgent', { code: 'AG-X', name: 'X', hiredOn: '2020-01-01' })).code).toBe('FORBIDDEN');
    const reveal = { type: 'Account', field: 'taxId', reason: 'to compare' };
    expect((await as('revealSensitiveValue', { ...reveal, id: foreign.account })).code).toBe('NOT_FOUND');
    expect((await t.as('stranger').mutate('revealSensitiveValue', { ...reveal, id: own.account }, 'value')).code).toBe(
      undefined,
    );
  });

  it('sees of the trail what is about it, and cannot question the rest', async () => {
    const agreementOf = async (accountId: string): Promise<string> =>
      (await countersigned(t, 'billing', 'signAgreement', { ...INPUTS.signAgreement!(), accountId })).result
        .agreement as string;
    const importOf = async (accountId: string, lob: string): Promise<string> =>
      (
        await t.as('billing').mutate(
          'importUsage',
          {
            accountId,
            source: 'DIALLER',
            records: [{ sourceId: freshCode('CALL'), lob, startedAt: '2026-01-05T09:00:00Z', talkSeconds: 60 }],
          },
          'usageImport { id }',
        )
      ).payload.usageImport.id as string;
    const [agreement, foreignAgreement] = [await agreementOf(own.account), await agreementOf(foreign.account)];
    const [imported, foreignImport] = [await importOf(own.account, 'A'), await importOf(foreign.account, 'A')];
    await granted('auditor', { accountId: own.account });
    // All of it: how much other tests of this file left there is nobody's concern.
    const seen: { id: string; action: string; subjectId: string }[] = [];
    for (let after: string | null = null, more = true; more;) {
      const page = `auditEvents(first: 100${after === null ? '' : `, after: "${after}"`})`;
      const { data } = await ask(`{ ${page} { nodes { id action subjectId } pageInfo { hasNextPage endCursor } } }`);
      seen.push(...data!.auditEvents.nodes);
      after = data!.auditEvents.pageInfo.endCursor as string;
      more = data!.auditEvents.pageInfo.hasNextPage as boolean;
    }
    expect(seen.map(({ action }) => action)).toEqual(expect.arrayContaining(['account.opened', 'invoice.issued']));
    const subjects = seen.map(({ subjectId }) => subjectId);
    expect(subjects).toEqual(expect.arrayContaining([agreement, imported]));
    for (const id of [foreign.account, foreign.invoice, foreign.lob, foreignAgreement, foreignImport])
      expect(subjects).not.toContain(id);
    const [other] = await t.sql('SELECT id FROM audit.event WHERE subject_id = $1', [foreign.account]);
    expect((await ask(`{ auditEvent(id: "${other!.id}") { id } }`)).data).toEqual({ auditEvent: null });
    expect((await ask(`{ auditInclusionProof(eventId: "${other!.id}") { sequence } }`)).code).toBe('FORBIDDEN');
    const access = `auditAccess(subjectType: "Account", subjectId: "${foreign.account}", at: "2026-06-01T00:00:00Z")`;
    expect((await ask(`{ ${access} { userId } }`)).code).toBe('FORBIDDEN');
    expect((await ask('{ auditCheckpoints(first: 1) { nodes { size } } }')).code).toBe('FORBIDDEN');
  });
});

describe('somebody whose role is for one LOB', () => {
  it('sees and does what is that LOB’s own: its complaints, not its account’s invoices', async () => {
    await granted('operations', { accountId: own.account, lobId: own.lob });
    const { data } = await ask('{ accounts { nodes { id } } lobs { nodes { id } } complaints { nodes { id } } }');
    expect(data).toEqual({
      accounts: { nodes: [{ id: own.account }] },
      lobs: { nodes: [{ id: own.lob }] },
      complaints: { nodes: [{ id: own.complaints[0] }] },
    });
    expect((await ask('{ invoices { totalCount } }')).code).toBe('FORBIDDEN');
    const as = (mutation: string, given: object) => t.as('stranger').mutate(mutation, given, 'outcome');
    expect((await as('fileComplaint', complaint(own.account, own.lob))).payload.outcome).toBe('DONE');
    expect((await as('fileComplaint', complaint(own.account, own.otherLob))).code).toBe('NOT_FOUND');
    expect((await as('acknowledgeComplaint', { complaintId: own.complaints[1] })).code).toBe('NOT_FOUND');
    expect((await as('changeAccount', { accountId: own.account, legalName: 'x', reason: 'x' })).code).toBe('FORBIDDEN');
  });

  it('decides what is that LOB’s own business', async () => {
    await granted('supervisor', { accountId: own.account, lobId: own.lob });
    await t.sql(`UPDATE approval_policy SET active = true WHERE operation = 'lob.close'`);
    const close = (lobId: string) => proposed(t, 'operations', 'closeLob', { lobId, reason: 'over' });
    const [mine, other, invoice] = [await close(own.lob), await close(own.otherLob), await voidOf(own)];
    for (const each of [other, invoice]) expect((await approve(t, each, 'stranger')).code).toBe('NOT_FOUND');
    const { data } = await ask('{ myApprovals { nodes { id } } }');
    expect(data!.myApprovals.nodes).toEqual([{ id: mine.id }]);
  });
});

describe('a role that ends', () => {
  const endsAt = new Date('2998-01-01T00:00:00.000Z');
  const at = (ms: number) => (t.clock.at = new Date(endsAt.getTime() + ms));
  const given = (role: string) => granted(role, { endsAt: endsAt.toISOString() });
  const invoices = () => ask('{ invoices { totalCount } viewer { roles } }');

  it('gives nothing at that very instant, to a session that is remembered', async () => {
    await given('billing');
    at(-1);
    for (let each = 0; each < 3; each += 1) expect((await invoices()).data!.viewer.roles).toEqual(['billing']);
    at(0);
    const after = await invoices();
    expect(after).toMatchObject({ code: 'FORBIDDEN', data: null });
    expect((await ask('{ viewer { roles permissions { action } } }')).data!.viewer.roles).toEqual([]);
    const { data } = await ask(
      `{ user(id: "${stranger()}") { roles roleGrants { lasts } } users(filter: { role: billing, email: "stranger@test.example" }) { totalCount } }`,
      'admin',
    );
    expect(data).toMatchObject({ user: { roles: [], roleGrants: [{ lasts: false }] }, users: { totalCount: 0 } });
    const draft = {
      accountId: own.account,
      lines: [{ description: 'x', quantity: '1', unitPrice: '1' }],
      dueInDays: 1,
    };
    expect((await t.as('stranger').mutate('draftInvoice', draft, 'outcome')).code).toBe('FORBIDDEN');
  });

  it('takes back a yes that was said with it, and the right to say one', async () => {
    await given('supervisor');
    const { id } = await voidOf(own);
    const standing = (now: Date) =>
      t.sql('SELECT s.code FROM change_request r, change_request_standing(r, $2, $3) s WHERE r.id = $1', [
        id,
        stranger(),
        now,
      ]);
    expect(await standing(at(-1))).toEqual([{ code: null }]);
    expect(await standing(at(0))).toEqual([{ code: 'NOT_AN_APPROVER' }]);
    await t.apiSql(
      `INSERT INTO decision (id, change_request_id, maker_id, revision, decided_by_id, verdict)
       SELECT gen_random_uuid(), id, maker_id, revision, $2, 'APPROVED' FROM change_request WHERE id = $1`,
      [id, stranger()],
    );
    const yeses = (now: Date) =>
      t.sql('SELECT s.approvals FROM change_request r, change_request_steps(r, $2) s WHERE r.id = $1', [id, now]);
    expect(await yeses(at(-1))).toEqual([{ approvals: 1 }]);
    expect(await yeses(at(0))).toEqual([{ approvals: 0 }]);
  });

  it('is told once, as of its instant, however late and by however many at once', async () => {
    const id = await given('billing');
    at(-1);
    await ended();
    expect((await rowOf(t, 'role_grant', id)).revoked_at).toBeNull();
    at(7_200_000);
    const { events } = await eventsOf(t, () => Promise.all([ended(), ended()]));
    expect(events).toMatchObject([
      {
        action: 'role.ended',
        outcome: 'DONE',
        actor: null,
        subject: { type: 'RoleGrant', id },
        changes: [
          { path: 'role', before: 'billing', after: null },
          { path: 'revokedAt', before: null, after: endsAt.toISOString() },
        ],
      },
    ]);
    expect(await rowOf(t, 'role_grant', id)).toMatchObject({ revoked_at: endsAt, revoked_by_id: null, version: 2 });
    expect((await eventsOf(t, ended)).events).toEqual([]);
    await expect(t.apiSql('UPDATE role_grant SET ends_at = NULL WHERE id = $1', [id])).rejects.toThrow(
      'permission denied',
    );
  });

  it('is not closed as of another instant, even by hand', async () => {
    const id = await given('billing');
    await expect(
      t.apiSql('UPDATE role_grant SET revoked_at = now(), version = version + 1 WHERE id = $1', [id]),
    ).rejects.toThrow('a grant ends at its instant');
  });

  it('is granted again at once, and cannot be revoked any more', async () => {
    const id = await given('billing');
    at(0);
    const revoke = { roleGrantId: id, reason: 'over' };
    await expectRefused(t, {
      as: 'admin',
      mutation: 'revokeRole',
      operation: 'role.revoke',
      input: revoke,
      code: 'ROLE_NOT_REVOCABLE',
    });
    const again = await granted('billing');
    expect(await rowOf(t, 'role_grant', id)).toMatchObject({ revoked_at: endsAt, revoked_by_id: null });
    expect((await rowOf(t, 'role_grant', again)).revoked_at).toBeNull();
    expect(await givenDraft(t, own.account)).toBeTruthy();
  });
});
