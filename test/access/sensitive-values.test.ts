import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { randomBytes, randomUUID } from 'node:crypto';
import { isEnumType, isInputObjectType } from 'graphql';
import request from 'supertest';
import { sensitiveFields } from '../../src/access/sensitive-fields';
import { bareSchema } from '../../src/schema';
import { type ApiClient, type Answer, startTestApp, type TestApp } from '../support/app';
import { CANARIES } from '../support/canaries';
import {
  freshCode,
  givenAccount,
  givenAgent,
  givenClientOf,
  givenInvoice,
  givenLob,
  linesOf,
  trail,
} from '../support/scene';
import { isAadhaar } from '../../src/platform/normal-forms';
import { Spans } from '../support/spans';
import { exported } from '../audit/export-support';
import { sealAll } from '../audit/seal-support';
import { NO_ID } from './documents';

let t: TestApp;
/** Everything that it wrote to the log. */
let logged = '';
const spans = new Spans();
beforeAll(async () => {
  t = await startTestApp({ LOG_LEVEL: 'trace' }, { log: (line) => void (logged += line), spans });
});
afterAll(() => t.close());

/* ------------------------------------------------------------------------------------------------ fake values */

const digits = (count: number) => Array.from(randomBytes(count), (byte) => byte % 10).join('');

/** A card number that nobody has, 16 digits that pass Luhn. */
function fakeCard(): string {
  const body = `4${digits(14)}`;
  const sum = Array.from(body)
    .toReversed()
    .reduce((total, digit, place) => {
      const doubled = Number(digit) * 2;
      return total + (place % 2 === 0 ? (doubled > 9 ? doubled - 9 : doubled) : Number(digit));
    }, 0);
  return `${body}${(10 - (sum % 10)) % 10}`;
}

interface Canary {
  route: string;
  value: string;
}
const canaries: Canary[] = [];
const plant = (route: string, value: string): string => {
  canaries.push({ route, value });
  return value;
};
const word = () => randomBytes(6).toString('hex');
const plantCard = (route: string) => plant(route, fakeCard());
const spaced = (card: string) => card.replace(/(\d{4})(?=\d)/g, '$1 ');
/** An address of which the part before the @ is to stay secret. */
const plantEmail = (route: string) => `${plant(`${route} (email)`, `canary${word()}`)}@mail.example`;
const plantPhone = (route: string) => plant(route, `+1202${digits(9)}`);
/** Letters, so that no rule about digits hides a leak. */
const letters = (count: number) =>
  Array.from(randomBytes(count), (byte) => String.fromCharCode(65 + (byte % 26))).join('');
const plantTaxId = (route: string) => plant(route, `TX${letters(14)}${digits(4)}`);
const plantBank = (route: string) => plant(route, `BANKNO${digits(12)}`);
/** A text as people write it, with a card number and an address in it. */
const plantText = (route: string) => `they said ${spaced(plantCard(route))}, or mail ${plantEmail(route)} about it`;

/** An IBAN of a bank that there is not, and an Aadhaar of nobody, as people dictate them. */
const plantIban = (route: string) => {
  const account = `9${digits(17)}`;
  const check = 98n - (BigInt(`${account}131400`) % 97n);
  return plant(route, `DE${String(check).padStart(2, '0')}${account}`);
};
const plantAadhaar = (route: string) => {
  const body = `7${digits(10)}`;
  const number = Array.from('0123456789', (check) => body + check).find(isAadhaar)!;
  return plant(route, number);
};
/** A text with every kind of number that is found in texts. */
const plantNumbers = (route: string) =>
  `${plantText(route)}, iban ${plantIban(`${route} (iban)`)}, aadhaar ${spaced(plantAadhaar(`${route} (aadhaar)`))}`;

/** The forms in which a value may lie about: as it is, spaced, in bytes, in base64. */
const formsOf = (value: string) => [
  value,
  value.toLowerCase(),
  spaced(value),
  Buffer.from(value).toString('hex'),
  Buffer.from(spaced(value)).toString('hex'),
  Buffer.from(value).toString('base64').slice(0, -4),
  // More than a mask may show of it.
  ...(value.length >= 16 ? [value.slice(0, 12), value.slice(-12)] : []),
];

const leaksIn = (text: string, among: readonly Canary[] = canaries) => {
  const lower = text.toLowerCase();
  return among
    .filter(({ value }) => formsOf(value).some((form) => text.includes(form) || lower.includes(form.toLowerCase())))
    .map(({ route }) => route);
};

/** Every row of every table as text, bytes in hex, and the content of every event decoded. */
async function wholeDatabase(): Promise<Record<string, string>> {
  const tables = await t.sql<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  );
  expect(tables.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['public.idempotency_key', 'audit.event', 'public.change_request', 'public.complaint']),
  );
  const dump: Record<string, string> = {};
  for (const { name } of tables)
    dump[name] = (await t.sql<{ row: string }>(`SELECT r::text AS row FROM ${name} r`))
      .map(({ row }) => row)
      .join('\n');
  dump['audit.event, decoded'] = JSON.stringify(await trail(t));
  return dump;
}

/* ------------------------------------------------------------------------------------------------ asking */

/** Every answer that was given, headers included, but for those of reveals. */
const said: { route: string; text: string }[] = [];

async function gql(client: ApiClient, query: string, variables: Record<string, unknown> = {}): Promise<Answer> {
  const answer = await client.gql(query, variables);
  said.push({ route: query.slice(0, 80), text: answer.text });
  return answer;
}

async function mutate(
  client: ApiClient,
  name: string,
  input: object,
  selection = 'outcome changeRequest { id revision digest }',
) {
  const answer = await client.mutate(name, input, selection);
  said.push({ route: name, text: answer.text });
  return answer;
}

const SHOWN_ACCOUNT =
  'id legalName taxId bankAccountNumber pendingChanges { id input changes { path before after } reason result }';
const SHOWN_COMPLAINT = 'id category narrative sourceReference resolutionNote customer { name email phone cardNumber }';
const SHOWN_REQUEST =
  'id revision digest status input changes { path before after } reason result decisions { comment }';

async function approve(name: 'supervisor' | 'compliance', { id, revision, digest }: any, comment?: string) {
  const answer = await mutate(
    t.as(name),
    'approveChangeRequest',
    { id, revision, digest, comment },
    `changeRequest { ${SHOWN_REQUEST} }`,
  );
  expect(answer.errors).toEqual([]);
  return answer.payload.changeRequest;
}

/** The cast's client, at this account from now on. */
async function seatClient(accountId: string): Promise<void> {
  await t.sql('UPDATE role_grant SET revoked_at = now() WHERE user_id = $1 AND revoked_at IS NULL', [
    t.as('client').userId,
  ]);
  await givenClientOf(t, accountId);
}

async function givenComplaint(customer: object, more: object = {}): Promise<string> {
  const accountId = await givenAccount(t);
  const lobId = await givenLob(t, accountId);
  const input = {
    accountId,
    lobId,
    channel: 'PHONE',
    category: 'Card',
    receivedAt: new Date().toISOString(),
    customer,
    ...more,
  };
  const { payload, errors } = await mutate(
    t.as('operations'),
    'fileComplaint',
    input,
    `outcome complaint { ${SHOWN_COMPLAINT} }`,
  );
  expect(errors).toEqual([]);
  return payload.complaint.id as string;
}

/* ------------------------------------------------------------------------------------------------ tests */

