import { MAIN_LEGAL_ENTITY_ID } from '../../src/issuers/legal-entity.entity';
import { type Answer, startAppOver, startTestApp, type TestApp } from '../support/app';
import {
  approve,
  countersigned,
  eventsOf,
  expectRefused,
  NOBODYS_ID,
  proposed,
  rowOf,
  tally,
  told,
  withoutPolicy,
} from '../support/outcomes';
import { freshCode, givenAccount, givenDraft } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());
afterEach(() => {
  t.clock.at = null;
});

const open = async (more: object = {}): Promise<string> =>
  (await countersigned(t, 'billing', 'openLegalEntity', entity(more))).result.legalEntity as string;
const entity = (more: object = {}) => ({
  code: freshCode('LE'),
  legalName: 'Countersign India Pvt Ltd',
  address: { city: 'Bengaluru', subdivision: 'IN-KA', country: 'IN' },
  reason: 'founded',
  ...more,
});
const INDIA = {
  timeZone: 'Asia/Kolkata',
  fiscalYearStartMonth: 4,
  invoiceNumberFormat: 'K/{FYFY}/{N:4}',
  creditNoteNumberFormat: 'KC/{FYFY}/{N:4}',
};
const burn = (legalEntityId: string, fiscalYear: number, upTo: number, more: object = {}) => ({
  legalEntityId,
  documentType: 'INVOICE',
  fiscalYear,
  upTo,
  reason: 'used in the earlier system',
  ...more,
});
const issued = async (accountId: string) => {
  const invoiceId = await givenDraft(t, accountId);
  await countersigned(t, 'billing', 'issueInvoice', { invoiceId });
  return rowOf(t, 'invoice', invoiceId);
};
/** Each number of a series from 1, with what became of it, as the ledger has it. */
const ledger = (legalEntityId: string, fiscalYear: number, type = 'INVOICE') =>
  t.sql<any>(
    `SELECT n, d.state, d.number, d.reason, i.status, i.number AS of_invoice FROM document_number d CROSS JOIN generate_series(d.first_in_series, d.last_in_series) n
     LEFT JOIN invoice i ON i.id = d.invoice_id WHERE d.legal_entity_id = $1 AND d.fiscal_year = $2 AND d.document_type = $3 ORDER BY n`,
    [legalEntityId, fiscalYear, type],
  );

