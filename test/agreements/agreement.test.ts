import { startTestApp, type TestApp } from '../support/app';
import {
  approve,
  countersigned,
  eventsOf,
  expectRefused,
  NOBODYS_ID,
  proposed,
  tally,
  times,
  told,
} from '../support/outcomes';
import { freshCode, givenAccount, givenClientOf, givenLob } from '../support/scene';

let t: TestApp;
let accountId: string;
let lobs: string[];
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());
beforeEach(async () => {
  accountId = await givenAccount(t);
  lobs = [await givenLob(t, accountId), await givenLob(t, accountId)];
});

const calls = (perUnit: string, more: object = {}) => ({
  name: 'Handled calls',
  measure: 'HANDLED_CALLS',
  model: 'PER_UNIT',
  perUnit,
  ...more,
});
const terms = (effectiveFrom = '2026-01-01', more: object = {}) => ({ effectiveFrom, rates: [calls('1.25')], ...more });
const input = (more: object = {}) => ({
  accountId,
  code: freshCode('MSA'),
  name: 'Master agreement',
  terms: terms(),
  reason: 'signed today',
  ...more,
});
const sign = async (more: object = {}): Promise<string> =>
  (await countersigned(t, 'billing', 'signAgreement', input(more))).result.agreement as string;
const amend = (agreementId: string, of: object) =>
  countersigned(t, 'billing', 'amendAgreement', { agreementId, terms: of, reason: 'dearer' });
const dates = (agreementId: string) =>
  t.sql(
    `SELECT version_number AS number, effective_from::text AS from, effective_until::text AS until FROM agreement_version
     WHERE agreement_id = $1 ORDER BY version_number`,
    [agreementId],
  );

const refused = (
  code: string,
  more: object,
  details: Record<string, unknown> = {},
  as: 'billing' | 'admin' = 'billing',
) =>
  expectRefused(t, { as, mutation: 'signAgreement', operation: 'agreement.sign', input: input(more), code, details });