describe('a sensitive value at rest', () => {
  it('is encrypted, and its row, in bytes and in text, does not contain it', async () => {
    const taxId = plantTaxId('account.taxId at rest');
    const bankAccountNumber = plantBank('account.bankAccountNumber at rest');
    const accountId = await givenAccount(t, { taxId, bankAccountNumber });
    const [row] = await t.sql('SELECT *, a::text AS everything FROM account a WHERE id = $1', [accountId]);
    for (const value of [taxId, bankAccountNumber]) {
      expect(row!.everything).not.toContain(value);
      expect(row!.everything).not.toContain(Buffer.from(value).toString('hex'));
    }
    expect(row!.tax_id_masked).toBe(`••••••••${taxId.slice(-4)}`);
    expect(row!.bank_account_number_masked).toBe(`••••••••${bankAccountNumber.slice(-4)}`);
    expect(row!.tax_id_sealed.length).toBe(4 + 12 + 16 + taxId.length);
  });

  it('is sealed differently each time', async () => {
    const [one, other] = [
      await givenAccount(t, { taxId: 'TX-SAME-1234' }),
      await givenAccount(t, { taxId: 'TX-SAME-1234' }),
    ];
    const rows = await t.sql('SELECT tax_id_sealed FROM account WHERE id = ANY($1)', [[one, other]]);
    expect(rows[0]!.tax_id_sealed.equals(rows[1]!.tax_id_sealed)).toBe(false);
  });

  const reveal = (id: string, field: string, type = 'Account') =>
    t.as('compliance').mutate('revealSensitiveValue', { type, id, field, reason: 'a test' }, 'value');

  it('copied into another row or column, or altered, does not open: SEAL_BROKEN', async () => {
    const [one, other] = [await givenAccount(t), await givenAccount(t)];
    await t.sql('UPDATE account SET tax_id_sealed = (SELECT tax_id_sealed FROM account WHERE id = $1) WHERE id = $2', [
      one,
      other,
    ]);
    await t.sql('UPDATE account SET bank_account_number_sealed = tax_id_sealed WHERE id = $1', [one]);
    for (const answer of [await reveal(other, 'taxId'), await reveal(one, 'bankAccountNumber')]) {
      expect(answer.code).toBe('SEAL_BROKEN');
      expect(answer.payload ?? null).toBeNull();
    }
    expect((await reveal(one, 'taxId')).payload).toEqual({ value: CANARIES.taxId });
    for (const place of [4, 20, 33]) {
      await t.sql(
        `UPDATE account SET tax_id_sealed = set_byte(tax_id_sealed, $2, get_byte(tax_id_sealed, $2) # 1) WHERE id = $1`,
        [one, place],
      );
      expect({ place, code: (await reveal(one, 'taxId')).code }).toEqual({ place, code: 'SEAL_BROKEN' });
      await t.sql(
        `UPDATE account SET tax_id_sealed = set_byte(tax_id_sealed, $2, get_byte(tax_id_sealed, $2) # 1) WHERE id = $1`,
        [one, place],
      );
    }
    await t.sql(`UPDATE account SET tax_id_sealed = substr(tax_id_sealed, 1, 40) WHERE id = $1`, [one]);
    expect((await reveal(one, 'taxId')).code).toBe('SEAL_BROKEN');
    await t.sql(`UPDATE account SET tax_id_sealed = substr(tax_id_sealed, 1, 20) WHERE id = $1`, [one]);
    expect((await reveal(one, 'taxId')).code).toBe('SEAL_BROKEN');
    await t.sql(`UPDATE account SET tax_id_sealed = '\\xdeadbeef' || substr(tax_id_sealed, 5) WHERE id = $1`, [one]);
    expect((await reveal(one, 'taxId')).code).toBe('SEALED_BY_OTHER_KEY');
  });

  it('keeps the input of a change request sealed to that request', async () => {
    const taxId = plantTaxId('changeAccount.taxId in inputSealed');
    const accountId = await givenAccount(t);
    const propose = async () =>
      (await mutate(t.as('billing'), 'changeAccount', { accountId, taxId, reason: 'new' })).payload.changeRequest;
    const [one, other] = [await propose(), await propose()];
    await t.rewind(
      'UPDATE change_request SET input_sealed = (SELECT input_sealed FROM change_request WHERE id = $1) WHERE id = $2',
      [one.id, other.id],
    );
    const { id, revision, digest } = other;
    const answer = await t.as('supervisor').mutate('approveChangeRequest', { id, revision, digest }, 'outcome');
    expect(answer.code).toBe('SEAL_BROKEN');
    expect(
      (await t.sql('SELECT tax_id_masked FROM account WHERE id = $1', [accountId]))[0]!.tax_id_masked,
    ).not.toContain(taxId.slice(-4));
  });
});