describe('legalEntity.open and .change', () => {
  it('opens one that numbers in its own way and year, once somebody else approved it', async () => {
    const request = await proposed(
      t,
      'billing',
      'openLegalEntity',
      entity({
        ...INDIA,
        taxId: '29AAGCB7383J1Z4',
        iban: 'DE89 3704 0044 0532 0130 00',
        bic: 'COBADEFFXXX',
        email: 'accounts@firm.example',
      }),
    );
    const { events } = await eventsOf(t, () => approve(t, request));
    expect(told(events)[0]).toMatchObject({
      action: 'legalEntity.opened',
      outcome: 'DONE',
      actor: t.as('supervisor').userId,
      onBehalfOf: t.as('billing').userId,
      reason: 'founded',
    });
    const id = (await t.sql<any>(`SELECT result FROM change_request WHERE id = $1`, [request.id]))[0]!.result
      .legalEntity as string;
    const { data } = await t
      .as('auditor')
      .gql(
        'query ($id: ID!) { legalEntity(id: $id) { taxId iban bic email city subdivision country fiscalYearStartMonth } }',
        { id },
      );
    expect(data!.legalEntity).toEqual({
      taxId: '29AAGCB7383J1Z4',
      iban: 'DE89370400440532013000',
      bic: 'COBADEFFXXX',
      email: 'accounts@firm.example',
      city: 'Bengaluru',
      subdivision: 'IN-KA',
      country: 'IN',
      fiscalYearStartMonth: 4,
    });
    const accountId = await givenAccount(t, { legalEntityId: id });
    t.clock.at = new Date('2027-03-31T18:29:59Z');
    expect(await issued(accountId)).toMatchObject({ number: 'K/2627/0001', fiscal_year: 2026, legal_entity_id: id });
    t.clock.at = new Date('2027-03-31T18:30:00Z');
    expect(await issued(accountId)).toMatchObject({ number: 'K/2728/0001', fiscal_year: 2027 });
  });

  it('numbers of two legal entities do not know of each other', async () => {
    t.clock.at = new Date('2046-06-01T12:00:00Z');
    const accounts = [];
    for (let n = 0; n < 2; n += 1) accounts.push(await givenAccount(t, { legalEntityId: await open() }));
    expect((await issued(accounts[0]!)).number).toBe('INV-2046-000001');
    expect((await issued(accounts[1]!)).number).toBe('INV-2046-000001');
  });

  it.each([
    ['nobody is signed in', 'nobody', {}, 'UNAUTHENTICATED'],
    ['a role without the permission', 'supervisor', {}, 'FORBIDDEN'],
    ['a code that is taken', 'billing', { code: 'MAIN' }, 'LEGAL_ENTITY_CODE_TAKEN'],
    ['no such country', 'billing', { address: { country: 'XX' } }, 'PLACE_UNKNOWN'],
    [
      'a subdivision of another country',
      'billing',
      { address: { country: 'DE', subdivision: 'IN-KA' } },
      'PLACE_UNKNOWN',
    ],
    ['no such zone', 'billing', { timeZone: 'Asia/Nowhere' }, 'ZONE_UNKNOWN'],
    ['an IBAN that is none', 'billing', { iban: 'DE89370400440532013001' }, 'IBAN_INVALID'],
    [
      'numbers that are too long in India',
      'billing',
      { invoiceNumberFormat: 'INVOICE-{FY}-{N:6}' },
      'NUMBER_FORMAT_INVALID',
    ],
    ['a thirteenth month', 'billing', { fiscalYearStartMonth: 13 }, 'BAD_USER_INPUT'],
  ] as const)('refuses to open: %s', async (_what, as, more, code) => {
    if (code === 'LEGAL_ENTITY_CODE_TAKEN') {
      const request = await proposed(t, 'billing', 'openLegalEntity', entity(more));
      expect((await approve(t, request)).payload?.changeRequest ?? { status: 'FAILED' }).toMatchObject({
        status: 'FAILED',
      });
      return;
    }
    await expectRefused(t, {
      as,
      mutation: 'openLegalEntity',
      operation: 'legalEntity.open',
      input: entity(more),
      code,
    });
  });

  it('changes a format: the series goes on where it was, and no number comes twice', async () => {
    t.clock.at = new Date('2047-06-01T12:00:00Z');
    const id = await open();
    const accountId = await givenAccount(t, { legalEntityId: id });
    expect((await issued(accountId)).number).toBe('INV-2047-000001');
    const change = { legalEntityId: id, invoiceNumberFormat: 'I/{FY}/{N:4}', reason: 'shorter' };
    const { request } = await countersigned(t, 'billing', 'changeLegalEntity', change);
    expect(request.id).toBeTruthy();
    expect((await issued(accountId)).number).toBe('I/2047/0002');
    const refused = (more: object, code: string, as: 'billing' | 'supervisor' = 'billing') =>
      expectRefused(t, {
        as,
        mutation: 'changeLegalEntity',
        operation: 'legalEntity.change',
        input: { legalEntityId: id, reason: 'x', ...more },
        code,
      });
    await refused({ creditNoteNumberFormat: 'INV-{FY}-{N:6}' }, 'NUMBER_FORMAT_TAKEN');
    await refused({ invoiceNumberFormat: 'I/{FY}/{N:4}' }, 'NOTHING_TO_CHANGE');
    await refused({ legalEntityId: NOBODYS_ID }, 'NOT_FOUND');
    await refused({ legalName: 'X', expectedVersion: 9 }, 'VERSION_CONFLICT');
    await refused({ legalName: 'X' }, 'FORBIDDEN', 'supervisor');
  });
});