describe('agreement.sign', () => {
  it('keeps an agreement, its first version and its rates, once somebody else approved it', async () => {
    const tiers = [
      { upTo: '100', perUnit: '2' },
      { perUnit: '1.5', flat: '10' },
    ];
    const talk = {
      name: 'Talk',
      measure: 'TALK_TIME',
      model: 'GRADUATED',
      tiers,
      divideBy: '60',
      unitRounding: 'CEIL',
    };
    const request = await proposed(
      t,
      'billing',
      'signAgreement',
      input({
        terms: terms('2026-01-01', {
          lobIds: [lobs[0]],
          rates: [calls('1.25', { lobId: lobs[0] }), { ...talk, initialSeconds: 30, incrementSeconds: 6 }],
        }),
      }),
    );
    expect(await t.sql('SELECT FROM agreement WHERE account_id = $1', [accountId])).toEqual([]);
    const { events } = await eventsOf(t, () => approve(t, request));
    expect(told(events)[0]).toMatchObject({
      action: 'agreement.signed',
      outcome: 'DONE',
      actor: t.as('supervisor').userId,
      onBehalfOf: t.as('billing').userId,
      reason: 'signed today',
    });
    expect(events[0]!.changes).toEqual(
      expect.arrayContaining([
        { path: 'effectiveFrom', before: null, after: '2026-01-01' },
        { path: 'rates.1', before: null, after: expect.objectContaining({ measure: 'HANDLED_CALLS' }) },
      ]),
    );
    const { data } = await t.as('auditor').gql(
      `query ($id: ID!) { agreements(filter: { accountId: $id, holding: true }) { nodes { currency latest: versions { versionNumber effectiveUntil lobIds taxRate
        rates { name lob { id } model perUnit tiers { upTo perUnit flat } divideBy unitRounding initialSeconds incrementSeconds } }
        current { versionNumber anchorOn cycle paymentDays } } } }`,
      { id: accountId },
    );
    expect(data!.agreements.nodes).toEqual([
      {
        currency: 'USD',
        current: { versionNumber: 1, anchorOn: '2026-01-01', cycle: 'MONTHLY', paymentDays: 30 },
        latest: [
          {
            versionNumber: 1,
            effectiveUntil: null,
            lobIds: [lobs[0]],
            taxRate: null,
            rates: [
              {
                name: 'Handled calls',
                lob: { id: lobs[0] },
                model: 'PER_UNIT',
                perUnit: '1.25',
                tiers: [],
                divideBy: null,
                unitRounding: 'NONE',
                initialSeconds: null,
                incrementSeconds: null,
              },
              {
                name: 'Talk',
                lob: null,
                model: 'GRADUATED',
                perUnit: null,
                divideBy: '60',
                unitRounding: 'CEIL',
                tiers: [
                  { upTo: '100', perUnit: '2', flat: null },
                  { upTo: null, perUnit: '1.5', flat: '10' },
                ],
                initialSeconds: 30,
                incrementSeconds: 6,
              },
            ],
          },
        ],
      },
    ]);
  });

  it('is refused', async () => {
    await refused('FORBIDDEN', {}, {}, 'admin');
    await refused('NOT_FOUND', { accountId: NOBODYS_ID });
    await refused('CURRENCY_UNKNOWN', { currency: 'XAU' });
    await refused('NOT_FOUND', { terms: terms('2026-01-01', { lobIds: [NOBODYS_ID] }) }, { type: 'Lob' });
    await refused(
      'NOT_FOUND',
      { terms: terms('2026-01-01', { calendarCode: 'NOWHERE' }) },
      { type: 'BusinessCalendar' },
    );
    await refused('AGREEMENT_SCOPE_INVALID', { terms: terms('2026-01-01', { lobIds: [] }) });
    await refused(
      'AGREEMENT_SCOPE_INVALID',
      {
        terms: terms('2026-01-01', { lobIds: [lobs[0]], rates: [calls('1', { lobId: lobs[1] })] }),
      },
      { lineNumber: 1 },
    );
    await refused('TAX_RATE_INVALID', { terms: terms('2026-01-01', { taxRate: '101' }) });
    const rates = (code: string, details: Record<string, unknown>, ...given: object[]) =>
      refused(code, { terms: terms('2026-01-01', { rates: given }) }, details);
    await rates('RATE_REPEATED', { lineNumber: 2, otherLineNumber: 1 }, calls('1'), calls('2', { name: 'More' }));
    await rates(
      'RATE_INVALID',
      { lineNumber: 1, field: 'perUnit' },
      { name: 'x', measure: 'SEATS', model: 'PER_UNIT' },
    );
    await rates('RATE_INVALID', { lineNumber: 1, field: 'tiers' }, calls('1', { model: 'VOLUME' }));
    await rates('RATE_INVALID', { field: 'incrementSeconds' }, calls('1', { initialSeconds: 30 }));
    await rates('RATE_INVALID', { field: 'incrementSeconds' }, calls('1', { initialSeconds: 30, incrementSeconds: 6 }));
    await rates('RATE_INVALID', { field: 'windows' }, calls('1', { measure: 'SEATS', windows: [{}] }));
    await rates('RATE_INVALID', { field: 'windows' }, calls('1', { windows: [{ from: '25:00' }] }));
    await rates('RATE_INVALID', { field: 'windows' }, calls('1', { windows: [{ holidays: 'ONLY' }] }));
    await rates('RATE_INVALID', { field: 'service' }, calls('1', { measure: 'FIXED_FEE', service: 'PS' }));
    const closed = await givenAccount(t);
    await countersigned(t, 'operations', 'closeAccount', { accountId: closed, reason: 'over' });
    await refused('ACCOUNT_CLOSED', { accountId: closed });
  });

  it('two of an account are not about the same on the same day, whoever is first', async () => {
    const requests = await Promise.all(
      [0, 1, 2].map(() =>
        proposed(t, 'billing', 'signAgreement', input({ terms: terms('2026-01-01', { lobIds: [lobs[0]] }) })),
      ),
    );
    const answers = await Promise.all(requests.map((each) => approve(t, each)));
    expect(tally(answers)).toEqual({ DONE: 1, CHANGE_REQUEST_FAILED: 2 });
    expect(
      await t.sql('SELECT failure_code FROM change_request WHERE id = ANY ($1) AND status = $2', [
        requests.map(({ id }) => id),
        'FAILED',
      ]),
    ).toEqual(times(2, { failure_code: 'AGREEMENT_OVERLAPS' }));
    expect(await t.sql('SELECT FROM agreement WHERE account_id = $1', [accountId])).toHaveLength(1);
    // Another line of business, all the rest of them, and once.
    await sign({ terms: terms('2026-01-01', { lobIds: [lobs[1]] }) });
    await sign();
    await refused('AGREEMENT_OVERLAPS', {});
    await refused('AGREEMENT_OVERLAPS', { terms: terms('2030-01-01', { lobIds: [lobs[1]] }) });
  });

  it('is done once, however often it is sent', async () => {
    const same = { ...input(), idempotencyKey: freshCode('K') };
    const answers = await Promise.all(
      [1, 2, 3].map(() => t.as('billing').mutate('signAgreement', same, 'outcome changeRequest { id }')),
    );
    expect(tally(answers)).toEqual({ AWAITING_APPROVAL: 3 });
    expect(new Set(answers.map(({ payload }) => payload.changeRequest.id as string)).size).toBe(1);
  });
});