describe('a sensitive value in an answer', () => {
  it('is masked for every role, by id, in lists and below other objects', async () => {
    const taxId = plantTaxId('reads of taxId');
    const bankAccountNumber = plantBank('reads of bankAccountNumber');
    const customer = {
      name: 'Jo',
      email: plantEmail('reads of email'),
      phone: plantPhone('reads of phone'),
      cardNumber: plantCard('reads of cardNumber'),
    };
    const accountId = await givenAccount(t, { taxId, bankAccountNumber });
    const lobId = await givenLob(t, accountId);
    await givenInvoice(t, accountId);
    await mutate(
      t.as('operations'),
      'fileComplaint',
      { accountId, lobId, channel: 'WEB', category: 'c', receivedAt: new Date().toISOString(), customer },
      `complaint { ${SHOWN_COMPLAINT} }`,
    );
    await seatClient(accountId);
    const account = {
      taxId: `••••••••${taxId.slice(-4)}`,
      bankAccountNumber: `••••••••${bankAccountNumber.slice(-4)}`,
    };
    const masked = {
      email: `c••••••••@mail.example`,
      phone: `••••••••${customer.phone.slice(-2)}`,
      cardNumber: `${customer.cardNumber.slice(0, 6)}••••••${customer.cardNumber.slice(-4)}`,
    };
    for (const who of ['admin', 'billing', 'supervisor', 'operations', 'compliance', 'auditor', 'client'] as const) {
      const { data, errors } = await gql(
        t.as(who),
        `query ($id: ID!) { account(id: $id) { taxId bankAccountNumber invoices { nodes { account { taxId bankAccountNumber } } } lobs { nodes { account { taxId } } } complaints { nodes { customer { email phone cardNumber } account { taxId } } } }
          accounts(filter: { status: OPEN }, first: 100) { nodes { id taxId bankAccountNumber } edges { node { id taxId } } } }`,
        { id: accountId },
      );
      const sees = !['admin', 'billing'].includes(who);
      expect({ who, errors: errors.map((each) => each.path) }).toEqual({
        who,
        errors: sees ? [] : [['account', 'complaints']],
      });
      expect(data!.account).toMatchObject(account);
      expect(data!.account.invoices.nodes).toEqual([{ account }]);
      expect(data!.account.lobs.nodes).toEqual([{ account: { taxId: account.taxId } }]);
      expect(data!.accounts.nodes).toContainEqual({ id: accountId, ...account });
      expect({ who, complaints: data!.account.complaints?.nodes }).toEqual({
        who,
        complaints: sees ? [{ customer: masked, account: { taxId: account.taxId } }] : undefined,
      });
      expect(leaksIn(said.at(-1)!.text)).toEqual([]);
    }
  });

  /** What each role sees of each sensitive field, written by hand. `mask`: its mask; null: not even that there is such a row. */
  const MATRIX: Record<string, Record<'Account' | 'Complaint', 'mask' | null>> = {
    admin: { Account: 'mask', Complaint: null },
    billing: { Account: 'mask', Complaint: null },
    supervisor: { Account: 'mask', Complaint: 'mask' },
    operations: { Account: 'mask', Complaint: 'mask' },
    compliance: { Account: 'mask', Complaint: 'mask' },
    auditor: { Account: 'mask', Complaint: 'mask' },
    client: { Account: 'mask', Complaint: 'mask' },
    'another client': { Account: null, Complaint: null },
    stranger: { Account: null, Complaint: null },
    nobody: { Account: null, Complaint: null },
  };

  it('role by role and field by field: its mask or nothing, by id, in a list, as an event and in what waits', async () => {
    const given = {
      'Account.taxId': plantAadhaar('matrix taxId'),
      'Account.bankAccountNumber': plantIban('matrix bank'),
      'Account.email': plantEmail('matrix account email'),
      'Complaint.customer.email': plantEmail('matrix email'),
      'Complaint.customer.phone': plantPhone('matrix phone'),
      'Complaint.customer.cardNumber': plantCard('matrix card'),
    };
    expect(
      sensitiveFields(t.served.app)
        .map(({ entity, path: of }) => `${entity.name}.${of}`)
        .toSorted(),
    ).toEqual(Object.keys(given).toSorted());
    const card = given['Complaint.customer.cardNumber'];
    const masks = {
      taxId: `XXXX XXXX ${given['Account.taxId'].slice(-4)}`,
      bankAccountNumber: `••••••••${given['Account.bankAccountNumber'].slice(-4)}`,
      email: 'c••••••••@mail.example',
      phone: `••••••••${given['Complaint.customer.phone'].slice(-2)}`,
      cardNumber: `${card.slice(0, 6)}••••••${card.slice(-4)}`,
    };
    const accountId = await givenAccount(t, {
      taxId: given['Account.taxId'],
      bankAccountNumber: given['Account.bankAccountNumber'],
      email: given['Account.email'],
    });
    const filed = await t.as('operations').mutate(
      'fileComplaint',
      {
        accountId,
        lobId: await givenLob(t, accountId),
        channel: 'WEB',
        category: 'c',
        receivedAt: new Date().toISOString(),
        customer: {
          email: given['Complaint.customer.email'],
          phone: given['Complaint.customer.phone'],
          cardNumber: card,
        },
      },
      'complaint { id }',
    );
    const complaintId = filed.payload.complaint.id as string;
    const ask = (client: ApiClient, type: 'Account' | 'Complaint') =>
      type === 'Account'
        ? gql(
            client,
            'query ($id: ID!) { one: account(id: $id) { taxId bankAccountNumber email } many: accounts(first: 100, orderBy: CREATED_AT_DESC) { nodes { id taxId bankAccountNumber email } } }',
            { id: accountId },
          )
        : gql(
            client,
            'query ($id: ID!) { one: complaint(id: $id) { customer { email phone cardNumber } } many: complaints(first: 100, orderBy: CREATED_AT_DESC) { nodes { id customer { email phone cardNumber } } } }',
            { id: complaintId },
          );
    for (const [role, sees] of Object.entries(MATRIX)) {
      if (role === 'client') await seatClient(accountId);
      if (role === 'another client') await seatClient(await givenAccount(t));
      const who = role === 'another client' ? 'client' : role;
      const client = who === 'nobody' ? t.nobody : t.as(who as 'admin');
      for (const type of ['Account', 'Complaint'] as const) {
        const { data, text } = await ask(client, type);
        const { taxId, bankAccountNumber, email, phone, cardNumber } = masks;
        const shown =
          type === 'Account' ? { taxId, bankAccountNumber, email } : { customer: { email, phone, cardNumber } };
        const id = type === 'Account' ? accountId : complaintId;
        const seen = sees[type] === null ? null : shown;
        expect({ role, type, one: data?.one ?? null }).toEqual({ role, type, one: seen });
        const listed = (data?.many?.nodes ?? []).find((each: { id: string }) => each.id === id) ?? null;
        expect({ role, type, listed }).toEqual({ role, type, listed: seen && { id, ...seen } });
        expect(leaksIn(text)).toEqual([]);
      }
    }
  });

  it('no filter, no order and no argument of any field has the name of a sensitive one', () => {
    const names = new Set(sensitiveFields(t.served.app).flatMap(({ path: of }) => of.split('.')));
    names.delete('customer');
    // Colleagues find each other by the address that they sign in with.
    const taken = /^UserFilter\.email$/;
    const found: string[] = [];
    for (const type of Object.values(bareSchema().getTypeMap())) {
      const fields = isInputObjectType(type) && type.name.endsWith('Filter') ? Object.keys(type.getFields()) : [];
      const orders = isEnumType(type) && type.name.endsWith('Order') ? type.getValues().map(({ name }) => name) : [];
      const columns = [...names].map((name) => name.replace(/[A-Z]/g, '_$&').toUpperCase());
      found.push(...fields.filter((name) => names.has(name)).map((name) => `${type.name}.${name}`));
      found.push(...orders.filter((name) => columns.some((column) => name.startsWith(column))));
    }
    expect(found.filter((name) => !taken.test(name))).toEqual([]);
  });

  it('cannot be found or sorted by: no filter and no order names it', async () => {
    for (const query of [
      '{ accounts(filter: { taxId: "x" }) { totalCount } }',
      '{ accounts(orderBy: TAX_ID_ASC) { totalCount } }',
      '{ complaints(filter: { email: "x" }) { totalCount } }',
    ])
      expect((await t.as('auditor').gql(query)).code).toBe('GRAPHQL_VALIDATION_FAILED');
    const accountId = await givenAccount(t, { taxId: 'TX-SEARCH-9911' });
    const { data } = await t.as('auditor').gql('{ accounts(filter: { search: "SEARCH-9911" }) { totalCount } }');
    expect(data).toEqual({ accounts: { totalCount: 0 } });
    expect(accountId).toBeDefined();
  });

  it('is masked in a change request: its input, its changes and its result', async () => {
    const input = {
      code: freshCode('ACC'),
      legalName: 'Canary Ltd',
      currency: 'USD',
      timeZone: 'UTC',
      taxId: plantTaxId('openAccount.taxId'),
      bankAccountNumber: plantBank('openAccount.bankAccountNumber'),
    };
    const { payload } = await mutate(
      t.as('operations'),
      'openAccount',
      input,
      `outcome changeRequest { ${SHOWN_REQUEST} }`,
    );
    const masks = {
      taxId: `••••••••${input.taxId.slice(-4)}`,
      bankAccountNumber: `••••••••${input.bankAccountNumber.slice(-4)}`,
    };
    expect(payload.changeRequest.input).toMatchObject({ code: input.code, ...masks });
    expect(payload.changeRequest.changes).toEqual(
      expect.arrayContaining(Object.entries(masks).map(([field, after]) => ({ path: field, before: null, after }))),
    );
    const executed = await approve('supervisor', payload.changeRequest);
    expect(executed).toMatchObject({ status: 'EXECUTED', result: { account: expect.any(String) } });
    const accountId = executed.result.account;
    const changed = await mutate(
      t.as('billing'),
      'changeAccount',
      { accountId, bankAccountNumber: plantBank('changeAccount.bankAccountNumber'), reason: 'moved' },
      `changeRequest { ${SHOWN_REQUEST} } account { ${SHOWN_ACCOUNT} }`,
    );
    expect(changed.payload.changeRequest.changes).toEqual([
      { path: 'bankAccountNumber', before: masks.bankAccountNumber, after: expect.stringMatching(/^••••••••\d{4}$/) },
    ]);
    await gql(
      t.as('auditor'),
      `{ changeRequests(first: 100) { nodes { ${SHOWN_REQUEST} } } accounts(first: 100) { nodes { ${SHOWN_ACCOUNT} } } }`,
    );
    expect(said.slice(-4).flatMap(({ text }) => leaksIn(text))).toEqual([]);
  });

  const invalid = (field: string, value: unknown) =>
    mutate(
      t.as('operations'),
      'fileComplaint',
      {
        accountId: NO_ID,
        lobId: NO_ID,
        channel: 'PHONE',
        category: 'c',
        receivedAt: '2026-01-01T00:00:00Z',
        customer: { [field]: value },
      },
      'outcome',
    );
  const nestings: [string, (secret: string) => unknown][] = [
    ['a number', (secret) => Number(secret.replace(/\D/g, '').slice(0, 15))],
    ['an object', (secret) => ({ number: secret })],
    ['the key of an object', (secret) => ({ [`${secret}; `]: { [secret]: 1 } })],
    ['a list', (secret) => [[secret]]],
    ['a text that ends the message', (secret) => ({ number: `x; ${secret}` })],
    ['a text that looks like a path', (secret) => ({ number: `x" at "input.customer"; ${secret}` })],
    ['an object with quotes', (secret) => [{ a: `"${secret}"`, b: `'; ${secret}` }, secret]],
    ['a boolean beside it', (secret) => [true, `; ${secret}`]],
  ];
  it.each(nestings)('is not repeated in the error when it is %s', async (_what, wrong) => {
    const secret = plantTaxId('wrong type of a variable');
    const card = plantCard('wrong type of a variable');
    for (const each of [secret, card]) {
      const answer = await invalid('cardNumber', wrong(each));
      expect(answer.code).toBe('BAD_USER_INPUT');
      expect(answer.errors[0]!.message).toContain('input.customer.cardNumber');
      expect(leaksIn(answer.text)).toEqual([]);
      if (typeof wrong(each) === 'number') expect(answer.text).not.toContain(String(wrong(each)));
    }
  });

  it('is not repeated when it stands where another value belongs', async () => {
    const secret = () => plantTaxId('in another field');
    const client = t.as('operations');
    const file = (more: object) =>
      mutate(
        client,
        'fileComplaint',
        {
          accountId: NO_ID,
          lobId: NO_ID,
          channel: 'PHONE',
          category: 'c',
          receivedAt: '2026-01-01T00:00:00Z',
          ...more,
        },
        'outcome',
      );
    const answers = [
      await file({ channel: secret() }),
      await file({ channel: `x"y ${secret()}` }),
      await file({ channel: { a: secret() } }),
      await file({ receivedAt: secret() }),
      await file({ receivedAt: { a: secret() } }),
      await file({ customer: secret() }),
      await file({ accountId: { a: secret() } }),
      await mutate(
        t.as('billing'),
        'draftInvoice',
        { accountId: NO_ID, lines: [{ description: 'x', quantity: secret(), unitPrice: '1' }] },
        'outcome',
      ),
      await mutate(
        t.as('billing'),
        'draftInvoice',
        { accountId: NO_ID, lines: [{ description: 'x', quantity: '1', unitPrice: '1' }], dueInDays: secret() },
        'outcome',
      ),
      await mutate(t.as('billing'), 'draftInvoice', { accountId: NO_ID, lines: secret() }, 'outcome'),
      await gql(t.as('auditor'), 'query ($f: Boolean) { users(filter: { active: $f }) { totalCount } }', {
        f: secret(),
      }),
      await gql(t.as('auditor'), 'query ($f: Int) { users(first: $f) { totalCount } }', { f: secret() }),
    ];
    for (const answer of answers) {
      expect(answer.errors.length).toBeGreaterThan(0);
      expect(answer.code).toBe('BAD_USER_INPUT');
      expect(leaksIn(answer.text)).toEqual([]);
    }
  });

  it('is not repeated when it stands in the document itself', async () => {
    const secret = () => plantTaxId('literal in the document');
    const file = (customer: string, channel = 'PHONE') =>
      `mutation { fileComplaint(input: { accountId: "x", lobId: "x", channel: ${channel}, category: "c", receivedAt: "2026-01-01T00:00:00Z", customer: ${customer} }) { outcome } }`;
    const documents = [
      file(`{ cardNumber: 4${digits(17)} }`),
      file(`{ cardNumber: { a: "${secret()}" } }`),
      file(`{ cardNumber: ["${secret()}"] }`),
      file(`{ cardNumber: ${secret()} }`),
      file(`"${secret()}"`),
      file(`["${secret()}"]`),
      file('{}', `"${secret()}"`),
      file('{}', secret()),
      file('{}', `{ a: "${secret()}" }`),
      `{ users(first: "${secret()}") { totalCount } }`,
      `{ users(first: 1, filter: { active: "${secret()}" }) { totalCount } }`,
      `{ users(filter: "${secret()}") { totalCount } }`,
      `{ users(orderBy: "${secret()}") { totalCount } }`,
      `{ users "${secret()}" }`,
      `"${secret()}"`,
      `{ users(first: "${secret()} }`,
      `{ users(first: """${secret()} }`,
      `query ($a: Int = "${secret()}") { users(first: $a) { totalCount } }`,
      `{ users(filter: { email: "${secret()}\\q" }) { totalCount } }`,
    ];
    for (const document of documents) {
      const { code, errors, text } = await gql(t.as('operations'), document);
      expect({
        document,
        refused: ['GRAPHQL_VALIDATION_FAILED', 'GRAPHQL_PARSE_FAILED', 'BAD_USER_INPUT'].includes(code!),
      }).toEqual({ document, refused: true });
      expect({ document, message: errors[0]!.message, leaks: leaksIn(text) }).toEqual({
        document,
        message: errors[0]!.message,
        leaks: [],
      });
      expect(text).not.toMatch(/4\d{17}/);
    }
  });

  it('is not repeated when it is invalid for its kind', async () => {
    const complaint = (customer: object) =>
      givenLobOf().then(({ accountId, lobId }) =>
        mutate(
          t.as('operations'),
          'fileComplaint',
          { accountId, lobId, channel: 'PHONE', category: 'c', receivedAt: new Date().toISOString(), customer },
          'outcome',
        ),
      );
    const wrong: [object, string][] = [
      [{ cardNumber: plantTaxId('invalid card') }, 'SENSITIVE_VALUE_INVALID'],
      [{ email: `${plantTaxId('invalid email')} at home` }, 'SENSITIVE_VALUE_INVALID'],
      [{ phone: plantTaxId('invalid phone') }, 'SENSITIVE_VALUE_INVALID'],
      [{ phone: `${plantTaxId('long phone')}${'1'.repeat(64)}` }, 'BAD_USER_INPUT'],
      [{ email: `${plantTaxId('long email')}${'x'.repeat(254)}@mail.example` }, 'BAD_USER_INPUT'],
    ];
    for (const [customer, code] of wrong) {
      const answer = await complaint(customer);
      expect(answer.code).toBe(code);
      expect(leaksIn(answer.text)).toEqual([]);
    }
    const tax = await mutate(
      t.as('operations'),
      'openAccount',
      {
        code: freshCode('ACC'),
        legalName: 'x',
        currency: 'USD',
        timeZone: 'UTC',
        taxId: `${plantTaxId('invalid tax id')}§`,
      },
      'outcome',
    );
    expect(tax.code).toBe('SENSITIVE_VALUE_INVALID');
    const currency = await mutate(
      t.as('operations'),
      'openAccount',
      { code: freshCode('ACC'), legalName: 'x', currency: 'XXQ', timeZone: plantTaxId('as a zone') },
      'outcome',
    );
    expect(currency.code).toBe('CURRENCY_UNKNOWN');
    expect(leaksIn(tax.text + currency.text)).toEqual([]);
  });

  it('masked and sent back is refused, and nothing is kept of it: SENSITIVE_VALUE_MASKED', async () => {
    const accountId = await givenAccount(t);
    const { data } = await t
      .as('billing')
      .gql('query ($id: ID!) { account(id: $id) { taxId bankAccountNumber version } }', { id: accountId });
    for (const field of ['taxId', 'bankAccountNumber']) {
      const answer = await t
        .as('billing')
        .mutate('changeAccount', { accountId, [field]: data!.account[field], legalName: 'Renamed Ltd' }, 'outcome');
      expect(answer.code).toBe('SENSITIVE_VALUE_MASKED');
      expect(answer.errors[0]!.extensions.details).toEqual({ kind: field });
    }
    const [row] = await t.sql('SELECT version, legal_name FROM account WHERE id = $1', [accountId]);
    expect(row).toEqual({ version: 1, legal_name: 'Test Client Ltd' });
    const { accountId: of, lobId } = await givenLobOf();
    for (const customer of [
      { email: 'c••••••••@mail.example' },
      { phone: '••••••••47' },
      { cardNumber: '411111••••••1111' },
      { cardNumber: '411111XXXXXX1111' },
    ])
      expect(
        (
          await t
            .as('operations')
            .mutate(
              'fileComplaint',
              { accountId: of, lobId, channel: 'PHONE', category: 'c', receivedAt: new Date().toISOString(), customer },
              'outcome',
            )
        ).code,
      ).toBe('SENSITIVE_VALUE_MASKED');
    expect(await t.sql('SELECT FROM complaint WHERE account_id = $1', [of])).toEqual([]);
  });

  async function givenLobOf() {
    const accountId = await givenAccount(t);
    return { accountId, lobId: await givenLob(t, accountId) };
  }
});