describe('the ledger of numbers', () => {
  it('explains each number from the first to the last: 200 issues raced over two processes, with rollbacks and voids', async () => {
    t.clock.at = new Date('2048-06-01T12:00:00Z');
    const other = await startAppOver(t.ownerUrl);
    other.clock.at = t.clock.at;
    try {
      const legalEntityId = await open();
      const accountId = await givenAccount(t, { legalEntityId });
      const drafts: string[] = [];
      for (let n = 0; n < 200; n += 1) drafts.push(await givenDraft(t, accountId));
      const faulty = new Set(drafts.filter((_, n) => n % 10 === 7));
      await t.sql(
        `CREATE FUNCTION test_faulty_trail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the disk is full' USING ERRCODE = 'disk_full'; END $$`,
      );
      await t.sql(`CREATE TRIGGER test_faulty_trail BEFORE INSERT ON audit.event FOR EACH ROW
        WHEN (NEW.action = 'invoice.issued' AND NEW.subject_id IN (${[...faulty].map((id) => `'${id}'`).join(', ')})) EXECUTE FUNCTION test_faulty_trail()`);
      const voided: string[] = [];
      await withoutPolicy(t, 'invoice.issue', () =>
        withoutPolicy(t, 'invoice.void', async () => {
          const answers: Answer[] = [];
          // Twenty at once: more would wait for a connection, which is another matter.
          for (let first = 0; first < drafts.length; first += 20)
            answers.push(
              ...(await Promise.all(
                drafts.slice(first, first + 20).map(async (invoiceId, place) => {
                  const n = first + place;
                  const app = n % 2 ? t : other;
                  const answer = await app.as('billing').mutate('issueInvoice', { invoiceId }, 'outcome');
                  if (n % 10 !== 3) return answer;
                  voided.push(invoiceId);
                  await app.as('billing').mutate('voidInvoice', { invoiceId, reason: `wrong ${n}` }, 'outcome');
                  return answer;
                }),
              )),
            );
          expect(tally(answers)).toEqual({ DONE: 180, INTERNAL: 20 });
        }),
      );
      await t.sql('DROP TRIGGER test_faulty_trail ON audit.event');
      await t.sql('DROP FUNCTION test_faulty_trail()');
      const rows = await ledger(legalEntityId, 2048);
      expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 180 }, (_, n) => n + 1));
      for (const { number, of_invoice, state, status, reason } of rows) {
        expect(of_invoice).toBe(number);
        expect([state, status]).toEqual(reason === null ? ['USED', 'ISSUED'] : ['VOIDED', 'VOIDED']);
      }
      expect(rows.filter(({ reason }) => reason?.startsWith('wrong'))).toHaveLength(voided.length);
      expect(voided).toHaveLength(20);
    } finally {
      await other.close();
    }
  }, 180_000);

  it('burns numbers on purpose, with a reason and two people, and goes on behind them', async () => {
    t.clock.at = new Date('2049-06-01T12:00:00Z');
    const legalEntityId = await open();
    const accountId = await givenAccount(t, { legalEntityId });
    const request = await proposed(t, 'billing', 'burnDocumentNumbers', burn(legalEntityId, 2049, 450));
    const { events } = await eventsOf(t, () => approve(t, request));
    expect(told(events)[0]).toMatchObject({
      action: 'documentNumber.burned',
      outcome: 'DONE',
      actor: t.as('supervisor').userId,
      onBehalfOf: t.as('billing').userId,
      reason: 'used in the earlier system',
    });
    expect((await issued(accountId)).number).toBe('INV-2049-000451');
    const { data } = await t
      .as('auditor')
      .gql(
        `query ($id: ID) { documentNumbers(filter: { legalEntityId: $id, fiscalYear: 2049, documentType: INVOICE, state: BURNED }) { nodes { number lastNumber firstInSeries lastInSeries reason state } } }`,
        { id: legalEntityId },
      );
    expect(data!.documentNumbers.nodes).toEqual([
      {
        number: 'INV-2049-000001',
        lastNumber: 'INV-2049-000450',
        firstInSeries: 1,
        lastInSeries: 450,
        reason: 'used in the earlier system',
        state: 'BURNED',
      },
    ]);
    const refused = (input: object, code: string, as: 'billing' | 'supervisor' | 'nobody' = 'billing') =>
      expectRefused(t, { as, mutation: 'burnDocumentNumbers', operation: 'documentNumber.burn', input, code });
    await refused(burn(legalEntityId, 2049, 451), 'NUMBERS_NOT_BURNABLE');
    await refused(burn(NOBODYS_ID, 2049, 451), 'NOT_FOUND');
    await refused(burn(legalEntityId, 2049, 10_000_000), 'BAD_USER_INPUT');
    await refused(burn(legalEntityId, 2049, 500), 'FORBIDDEN', 'supervisor');
    await refused(burn(legalEntityId, 2049, 500), 'UNAUTHENTICATED', 'nobody');
    // Two that were proposed alike, and an invoice between them: what stands is whole.
    const twice = [
      await proposed(t, 'billing', 'burnDocumentNumbers', burn(legalEntityId, 2049, 460)),
      await proposed(t, 'billing', 'burnDocumentNumbers', burn(legalEntityId, 2049, 460)),
    ];
    const answers = await Promise.all(twice.map((each, n) => approve(t, each, n ? 'supervisor' : 'supervisor2')));
    expect(
      answers.map(({ payload, code }) => payload?.changeRequest?.status ?? code).filter((each) => each === 'EXECUTED'),
    ).toHaveLength(1);
    expect((await ledger(legalEntityId, 2049)).map(({ n }) => n)).toEqual(Array.from({ length: 460 }, (_, n) => n + 1));
    // Beyond the largest there is none.
    await countersigned(t, 'billing', 'burnDocumentNumbers', burn(legalEntityId, 2049, 9_999_999));
    const invoiceId = await givenDraft(t, accountId);
    await withoutPolicy(t, 'invoice.issue', () =>
      expectRefused(t, {
        as: 'billing',
        mutation: 'issueInvoice',
        operation: 'invoice.issue',
        input: { invoiceId },
        code: 'NUMBER_SERIES_EXCEEDED',
      }),
    );
  });

  describe('is held by the database, also against the API’s own login', () => {
    const number = (more: Record<string, string> = {}) => {
      const columns: Record<string, string> = {
        id: 'gen_random_uuid()',
        legal_entity_id: `'${MAIN_LEGAL_ENTITY_ID}'`,
        document_type: `'INVOICE'`,
        fiscal_year: '1991',
        first_in_series: '1',
        last_in_series: '1',
        number: `'X-1'`,
        last_number: `'X-1'`,
        state: `'BURNED'`,
        reason: `'x'`,
        given_at: 'now()',
        ended_at: 'now()',
        ...more,
      };
      return `INSERT INTO document_number (${Object.keys(columns).join(', ')}) VALUES (${Object.values(columns).join(', ')})`;
    };
    const series = (last: number) =>
      `INSERT INTO number_series VALUES ('${MAIN_LEGAL_ENTITY_ID}', 'INVOICE', 1991, ${last})`;
    it.each([
      ['a number that no series gave', number()],
      ['a series without its numbers', series(1)],
      ['a gap', `WITH s AS (${series(3)}) ${number({ first_in_series: '3', last_in_series: '3' })}`],
      [
        'a number without a document',
        `BEGIN; ${series(1)}; ${number({ state: `'USED'`, reason: 'NULL', ended_at: 'NULL' })}; COMMIT`,
      ],
      ['a number that is burned and unexplained', `BEGIN; ${series(1)}; ${number({ reason: 'NULL' })}; COMMIT`],
    ])('refuses %s', async (_what, text) => {
      await expect(t.apiSql(text)).rejects.toMatchObject({ code: '23514' });
      await t.apiSql('ROLLBACK').catch(() => undefined);
    });

    it('refuses to change or take away what was given, the superuser too', async () => {
      t.clock.at = new Date('2050-06-01T12:00:00Z');
      await issued(await givenAccount(t));
      await expect(t.apiSql(`UPDATE document_number SET state = 'VOIDED'`)).rejects.toMatchObject({ code: '42501' });
      await expect(t.apiSql('DELETE FROM document_number')).rejects.toMatchObject({ code: '42501' });
      for (const text of [
        `UPDATE document_number SET number = 'Z' WHERE fiscal_year = 2050`,
        'DELETE FROM document_number',
        'TRUNCATE document_number',
      ])
        await expect(t.sql(text)).rejects.toMatchObject({ code: '23514' });
      await expect(
        t.sql(`UPDATE number_series SET last_number = last_number - 1 WHERE fiscal_year = 2050`),
      ).rejects.toMatchObject({ code: '23514' });
    });
  });
});