describe('agreement.amend', () => {
  it('holds from its day on; what held until then does so no longer, and what began later never', async () => {
    const id = await sign();
    await amend(id, terms('2026-06-01', { rates: [calls('2')] }));
    await amend(id, terms('2026-09-01', { rates: [calls('3')] }));
    // Back-dated, over all that comes after it.
    const { request } = await amend(id, terms('2026-03-01', { rates: [calls('4')] }));
    expect(await dates(id)).toEqual([
      { number: 1, from: '2026-01-01', until: '2026-03-01' },
      { number: 2, from: '2026-06-01', until: '2026-06-01' },
      { number: 3, from: '2026-09-01', until: '2026-09-01' },
      { number: 4, from: '2026-03-01', until: null },
    ]);
    const [event] = await t.sql<{ content: Buffer }>(
      `SELECT content FROM audit.told WHERE action = 'agreement.amended' AND change_request_id = $1`,
      [request.id],
    );
    const { changes } = JSON.parse(event!.content.toString()) as { changes: object[] };
    expect(changes).toEqual(
      expect.arrayContaining([
        { path: 'versions.1.effectiveUntil', before: '2026-06-01', after: '2026-03-01' },
        { path: 'versions.3.effectiveUntil', before: null, after: '2026-09-01' },
      ]),
    );
  });

  it('is refused', async () => {
    const id = await sign();
    const refusedBy = (code: string, of: object, more: object = {}, as: 'billing' | 'operations' = 'billing') =>
      expectRefused(t, {
        as,
        mutation: 'amendAgreement',
        operation: 'agreement.amend',
        code,
        input: { agreementId: id, terms: of, reason: 'x', ...more },
      });
    await refusedBy('FORBIDDEN', terms(), {}, 'operations');
    await refusedBy('NOT_FOUND', terms(), { agreementId: NOBODYS_ID });
    await refusedBy('AGREEMENT_NOT_AMENDABLE', terms('2025-12-31'));
    await refusedBy('VERSION_CONFLICT', terms('2026-02-01'), { expectedVersion: 7 });
    await refusedBy('RATE_INVALID', terms('2026-02-01', { rates: [calls('-1')] }));
    await countersigned(t, 'billing', 'endAgreement', { agreementId: id, endsOn: '2026-10-01', reason: 'over' });
    await refusedBy('AGREEMENT_NOT_AMENDABLE', terms('2026-10-01'));
    await amend(id, terms('2026-09-30'));
    expect((await dates(id)).at(-1)).toEqual({ number: 2, from: '2026-09-30', until: '2026-10-01' });
  });

  it('one that was proposed before another was carried out is stale', async () => {
    const id = await sign();
    const waiting = await Promise.all(
      ['2026-05-01', '2026-06-01'].map((from) =>
        proposed(t, 'billing', 'amendAgreement', { agreementId: id, terms: terms(from), reason: 'x' }),
      ),
    );
    const answers = await Promise.all(waiting.map((each) => approve(t, each)));
    expect(tally(answers)).toEqual({ DONE: 1, CHANGE_REQUEST_STALE: 1 });
    expect(await dates(id)).toHaveLength(2);
  });
});