describe('revealSensitiveValue', () => {
  const values = () => ({
    email: `Jo.${word()}@Mail.Example`,
    phone: `+44 20 ${digits(4)} ${digits(4)}`,
    cardNumber: fakeCard(),
  });
  const reveal = (client: ApiClient, input: object) =>
    client.mutate('revealSensitiveValue', { reason: 'the customer called', ...input }, 'outcome value');
  const eventsOf = (id: string) => trail(t, `subject_id = $1 AND action LIKE 'sensitiveValue.reveal%'`, [id]);

  it('shows one value, and the trail says to whom, why and for what', async () => {
    const accountId = await givenAccount(t, {
      taxId: 'TX-7788-9911',
      bankAccountNumber: 'GB82 WEST 1234 5698 7654 32',
    });
    const { payload } = await reveal(t.as('billing'), {
      type: 'Account',
      id: accountId,
      field: 'bankAccountNumber',
      purpose: 'payment',
    });
    expect(payload).toEqual({ outcome: 'DONE', value: 'GB82WEST12345698765432' });
    const events = await eventsOf(accountId);
    expect(events).toMatchObject([
      {
        action: 'sensitiveValue.revealed',
        outcome: 'DONE',
        actor: t.as('billing').userId,
        subject: { type: 'Account', id: accountId },
        reason: 'the customer called',
        changes: [{ path: 'bankAccountNumber', before: null, after: 'payment' }],
      },
    ]);
    expect(JSON.stringify(events)).not.toContain('GB82WEST');
    expect((await t.sql('SELECT version FROM account WHERE id = $1', [accountId]))[0]).toEqual({ version: 1 });
  });

  it('shows what a complaint’s customer gave, part by part', async () => {
    const given = values();
    const id = await givenComplaint(given);
    for (const who of ['operations', 'compliance'] as const) {
      expect((await reveal(t.as(who), { type: 'Complaint', id, field: 'customer.email' })).payload.value).toBe(
        given.email.replace('Mail.Example', 'mail.example'),
      );
      expect((await reveal(t.as(who), { type: 'Complaint', id, field: 'customer.phone' })).payload.value).toBe(
        given.phone.replaceAll(' ', ''),
      );
      expect((await reveal(t.as(who), { type: 'Complaint', id, field: 'customer.cardNumber' })).payload.value).toBe(
        given.cardNumber,
      );
    }
    expect(await eventsOf(id)).toHaveLength(6);
  });

  it('leaves one event a value, also for several in one document', async () => {
    const given = values();
    const id = await givenComplaint(given);
    const one = (alias: string, field: string) =>
      `${alias}: revealSensitiveValue(input: { type: "Complaint", id: "${id}", field: "${field}", reason: "all of it" }) { value }`;
    const { data } = await t
      .as('compliance')
      .gql(
        `mutation { ${one('a', 'customer.email')} ${one('b', 'customer.phone')} ${one('c', 'customer.cardNumber')} ${one('d', 'customer.cardNumber')} }`,
      );
    expect([data!.c.value, data!.d.value]).toEqual([given.cardNumber, given.cardNumber]);
    const events = await eventsOf(id);
    expect(events.map(({ changes }) => changes[0].path)).toEqual([
      'customer.email',
      'customer.phone',
      'customer.cardNumber',
      'customer.cardNumber',
    ]);
    expect(events.every(({ actor, reason }) => actor === t.as('compliance').userId && reason === 'all of it')).toBe(
      true,
    );
  });

  it('repeated under one key is a new look and a new event, and the answer is kept nowhere', async () => {
    const cardNumber = plantCard('answer of a reveal');
    const id = await givenComplaint({ cardNumber });
    const input = { type: 'Complaint', id, field: 'customer.cardNumber', idempotencyKey: randomUUID() };
    expect((await reveal(t.as('compliance'), input)).payload.value).toBe(cardNumber);
    expect((await reveal(t.as('compliance'), input)).payload.value).toBe(cardNumber);
    expect(await eventsOf(id)).toHaveLength(2);
    expect((await reveal(t.as('compliance'), { ...input, reason: 'another' })).code).toBe('IDEMPOTENCY_KEY_REUSED');
    const keys = await t.sql('SELECT k::text AS row FROM idempotency_key k WHERE actor_id = $1', [
      t.as('compliance').userId,
    ]);
    expect(leaksIn(JSON.stringify(keys))).toEqual([]);
  });

  it('is for those whose role says so, type by type', async () => {
    const complaint = await givenComplaint(values());
    const account = await givenAccount(t);
    await seatClient(account);
    const may = { Account: ['billing', 'supervisor', 'compliance'], Complaint: ['operations', 'compliance'] };
    for (const who of [
      'admin',
      'billing',
      'supervisor',
      'operations',
      'compliance',
      'auditor',
      'client',
      'stranger',
    ] as const)
      for (const [type, id, field] of [
        ['Account', account, 'taxId'],
        ['Complaint', complaint, 'customer.email'],
      ] as const) {
        const { code, payload } = await reveal(t.as(who), { type, id, field });
        const let_in = may[type].includes(who);
        // Billing may reveal something, but does not see complaints at all.
        const expected = let_in ? undefined : who === 'billing' ? 'NOT_FOUND' : 'FORBIDDEN';
        expect({ who, type, code, shown: typeof payload?.value === 'string' }).toEqual({
          who,
          type,
          code: expected,
          shown: let_in,
        });
      }
    expect((await reveal(t.nobody, { type: 'Account', id: account, field: 'taxId' })).code).toBe('UNAUTHENTICATED');
    expect((await eventsOf(account)).filter(({ outcome }) => outcome === 'DONE').map(({ actor }) => actor)).toEqual(
      may.Account.map((who) => t.as(who as 'billing').userId),
    );
    expect((await eventsOf(account)).filter(({ outcome }) => outcome === 'REFUSED').length).toBeGreaterThan(0);
  });

  it('answers a foreign id like an unknown one', async () => {
    const complaint = await givenComplaint(values());
    const ask = (id: string) => reveal(t.as('billing'), { type: 'Complaint', id, field: 'customer.email' });
    const [foreign, unknown, garbage] = [await ask(complaint), await ask(NO_ID), await ask(`' OR true --`)];
    expect(foreign.code).toBe('NOT_FOUND');
    expect(foreign.text).toBe(unknown.text);
    expect(garbage.text).toBe(unknown.text);
  });

  it('knows no other type and no other field', async () => {
    const accountId = await givenAccount(t);
    for (const [type, field] of [
      ['User', 'passwordHash'],
      ['Session', 'tokenHash'],
      ['Account', 'legalName'],
      ['Account', 'taxId.sealed'],
      ['Account', 'taxId.masked'],
      ['Account', '__proto__'],
      ['Account', 'constructor'],
      ['Account', 'customer.email'],
      ['ChangeRequest', 'inputSealed'],
      ['Nothing', 'taxId'],
      ['account', 'taxId'],
      ['Account', 'tax_id_sealed'],
      ['Object', 'constructor'],
    ] as const) {
      const { code, payload } = await reveal(t.as('compliance'), { type, id: accountId, field });
      expect({ type, field, code, payload: payload ?? null }).toEqual({
        type,
        field,
        code: 'NOT_FOUND',
        payload: null,
      });
    }
    expect((await eventsOf(accountId)).filter(({ outcome }) => outcome === 'DONE')).toEqual([]);
  });

  it('says when there is no value: SENSITIVE_VALUE_ABSENT', async () => {
    const accountId = await givenAccount(t, { taxId: null });
    expect((await reveal(t.as('compliance'), { type: 'Account', id: accountId, field: 'taxId' })).code).toBe(
      'SENSITIVE_VALUE_ABSENT',
    );
  });

  it('needs a reason that says something', async () => {
    const accountId = await givenAccount(t);
    for (const reason of ['', '   ', 'x'.repeat(501)])
      expect((await reveal(t.as('compliance'), { type: 'Account', id: accountId, field: 'taxId', reason })).code).toBe(
        'BAD_USER_INPUT',
      );
    expect(
      (
        await t
          .as('compliance')
          .mutate('revealSensitiveValue', { type: 'Account', id: accountId, field: 'taxId' }, 'value')
      ).code,
    ).toBe('BAD_USER_INPUT');
    expect((await eventsOf(accountId)).filter(({ outcome }) => outcome === 'DONE')).toEqual([]);
  });

  it('shows nothing when the trail cannot be written', async () => {
    const taxId = plantTaxId('reveal without a trail');
    const accountId = await givenAccount(t, { taxId });
    await t.sql(
      `CREATE FUNCTION no_trail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.action = 'sensitiveValue.revealed' THEN RAISE EXCEPTION 'the trail is full'; END IF; RETURN NEW; END $$`,
    );
    await t.sql('CREATE TRIGGER no_trail BEFORE INSERT ON audit.event FOR EACH ROW EXECUTE FUNCTION no_trail()');
    try {
      const failed = await reveal(t.as('compliance'), { type: 'Account', id: accountId, field: 'taxId' });
      expect(failed.code).toBe('INTERNAL');
      expect(failed.payload ?? null).toBeNull();
      expect(failed.text).not.toContain('trail');
      expect(leaksIn(failed.text)).toEqual([]);
      await t.sql(
        `CREATE OR REPLACE FUNCTION no_trail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN NEW.action = 'sensitiveValue.revealed' THEN NULL ELSE NEW END; END $$`,
      );
      const swallowed = await reveal(t.as('compliance'), { type: 'Account', id: accountId, field: 'taxId' });
      expect(swallowed.code).toBe('INTERNAL');
      expect(leaksIn(swallowed.text)).toEqual([]);
    } finally {
      await t.sql('DROP TRIGGER no_trail ON audit.event');
      await t.sql('DROP FUNCTION no_trail()');
    }
    expect((await reveal(t.as('compliance'), { type: 'Account', id: accountId, field: 'taxId' })).payload.value).toBe(
      taxId,
    );
  });
});

