import { eraseByCalendar } from '../../src/privacy/erase-by-calendar';
import { retentionStatus } from '../../src/privacy/retention-status';
import { loadConfig } from '../../src/config';
import { sealAll } from '../audit/seal-support';
import { tellAllRows } from '../audit/told-rows';
import { verifiedDatabase } from '../audit/verification';
import { startAppOver, startTestApp, type TestApp } from '../support/app';
import { TEST_MASTER_KEY } from '../support/config';
import { approve, countersigned, proposed, rowOf } from '../support/outcomes';
import { givenAccount, givenLob, trail } from '../support/scene';

const SETTINGS = {
  RETENTION_DAYS: 'cardNumber=30,email=60,phone=0,complaint=90,taxId=10,bankAccountNumber=0',
  REVEALS_PER_DAY: '1000',
};
const CARD = '5500005555555559';

let t: TestApp;
let accountId: string;
let lobId: string;
beforeAll(async () => {
  t = await startTestApp(SETTINGS);
  await tellAllRows(t);
  accountId = await givenAccount(t);
  lobId = await givenLob(t, accountId);
});
afterEach(() => {
  t.clock.at = null;
});
afterAll(() => t.close());

const DAY = 86_400_000;
const at = (from: Date, days: number, ms = 0) => (t.clock.at = new Date(from.getTime() + days * DAY + ms));
/** As a process that has not looked within the hour. */
const look = (where: TestApp = t) => eraseByCalendar.run({ ...where.served.app }, null, new AbortController().signal);

const input = () => ({
  accountId,
  lobId,
  channel: 'WEB',
  category: 'Fees',
  receivedAt: new Date().toISOString(),
  narrative: 'I was charged twice.',
  customer: { name: 'Ada Retained', email: 'ada@retained.example', phone: '+12025550143', cardNumber: CARD },
});

async function underPolicy<T>(operation: string, work: () => Promise<T>): Promise<T> {
  const set = (active: boolean) =>
    t.sql('UPDATE approval_policy SET active = $2 WHERE operation = $1', [operation, active]);
  await set(true);
  return work().finally(() => set(false));
}

/** A complaint that two people filed, so that a request keeps what it said, and that is resolved; since when. */
async function givenResolved(): Promise<{ id: string; requestId: string; since: Date }> {
  const { result } = await underPolicy('complaint.file', () =>
    countersigned(t, 'operations', 'fileComplaint', input()),
  );
  const { complaint: id } = result;
  const [made] = await t.sql(`SELECT id FROM change_request WHERE result ->> 'complaint' = $1`, [id]);
  await resolve(id);
  return { id, requestId: made!.id, since: (await rowOf(t, 'complaint', id)).resolved_at };
}

async function resolve(complaintId: string): Promise<void> {
  const { errors } = await t.as('compliance').mutate('resolveComplaint', { complaintId, resolution: 'UPHELD' });
  expect(errors).toEqual([]);
}

const reveal = (id: string, field: string, type = 'Complaint') =>
  t.as('compliance').mutate('revealSensitiveValue', { type, id, field, reason: 'a test' }, 'value');

const eventsAbout = (id: string, action: string) => trail(t, `action = $1 AND subject_id = $2`, [action, id]);

const partsOf = (row: Record<string, any>, field: string) =>
  ['sealed', 'masked', 'digest'].map((part) => row[`customer_${field}_${part}`] as unknown);