describe('agreement.end', () => {
  it('ends it, once and for good', async () => {
    const id = await sign();
    await amend(id, terms('2026-06-01'));
    await countersigned(t, 'billing', 'endAgreement', { agreementId: id, endsOn: '2026-04-01', reason: 'they left' });
    expect(await dates(id)).toEqual([
      { number: 1, from: '2026-01-01', until: '2026-04-01' },
      { number: 2, from: '2026-06-01', until: '2026-06-01' },
    ]);
    expect(await t.sql('SELECT ends_on::text, version FROM agreement WHERE id = $1', [id])).toEqual([
      { ends_on: '2026-04-01', version: 3 },
    ]);
    const end = (code: string, endsOn: string, agreementId = id, as: 'billing' | 'operations' = 'billing') =>
      expectRefused(t, {
        as,
        mutation: 'endAgreement',
        operation: 'agreement.end',
        code,
        input: { agreementId, endsOn, reason: 'x' },
      });
    await end('AGREEMENT_NOT_ENDABLE', '2026-03-01');
    await end('AGREEMENT_NOT_ENDABLE', '2025-12-31', await sign({ terms: terms('2026-01-01', { lobIds: [lobs[0]] }) }));
    await end('FORBIDDEN', '2026-05-01', id, 'operations');
    await end('NOT_FOUND', '2026-05-01', NOBODYS_ID);
    // What comes after it is signed anew.
    await sign({ terms: terms('2026-04-01') });
  });
});

describe('who sees it', () => {
  it('a client their own, and nobody another’s', async () => {
    const id = await sign();
    const look = async () => {
      const { data } = await t
        .as('client')
        .gql('query ($id: ID!) { agreement(id: $id) { id versions { rates { perUnit } } } }', { id });
      return data!.agreement as object | null;
    };
    expect(await look()).toBeNull();
    await givenClientOf(t, accountId);
    expect(await look()).toEqual({ id, versions: [{ rates: [{ perUnit: '1.25' }] }] });
  });
});

describe('the database itself', () => {
  it('lets the API change nothing of what was agreed', async () => {
    const id = await sign({ terms: terms('2026-01-01', { lobIds: [lobs[0]] }) });
    const [version] = await t.sql<{ id: string }>('SELECT id FROM agreement_version WHERE agreement_id = $1', [id]);
    const denied = (statement: string, values: unknown[] = []) =>
      expect(t.apiSql(statement, values)).rejects.toMatchObject({ code: '42501' });
    await denied(`UPDATE agreement_rate SET charge = '{}'`);
    await denied(`UPDATE agreement_version SET tax_rate = 0`);
    await denied(`UPDATE agreement SET currency = 'EUR'`);
    await denied('DELETE FROM agreement_version');
    await denied(`UPDATE agreement_cover SET covers = gen_random_uuid()`);
    const checked = (statement: string, values: unknown[] = []) =>
      expect(t.apiSql(statement, values)).rejects.toMatchObject({ code: '23514' });
    await countersigned(t, 'billing', 'endAgreement', { agreementId: id, endsOn: '2026-10-01', reason: 'over' });
    await checked('UPDATE agreement_version SET effective_until = NULL WHERE id = $1', [version!.id]);
    await checked(`UPDATE agreement_version SET effective_until = '2026-11-01' WHERE id = $1`, [version!.id]);
    await checked(`UPDATE agreement SET ends_on = '2026-11-01' WHERE id = $1`, [id]);
    await checked(
      `INSERT INTO agreement_rate (id, agreement_version_id, line_number, name, measure, charge) VALUES (gen_random_uuid(), $1, 9, 'x', 'SEATS', '{}')`,
      [version!.id],
    );
  });
});