describe('under a policy that an owner has made', () => {
  const underApproval = (operation: string) =>
    t.sql(
      `INSERT INTO approval_policy (id, operation, active, steps, expires_after_hours) VALUES (gen_random_uuid(), $1, true, '[{"stage":1,"roles":["supervisor"],"people":[],"quorum":1}]', 1)
       ON CONFLICT (operation, name) DO UPDATE SET active = true, steps = excluded.steps`,
      [operation],
    );
  const lift = (operation: string) =>
    t.sql('UPDATE approval_policy SET active = false WHERE operation = $1', [operation]);

  it('a password waits masked, and works once it was approved', async () => {
    const password = plant('password of a user that waits', `secret-${word()}-${word()}`);
    const email = `w-${word()}@test.example`;
    await underApproval('user.create');
    try {
      const { payload } = await mutate(
        t.as('admin'),
        'createUser',
        { name: 'Waiting', email, password },
        `changeRequest { ${SHOWN_REQUEST} }`,
      );
      expect(payload.changeRequest.input).toMatchObject({ name: 'Waiting', password: '••••••••' });
      expect(await t.sql('SELECT FROM app_user WHERE email = $1', [email])).toEqual([]);
      await approve('supervisor', payload.changeRequest);
    } finally {
      await lift('user.create');
    }
    const { data } = await t.nobody.gql(
      'mutation ($input: SignInInput!) { signIn(input: $input) { viewer { email } } }',
      { input: { email, password } },
    );
    expect(data).toEqual({ signIn: { viewer: { email } } });
    expect(
      Object.entries(await wholeDatabase()).flatMap(([table, text]) =>
        leaksIn(text).map((route) => `${table}: ${route}`),
      ),
    ).toEqual([]);
  });

  it('a reveal that was approved is neither kept nor shown to the approver', async () => {
    const taxId = plantTaxId('a reveal under approval');
    const accountId = await givenAccount(t, { taxId });
    await underApproval('sensitiveValue.reveal');
    try {
      const { payload } = await mutate(
        t.as('billing'),
        'revealSensitiveValue',
        { type: 'Account', id: accountId, field: 'taxId', reason: 'x' },
        'outcome value',
      );
      expect(payload).toEqual({ outcome: 'AWAITING_APPROVAL', value: null });
      const [waiting] = await t.sql(
        `SELECT id, revision, digest FROM change_request WHERE operation = 'sensitiveValue.reveal' AND status = 'PENDING'`,
      );
      const approved = await mutate(
        t.as('supervisor'),
        'approveChangeRequest',
        { ...waiting, idempotencyKey: randomUUID() },
        `changeRequest { ${SHOWN_REQUEST} }`,
      );
      expect(approved.payload.changeRequest).toMatchObject({ status: 'EXECUTED' });
      expect(leaksIn(approved.text)).toEqual([]);
    } finally {
      await lift('sensitiveValue.reveal');
    }
    expect(
      Object.entries(await wholeDatabase()).flatMap(([table, text]) =>
        leaksIn(text).map((route) => `${table}: ${route}`),
      ),
    ).toEqual([]);
  });
});