describe('values that are kept for so many days', () => {
  it('stay until the day, and then go, each row with one event of the house; what is kept longer stays', async () => {
    const { id, requestId, since } = await givenResolved();
    const { closed_at: closed } = await rowOf(t, 'change_request', requestId);
    at(closed, 30, -1);
    await look();
    expect(await eventsAbout(id, 'sensitiveValues.erased')).toEqual([]);
    expect((await rowOf(t, 'change_request', requestId)).input_sealed).not.toHaveLength(0);
    expect((await reveal(id, 'customer.cardNumber')).payload).toEqual({ value: CARD });
    at(since, 30);
    await look();
    const row = await rowOf(t, 'complaint', id);
    expect(partsOf(row, 'card_number')).toEqual([null, null, null]);
    expect(partsOf(row, 'email')).toEqual([expect.any(Buffer), 'a••••••••@retained.example', expect.any(Buffer)]);
    expect(row).toMatchObject({ customer_name: 'Ada Retained', narrative: 'I was charged twice.' });
    expect((await reveal(id, 'customer.cardNumber')).code).toBe('SENSITIVE_VALUE_ABSENT');
    const sought = { type: 'Complaint', field: 'customer.cardNumber', value: CARD, reason: 'a test' };
    const { payload } = await t.as('compliance').mutate('findBySensitiveValue', sought, 'ids');
    expect(payload.ids).not.toContain(id);
    expect(await eventsAbout(id, 'sensitiveValues.erased')).toMatchObject([
      {
        actor: null,
        outcome: 'DONE',
        subject: { type: 'Complaint', id },
        changes: [{ path: 'erasedFields', before: null, after: ['customer.cardNumber'] }],
        rows: [{ type: 'Complaint', id, version: row.version }],
      },
    ]);
    // What the request had of it went with it, and the trail says so, too.
    expect(await rowOf(t, 'change_request', requestId)).toMatchObject({
      status: 'EXECUTED',
      input_shown: {},
      input_sealed: Buffer.alloc(0),
    });
    expect(await trail(t, `action = 'changeRequest.inputErased' AND change_request_id = $1`, [requestId])).toHaveLength(
      1,
    );
    at(since, 30, 7_200_000);
    await look();
    expect(await eventsAbout(id, 'sensitiveValues.erased')).toHaveLength(1);
  });

  it('go with all that is personal of a complaint, and its key, in the end', async () => {
    const { id, since } = await givenResolved();
    const [filed] = await eventsAbout(id, 'complaint.filed');
    at(since, 60);
    await look();
    expect(partsOf(await rowOf(t, 'complaint', id), 'email')).toEqual([null, null, null]);
    const field = 'customer.cardNumber.after';
    expect((await reveal(filed!.id, field, 'AuditEvent')).payload.value).toBe('550000••••••5559');
    at(since, 90, -1);
    await look();
    expect((await rowOf(t, 'complaint', id)).narrative).toBe('I was charged twice.');
    at(since, 90, 3_700_000);
    await look();
    const row = await rowOf(t, 'complaint', id);
    const emptied = Object.keys(row).filter((column) => /^customer_|^narrative$|^resolution_note$/.test(column));
    expect(emptied.filter((column) => row[column] !== null)).toEqual([]);
    expect(await t.sql('SELECT wrapped FROM audit.subject_key WHERE subject_id = $1', [id])).toEqual([
      { wrapped: null },
    ]);
    expect((await reveal(filed!.id, field, 'AuditEvent')).code).toBe('PERSONAL_DATA_ERASED');
    at(since, 92);
    await look();
    expect(await eventsAbout(id, 'personalData.erased')).toMatchObject([
      { actor: null, reason: 'It was kept for as long as it may be.' },
    ]);
    await sealAll(t);
    const { findings } = await verifiedDatabase(t, { types: ['Complaint', 'ChangeRequest'] });
    expect(findings.map(({ message }) => message)).toEqual([]);
  });

  it('stay while somebody reopened what it is about, or asks for a change of it, and then their time begins anew', async () => {
    const { id, since } = await givenResolved();
    // Whoever asks has longer than the value is kept.
    await t.sql(`UPDATE approval_policy SET expires_after_hours = 8000 WHERE operation = 'complaint.reopen'`);
    const waiting = await underPolicy('complaint.reopen', () =>
      proposed(t, 'compliance', 'reopenComplaint', { complaintId: id, reason: 'not done' }),
    );
    at(since, 30, 1);
    await look();
    expect((await approve(t, waiting)).errors).toEqual([]);
    at(since, 31);
    await look();
    expect((await reveal(id, 'customer.cardNumber')).payload).toEqual({ value: CARD });
    await resolve(id);
    at(since, 60);
    await look();
    expect(partsOf(await rowOf(t, 'complaint', id), 'card_number')[0]).not.toBeNull();
    at(since, 61);
    await look();
    expect(partsOf(await rowOf(t, 'complaint', id), 'card_number')).toEqual([null, null, null]);
  });

  it('raced by two processes, a reveal and somebody who reopens it: erased once or not at all, and never shown after that', async () => {
    const other = await startAppOver(t.ownerUrl, SETTINGS);
    try {
      for (let round = 0; round < 3; round += 1) {
        const { id, since } = await givenResolved();
        other.clock.at = at(since, 30 + round);
        const [reopened, seen] = await Promise.all([
          t.as('compliance').mutate('reopenComplaint', { complaintId: id, reason: 'again' }, 'outcome'),
          reveal(id, 'customer.cardNumber'),
          look(),
          look(other),
        ]);
        expect(reopened.errors).toEqual([]);
        const gone = (await rowOf(t, 'complaint', id)).customer_card_number_sealed === null;
        expect(await eventsAbout(id, 'sensitiveValues.erased')).toHaveLength(gone ? 1 : 0);
        expect([CARD, 'SENSITIVE_VALUE_ABSENT']).toContain(seen.code ?? seen.payload.value);
        const after = await reveal(id, 'customer.cardNumber');
        expect(after.code ?? after.payload.value).toBe(gone ? 'SENSITIVE_VALUE_ABSENT' : CARD);
      }
    } finally {
      await other.close();
    }
  });

  it('go from what was asked for and never made, and from accounts that are closed; 0 keeps for good', async () => {
    const refused = await underPolicy('complaint.file', () => proposed(t, 'operations', 'fileComplaint', input()));
    await t.as('supervisor').mutate('rejectChangeRequest', { id: refused.id, reason: 'no' }, 'outcome');
    const { closed_at: closed } = await rowOf(t, 'change_request', refused.id);
    const leaving = await givenAccount(t, { taxId: 'TX-LEAVES-1' });
    await countersigned(t, 'operations', 'closeAccount', { accountId: leaving, reason: 'they left' });
    const { closed_at: left } = await rowOf(t, 'account', leaving);
    at(left, 10);
    await look();
    expect(await rowOf(t, 'account', leaving)).toMatchObject({
      tax_id_sealed: null,
      tax_id_masked: null,
      tax_id_digest: null,
      bank_account_number_sealed: expect.any(Buffer),
    });
    expect((await rowOf(t, 'account', accountId)).tax_id_sealed).not.toBeNull();
    expect((await rowOf(t, 'change_request', refused.id)).input_sealed).not.toHaveLength(0);
    at(closed, 30);
    await look();
    expect(await rowOf(t, 'change_request', refused.id)).toMatchObject({ status: 'REJECTED', input_shown: {} });
    t.clock.at = null;
    await givenResolved();
    const status = await retentionStatus(t.served.app);
    const of = (field: string) => status.find((each) => each.field === field);
    expect(of('Complaint.customer.phone')).toMatchObject({ days: 0, next: null });
    expect(of('Account.taxId')).toMatchObject({ days: 10, over: 0, next: null });
    expect(of('Complaint.customer.email')).toMatchObject({ days: 60, next: expect.any(Date) });
  });
});

it('RETENTION_DAYS names kinds that there are, and days', () => {
  const load = (RETENTION_DAYS: string, DEMO_DATA = 'false') =>
    loadConfig({ MASTER_KEY: TEST_MASTER_KEY, RETENTION_DAYS, DEMO_DATA }).retentionDays;
  expect(load('cardNumber=7')).toMatchObject({ cardNumber: 7, email: 1095 });
  // What the demonstration consists of was over years ago.
  const kept = load('cardNumber=7', 'true');
  expect(kept).toMatchObject({ cardNumber: 7, email: 0, complaint: 0 });
  for (const wrong of ['planet=1', 'cardNumber=-1', 'cardNumber=1.5', 'cardNumber'])
    expect(() => load(wrong)).toThrow(expect.objectContaining({ code: 'CONFIGURATION_INVALID' }));
});