describe('canaries', () => {
  it('planted through every route that takes text are nowhere in the database, in no answer, no line of the log and no span of a trace', async () => {
    await plantEverywhere();
    await readEverywhere();
    const database = await wholeDatabase();
    expect(canaries.length).toBeGreaterThan(60);
    expect({
      database: Object.fromEntries(
        Object.entries(database)
          .map(([table, text]) => [table, leaksIn(text)] as const)
          .filter(([, leaks]) => leaks.length > 0),
      ),
      answers: said.map(({ route, text }) => ({ route, leaks: leaksIn(text) })).filter(({ leaks }) => leaks.length > 0),
      log: leaksIn(logged),
      metrics: leaksIn((await request(t.served.server).get('/metrics')).text),
      exports: leaksIn(await wholeExport()),
      traces: leaksIn(spans.text),
    }).toEqual({ database: {}, answers: [], log: [], metrics: [], exports: [], traces: [] });
    expect(spans.count).toBeGreaterThan(500);
    for (const told of ['"POST /graphql"', '"db.query.text":"INSERT']) expect(spans.text).toContain(told);
  });

  /** Every file of an export of the trail. */
  async function wholeExport(): Promise<string> {
    const out = join(mkdtempSync(join(os.tmpdir(), 'countersign-canaries-')), 'export');
    await sealAll(t);
    await exported(t, out);
    const text = readdirSync(out)
      .map((name) => readFileSync(join(out, name), 'utf8'))
      .join('\n');
    rmSync(join(out, '..'), { recursive: true });
    expect(text).toContain('sensitiveValue.sought');
    return text;
  }

  it('are found by this search where they do lie in the clear', async () => {
    const card = fakeCard();
    await t.rewind(`UPDATE app_user SET name = $1 WHERE email = 'stranger@test.example'`, [`x ${spaced(card)}`]);
    const found = leaksIn((await wholeDatabase())['public.app_user']!, [{ route: 'control', value: card }]);
    await t.rewind(`UPDATE app_user SET name = 'stranger' WHERE email = 'stranger@test.example'`);
    expect(found).toEqual(['control']);
  });

  it('are in no log and no span when the database refuses a row', async () => {
    const password = plant('password of a user that is not made', `pw-${word()}-${word()}`);
    const accountId = await givenAccount(t);
    const lobId = await givenLob(t, accountId);
    const from = logged.length;
    await t.sql(
      `CREATE FUNCTION refuse_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disk full' USING DETAIL = 'Failing row contains ' || NEW::text; END $$`,
    );
    for (const table of ['app_user', 'complaint', 'change_request', 'session'])
      await t.sql(
        `CREATE TRIGGER refuse_${table} BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION refuse_row()`,
      );
    const answers: Answer[] = [];
    try {
      answers.push(
        await mutate(
          t.as('admin'),
          'createUser',
          { name: 'N', email: `n-${word()}@test.example`, password },
          'outcome',
        ),
      );
      const customer = {
        name: 'Jo',
        email: plantEmail('failed complaint'),
        phone: plantPhone('failed complaint'),
        cardNumber: plantCard('failed complaint'),
      };
      answers.push(
        await mutate(
          t.as('operations'),
          'fileComplaint',
          {
            accountId,
            lobId,
            channel: 'WEB',
            category: 'c',
            receivedAt: new Date().toISOString(),
            customer,
            narrative: plantText('failed narrative'),
          },
          'outcome',
        ),
      );
      answers.push(
        await mutate(
          t.as('billing'),
          'changeAccount',
          { accountId, taxId: plantTaxId('failed change'), reason: 'x' },
          'outcome',
        ),
      );
      answers.push(
        await gql(
          t.nobody,
          `mutation { signIn(input: { email: "billing@test.example", password: "correct horse battery staple" }) { token } }`,
        ),
      );
    } finally {
      for (const table of ['app_user', 'complaint', 'change_request', 'session'])
        await t.sql(`DROP TRIGGER refuse_${table} ON ${table}`);
      await t.sql('DROP FUNCTION refuse_row()');
    }
    expect(answers).toHaveLength(4);
    for (const { code, text } of answers) {
      expect(code).toBe('INTERNAL');
      expect(text).not.toMatch(/disk|insert|app_user|row/i);
    }
    const written = logged.slice(from);
    expect(written).toContain('unexpected error');
    expect(leaksIn(written)).toEqual([]);
    expect(spans.text).toContain('"status":{"code":2');
    expect(leaksIn(spans.text)).toEqual([]);
    expect(written).not.toContain('$argon2id$');
    expect(written).not.toContain('Failing row');
  });
});

/** A card number and an address into every text that a mutation takes, and sensitive values into their own fields. */
async function plantEverywhere(): Promise<void> {
  const account = await mutate(t.as('operations'), 'openAccount', {
    code: freshCode('ACC'),
    legalName: plantText('openAccount.legalName'),
    currency: 'USD',
    timeZone: 'UTC',
    taxId: plantTaxId('openAccount.taxId'),
    bankAccountNumber: plantBank('openAccount.bank'),
    idempotencyKey: plantCard('idempotencyKey'),
  });
  const { account: accountId } = (
    await approve('supervisor', account.payload.changeRequest, plantText('approve.comment'))
  ).result;
  const change = await mutate(t.as('billing'), 'changeAccount', {
    accountId,
    legalName: plantText('changeAccount.legalName'),
    taxId: plantAadhaar('changeAccount.taxId'),
    reason: plantNumbers('changeAccount.reason'),
  });
  await mutate(
    t.as('supervisor'),
    'rejectChangeRequest',
    { id: change.payload.changeRequest.id, reason: plantText('reject.reason') },
    `changeRequest { ${SHOWN_REQUEST} }`,
  );
  const again = await mutate(t.as('billing'), 'changeAccount', {
    accountId,
    bankAccountNumber: plantIban('changeAccount.bank'),
    reason: plantText('changeAccount.reason'),
  });
  await mutate(
    t.as('billing'),
    'withdrawChangeRequest',
    { id: again.payload.changeRequest.id, reason: plantText('withdraw.reason') },
    'outcome',
  );
  await mutate(
    t.as('billing'),
    'changeAccount',
    { accountId, legalName: plantText('changeAccount.legalName at once') },
    `account { ${SHOWN_ACCOUNT} }`,
  );

  const lob = await mutate(
    t.as('operations'),
    'openLob',
    { accountId, code: 'CANARY', name: plantText('openLob.name') },
    'lob { id name }',
  );
  const lobId = lob.payload.lob.id as string;
  const agent = await mutate(
    t.as('operations'),
    'hireAgent',
    { code: freshCode('AG'), name: plantText('hireAgent.name'), hiredOn: '2020-01-01' },
    'agent { id name }',
  );
  const agentId = agent.payload.agent.id as string;
  const assignment = await mutate(
    t.as('operations'),
    'assignAgent',
    { agentId, lobId, startsOn: '2024-01-01' },
    'assignment { id }',
  );
  const transfer = await mutate(t.as('operations'), 'requestAgentTransfer', {
    agentId,
    toLobId: await givenLob(t, accountId),
    startsOn: '2024-03-01',
    reason: plantText('transfer.reason'),
  });
  await approve('supervisor', transfer.payload.changeRequest);
  expect(assignment.errors).toEqual([]);
  const freeAgent = await givenAgent(t);
  const other = await mutate(
    t.as('operations'),
    'assignAgent',
    { agentId: freeAgent, lobId, startsOn: '2024-01-01' },
    'assignment { id }',
  );
  await mutate(
    t.as('operations'),
    'endAssignment',
    { assignmentId: other.payload.assignment.id, endsOn: '2024-02-01', reason: plantText('endAssignment.reason') },
    'assignment { id endReason }',
  );

  const draft = await mutate(
    t.as('billing'),
    'draftInvoice',
    { accountId, lines: [{ lobId, description: 'Handled calls', quantity: '1', unitPrice: '100' }] },
    'invoice { id lines { id description } }',
  );
  const invoiceId = draft.payload.invoice.id as string;
  const issue = await mutate(t.as('billing'), 'issueInvoice', { invoiceId, reason: plantText('issue.reason') });
  await approve('supervisor', issue.payload.changeRequest);
  const lineId = (await linesOf(t, invoiceId))[0]!.id;
  const amount = { amount: '10.00', currency: 'USD' };
  const dispute = await mutate(
    t.as('billing'),
    'openDispute',
    { invoiceId, reasonCode: 'RATE', items: [{ lineId, amount }], note: plantText('openDispute.note') },
    'dispute { id note items { id } }',
  );
  const { id: disputeId, items } = dispute.payload.dispute;
  const resolved = await mutate(
    t.as('billing2'),
    'resolveDispute',
    {
      disputeId,
      items: [{ itemId: items[0].id, acceptedAmount: { ...amount, amount: '0.00' } }],
      note: plantText('resolveDispute.note'),
    },
    'dispute { id note resolutionNote }',
  );
  expect(resolved.errors).toEqual([]);
  const second = await mutate(
    t.as('billing'),
    'openDispute',
    { invoiceId, reasonCode: 'RATE', items: [{ lineId, amount }] },
    'dispute { id }',
  );
  await mutate(
    t.as('billing'),
    'withdrawDispute',
    { disputeId: second.payload.dispute.id, reason: plantText('withdrawDispute.reason') },
    'dispute { id }',
  );
  const voided = await mutate(
    t.as('billing'),
    'voidInvoice',
    { invoiceId, reason: plantText('voidInvoice.reason') },
    `changeRequest { ${SHOWN_REQUEST} }`,
  );
  await approve('supervisor', voided.payload.changeRequest);

  const customer = {
    name: plantText('customer.name'),
    email: plantEmail('customer.email'),
    phone: plantPhone('customer.phone'),
    cardNumber: spaced(plantCard('customer.cardNumber')),
  };
  const filed = await mutate(
    t.as('operations'),
    'fileComplaint',
    {
      accountId,
      lobId,
      channel: 'WEB',
      category: plantText('complaint.category').slice(0, 200),
      receivedAt: new Date().toISOString(),
      customer,
      narrative: plantNumbers('complaint.narrative'),
    },
    `complaint { ${SHOWN_COMPLAINT} }`,
  );
  expect(filed.errors).toEqual([]);
  const complaintId = filed.payload.complaint.id as string;
  await mutate(
    t.as('operations'),
    'resolveComplaint',
    { complaintId, resolution: 'UPHELD', note: plantNumbers('resolveComplaint.note') },
    `complaint { ${SHOWN_COMPLAINT} }`,
  );
  await mutate(
    t.as('compliance'),
    'reopenComplaint',
    { complaintId, reason: plantText('reopen.reason') },
    'complaint { id }',
  );
  await t.as('compliance').mutate(
    'revealSensitiveValue',
    {
      type: 'Account',
      id: accountId,
      field: 'taxId',
      reason: plantText('reveal.reason'),
      purpose: plantText('reveal.purpose').slice(0, 100),
    },
    'outcome',
  );
  await mutate(
    t.as('auditor'),
    'revealSensitiveValue',
    {
      type: plantTaxId('reveal.type'),
      id: accountId,
      field: plantTaxId('reveal.field'),
      reason: plantText('refused reveal.reason'),
    },
    'value',
  );

  for (const [field, value] of [
    ['taxId', plantTaxId('find.taxId')],
    ['taxId', plantAadhaar('find.aadhaar')],
    ['bankAccountNumber', plantIban('find.iban')],
    ['bankAccountNumber', `${plantBank('find.invalid')}§`],
  ])
    await mutate(
      t.as('compliance'),
      'findBySensitiveValue',
      { type: 'Account', field, value, reason: plantNumbers('find.reason'), idempotencyKey: randomUUID() },
      'outcome ids',
    );
  await mutate(
    t.as('billing'),
    'findBySensitiveValue',
    {
      type: 'Account',
      field: 'taxId',
      value: plantTaxId('forbidden find'),
      reason: plantText('forbidden find.reason'),
    },
    'outcome',
  );
  const allowance = await mutate(t.as('billing'), 'grantRevealAllowance', {
    userId: t.as('billing').userId,
    reveals: 3,
    expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    reason: plantNumbers('grantRevealAllowance.reason'),
  });
  await approve('compliance', allowance.payload.changeRequest);

  const user = await mutate(
    t.as('admin'),
    'createUser',
    {
      name: plantText('createUser.name'),
      email: `u-${word()}@test.example`,
      password: plant('createUser.password', `secret-${word()}-${word()}`),
    },
    'user { id name }',
  );
  const userId = user.payload.user.id as string;
  const grant = await mutate(t.as('admin'), 'grantRole', {
    userId,
    role: 'billing',
    reason: plantText('grantRole.reason'),
  });
  const { roleGrant } = (await approve('compliance', grant.payload.changeRequest)).result;
  await mutate(
    t.as('admin'),
    'revokeRole',
    { roleGrantId: roleGrant, reason: plantText('revokeRole.reason') },
    'outcome',
  );
  await mutate(t.as('admin'), 'deactivateUser', { userId, reason: plantText('deactivateUser.reason') }, 'outcome');
  const [policy] = await t.sql(`SELECT id FROM approval_policy WHERE operation = 'agent.transfer'`);
  const policyChange = await mutate(
    t.as('admin'),
    'changeApprovalPolicy',
    { approvalPolicyId: policy!.id, expiresAfterHours: 71, reason: plantText('changeApprovalPolicy.reason') },
    `changeRequest { ${SHOWN_REQUEST} }`,
  );
  await approve('compliance', policyChange.payload.changeRequest);
  const policyMade = await mutate(
    t.as('admin'),
    'createApprovalPolicy',
    {
      operation: 'agent.transfer',
      name: 'planted',
      steps: [{ name: plantText('ApprovalStepInput.name'), roles: ['supervisor'] }],
      whenCategories: [plantText('createApprovalPolicy.whenCategories')],
      reason: plantText('createApprovalPolicy.reason'),
    },
    `changeRequest { ${SHOWN_REQUEST} }`,
  );
  await approve('compliance', policyMade.payload.changeRequest);
  const hook = await mutate(
    t.as('admin'),
    'createWebhook',
    {
      name: plantText('createWebhook.name'),
      url: `http://127.0.0.1:9/${word()}`,
      events: ['changeRequest.proposed'],
      reason: plantText('createWebhook.reason'),
    },
    `changeRequest { ${SHOWN_REQUEST} }`,
  );
  const { webhook } = (await approve('compliance', hook.payload.changeRequest)).result;
  await mutate(
    t.as('admin'),
    'changeWebhook',
    { webhookId: webhook, active: false, reason: plantText('changeWebhook.reason') },
    `changeRequest { ${SHOWN_REQUEST} }`,
  );
  await mutate(
    t.as('admin'),
    'drawWebhookSecret',
    { webhookId: webhook, reason: plantText('drawWebhookSecret.reason') },
    'outcome',
  );
  await mutate(
    t.as('admin'),
    'redeliverWebhook',
    { deliveryId: webhook, reason: plantText('redeliverWebhook.reason') },
    'outcome',
  );
  await mutate(t.as('operations'), 'closeLob', { lobId, reason: plantText('closeLob.reason') }, 'lob { id }');
  const closing = await mutate(t.as('operations'), 'closeAccount', {
    accountId,
    reason: plantText('closeAccount.reason'),
  });
  if (closing.payload) await approve('supervisor', closing.payload.changeRequest);

  // Refusals keep a reason, too; and what a client says of itself goes into the trail.
  await mutate(
    t.as('billing'),
    'voidInvoice',
    { invoiceId, reason: plantText('refused voidInvoice.reason') },
    'outcome',
  );
  await mutate(
    t.as('auditor'),
    'voidInvoice',
    { invoiceId, reason: plantText('forbidden voidInvoice.reason') },
    'outcome',
  );
  await gql(t.nobody, 'mutation ($i: SignInInput!) { signIn(input: $i) { token } }', {
    i: { email: plantEmail('signIn.email'), password: plant('signIn.password', `wrong-${word()}`) },
  });
  await request(t.served.server)
    .post('/graphql')
    .set('authorization', `Bearer ${t.as('auditor').token}`)
    .set('x-request-id', plantCard('x-request-id'))
    .set('user-agent', `agent ${plantCard('user-agent')} of ${plantEmail('user-agent')}`)
    .send({ query: `mutation { voidInvoice(input: { invoiceId: "${invoiceId}", reason: "x" }) { outcome } }` });
  await request(t.served.server).get(`/${plantCard('path')}`);
  await request(t.served.server)
    .get('/graphql')
    .query({ query: `{ users(filter: { email: "${plantEmail('GET')}" }) { totalCount } }` })
    .set('apollo-require-preflight', '1');
  await request(t.served.server)
    .post('/graphql')
    .set('content-type', 'application/json')
    .send(`{ "query": ${plantTaxId('not JSON')} }`);
}

/** Reads everything that can be read, as those who see most. */
async function readEverywhere(): Promise<void> {
  const page = 'first: 100';
  for (const who of ['compliance', 'auditor'] as const) {
    const { errors } = await gql(
      t.as(who),
      `{ accounts(${page}) { nodes { ${SHOWN_ACCOUNT} lobs { nodes { name } } } }
         invoices(${page}) { nodes { voidReason lines { description } pendingChanges { ${SHOWN_REQUEST} } } }
         disputes(${page}) { nodes { note resolutionNote reasonCode } }
         complaints(${page}) { nodes { ${SHOWN_COMPLAINT} } }
         changeRequests(${page}) { nodes { ${SHOWN_REQUEST} } }
         agents(${page}) { nodes { name assignments { endReason } } }
         users(${page}) { nodes { name email } } }`,
    );
    expect(errors).toEqual([]);
    let after: string | null = null;
    do {
      const { data }: Answer = await gql(
        t.as(who),
        'query ($after: String) { auditEvents(first: 100, after: $after) { nodes { action reason content requestId userAgent changes { path before after } } pageInfo { endCursor hasNextPage } } }',
        { after },
      );
      after = data!.auditEvents.pageInfo.hasNextPage ? data!.auditEvents.pageInfo.endCursor : null;
    } while (after);
  }
}
