import {
  buildClientSchema,
  getIntrospectionQuery,
  getNamedType,
  getNullableType,
  type GraphQLInputType,
  type GraphQLSchema,
  type IntrospectionQuery,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { maskText } from '../src/platform/masks';
import { startTestApp, type TestApp } from './support/app';
import type { CastName } from './support/cast';
import blns from './data/blns.json';
import { freshCode, givenAccount, givenAgent, givenInvoice, givenLob, linesOf } from './support/scene';

const STRINGS: string[] = blns;
const LONE = ['\ud800', 'a\udc00b', '\udfff\ud800'];
const CONTROLS = ['\u0000', 'a\u0000b', '\u0001', '\u001b[31m', '\u007f'];
const LONG = 'x'.repeat(900_000);

let t: TestApp;
let schema: GraphQLSchema;
let known: Record<string, string>;
beforeAll(async () => {
  t = await startTestApp();
  const { data } = await t.as('admin').gql(getIntrospectionQuery());
  schema = buildClientSchema(data as unknown as IntrospectionQuery);
  const accountId = await givenAccount(t);
  const invoiceId = await givenInvoice(t, accountId);
  known = {
    accountId,
    invoiceId,
    lobId: await givenLob(t, accountId),
    agentId: await givenAgent(t),
    lineId: (await linesOf(t, invoiceId))[0]!.id,
  };
});
afterAll(() => t.close());
jest.setTimeout(180_000);

/** Nothing that anybody sends is a fault of ours: the trail would have it as FAILED. */
afterEach(async () => {
  expect(await t.sql(`SELECT action, count(*)::int FROM audit.event WHERE outcome = 'FAILED' GROUP BY action`)).toEqual(
    [],
  );
});

/** Whom the door lets in, for each mutation. */
const ACTORS: Record<string, CastName> = {
  signIn: 'operations',
  signOut: 'stranger',
  endSession: 'compliance',
  endOtherSessions: 'stranger',
  linkOidcSubject: 'admin',
  createApiKey: 'admin',
  rotateApiKey: 'admin',
  drawApiKeySecret: 'admin',
  revokeApiKey: 'admin',
  createUser: 'admin',
  deactivateUser: 'admin',
  reactivateUser: 'admin',
  inviteUser: 'admin',
  drawPasswordToken: 'admin',
  resetPassword: 'admin',
  removeSecondFactor: 'admin',
  enrolTotp: 'stranger',
  confirmTotp: 'stranger',
  drawRecoveryCodes: 'stranger',
  stepUp: 'stranger',
  grantRole: 'admin',
  linkUsers: 'admin',
  findBySensitiveValue: 'compliance',
  grantRevealAllowance: 'compliance',
  setApprovalLimit: 'admin',
  setExchangeRate: 'admin',
  signAgreement: 'billing',
  amendAgreement: 'billing',
  endAgreement: 'billing',
  startAccessReview: 'admin',
  decideAccessReviewItem: 'admin',
  closeAccessReview: 'admin',
  allowDutyException: 'admin',
  endDutyException: 'admin',
  breakGlass: 'supervisor',
  delegateApprovals: 'supervisor',
  delegateApprovalsForAnother: 'admin',
  reviewFinding: 'compliance',
  revokeRole: 'admin',
  createApprovalPolicy: 'admin',
  createWebhook: 'admin',
  changeWebhook: 'admin',
  drawWebhookSecret: 'admin',
  redeliverWebhook: 'admin',
  changeApprovalPolicy: 'admin',
  revealSensitiveValue: 'compliance',
  importUsage: 'billing',
  reportUsage: 'billing',
  runBilling: 'billing',
  releaseBilling: 'billing',
  openLegalEntity: 'billing',
  changeLegalEntity: 'billing',
  burnDocumentNumbers: 'billing',
  setTaxRule: 'billing',
  endTaxRule: 'billing',
  reviewInvoice: 'billing',
  acceptInvoice: 'billing',
  objectToInvoice: 'billing',
  issueCreditNote: 'billing',
  draftInvoice: 'billing',
  issueInvoice: 'billing',
  voidInvoice: 'billing',
  openDispute: 'billing',
  resolveDispute: 'billing2',
  withdrawDispute: 'billing',
  reopenComplaint: 'compliance',
  erasePersonalData: 'compliance',
};
const actorOf = (mutation: string): CastName =>
  ACTORS[mutation] ?? (/ChangeRequest/.test(mutation) ? 'supervisor' : 'operations');

/** Texts that must have a form; the others take any. */
const FORMED: Record<string, string> = {
  currency: 'USD',
  timeZone: 'UTC',
  taxId: '12-3456789',
  bankAccountNumber: '000123456789',
  email: 'somebody@test.example',
  phone: '+12025550143',
  cardNumber: '4111111111111111',
  iban: 'DE89370400440532013000',
  bic: 'COBADEFFXXX',
  country: 'DE',
  subdivision: 'DE-BE',
  invoiceNumberFormat: 'I-{FY}-{N:6}',
  creditNoteNumberFormat: 'C-{FY}-{N:6}',
  password: 'correct horse battery staple',
  digest: 'a'.repeat(64),
  reasonCode: 'RATE',
  whenFields: 'taxId',
  type: 'Account',
  field: 'taxId',
};

type Path = (string | number)[];

/** A value that fits a type, and where texts stand in it. */
function sampleOf(type: GraphQLInputType, name: string, path: Path, texts: Path[]): unknown {
  const nullable = getNullableType(type);
  if (isListType(nullable)) return [sampleOf(nullable.ofType, name, [...path, 0], texts)];
  const of = getNamedType(type);
  if (isInputObjectType(of))
    return Object.fromEntries(
      Object.values(of.getFields())
        .filter((field) => field.name !== 'expectedVersion')
        .map((field) => [field.name, sampleOf(field.type, field.name, [...path, field.name], texts)]),
    );
  if (isEnumType(of)) return of.getValues()[0]!.name;
  switch (of.name) {
    case 'String':
      texts.push(path);
      return name === 'code' ? freshCode('N') : name === 'idempotencyKey' ? null : (FORMED[name] ?? 'text');
    case 'ID':
      return known[name] ?? '01890000-0000-7000-8000-000000000000';
    case 'Int':
      return 1;
    case 'Boolean':
      return true;
    case 'Decimal':
      return '1';
    case 'DateTime':
      return '2026-01-05T12:00:00Z';
    case 'LocalDate':
      return '2026-01-05';
    case 'JSON':
      return {};
    default:
      throw new Error(`No sample for ${of.name}: add one.`);
  }
}

function put(value: unknown, path: Path, text: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return text;
  const copy: any = Array.isArray(value) ? [...value] : { ...(value as object) };
  copy[key] = put(copy[key], rest, text);
  return copy;
}

/** Posts a document without supertest, whose cost would be most of this file's. */
function post(as: CastName, query: string, variables: object): Promise<{ status: number; body: any }> {
  const { port } = t.served.server.address() as AddressInfo;
  const payload = JSON.stringify({ query, variables });
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${t.as(as).token}`,
      'content-length': Buffer.byteLength(payload),
    };
    const sent = request({ port, host: '127.0.0.1', path: '/graphql', method: 'POST', headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode!, body: JSON.parse(Buffer.concat(chunks).toString()) }),
      );
    });
    sent.on('error', reject);
    sent.end(payload);
  });
}

interface Outcome {
  code: string | undefined;
  value: any;
}

const BATCH = 25;
const AT_ONCE = 4;

/** Sends each set of arguments as an aliased field of a query, many in a request. Expects of each a value or a clear code. */
async function queryAll(
  as: CastName,
  field: string,
  args: readonly Record<string, unknown>[],
  selection: string,
): Promise<Outcome[]> {
  const { args: arguments_ } = schema.getQueryType()!.getFields()[field]!;
  const declared = arguments_.filter(({ name }) => args.some((each) => name in each));
  const outcomes: Outcome[] = [];
  const batches = Array.from({ length: Math.ceil(args.length / BATCH) }, (_, n) =>
    args.slice(n * BATCH, (n + 1) * BATCH),
  );
  const worker = async (): Promise<void> => {
    for (let batch = batches.shift(); batch; batch = batches.shift()) {
      const at = args.indexOf(batch[0]!);
      const variables = Object.fromEntries(
        batch.flatMap((each, n) => declared.map(({ name }) => [`${name}${n}`, each[name]])),
      );
      const heads = batch.flatMap((_, n) => declared.map(({ name, type: of }) => `$${name}${n}: ${String(of)}`));
      const fields = batch.map(
        (_, n) => `m${n}: ${field}(${declared.map(({ name }) => `${name}: $${name}${n}`).join(', ')}) ${selection}`,
      );
      const query = `query (${heads.join(', ')}) { ${fields.join('\n')} }`;
      const { status, body } = await post(as, query, variables);
      batch.forEach((_, n) => {
        const error = body.errors?.find(({ path }: { path?: string[] }) => !path || path[0] === `m${n}`);
        outcomes[at + n] = { code: error?.extensions?.code, value: body.data?.[`m${n}`] };
      });
      expect([200, 400]).toContain(status);
      for (const { extensions } of body.errors ?? []) {
        expect(extensions?.code).toMatch(/^[A-Z_]+$/);
        expect(extensions.code).not.toBe('INTERNAL');
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return outcomes;
}

/** Sends each input in a request of its own: payloads cannot be null, so one that is refused would stop those behind it. */
async function mutateAll(
  as: CastName,
  mutation: string,
  inputs: readonly unknown[],
  selection: string,
): Promise<Outcome[]> {
  const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`;
  const query = `mutation ($input: ${type}!) { ${mutation}(input: $input) ${selection} }`;
  const outcomes: Outcome[] = [];
  const left = inputs.map((input, at) => ({ input, at }));
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) {
      const { status, body } = await post(as, query, { input: next.input });
      const code = body.errors?.[0]?.extensions?.code as string | undefined;
      expect([200, 400]).toContain(status);
      if (body.errors) expect(code).toMatch(/^(?!INTERNAL$)[A-Z_]+$/);
      else expect(body.data[mutation]).not.toBeNull();
      outcomes[next.at] = { code, value: body.data?.[mutation] };
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return outcomes;
}

/** Every n-th of the strings, beginning elsewhere for each place, so that all of them are met. */
const some = (n: number, from = 0) => STRINGS.filter((_, index) => index % n === from % n);

const blank = (text: string) => text.trim() === '';
const isControl = (unit: number) => (unit < 32 && ![9, 10, 13].includes(unit)) || unit === 127;
const keepable = (text: string) =>
  text.isWellFormed() && !Array.from({ length: text.length }, (_, at) => text.charCodeAt(at)).some(isControl);

describe('what people type into texts', () => {
  it('is in hand: 485 strings', () => {
    expect(STRINGS).toHaveLength(485);
    expect(STRINGS.filter((text) => !keepable(text)).length).toBeGreaterThan(0);
  });

  it('comes back unchanged in the lines of an invoice, but for the blanks around it', async () => {
    const said = STRINGS.filter((text) => keepable(text) && !blank(text) && text.length <= 500);
    expect(said.length).toBeGreaterThan(450);
    const lines = said.map((description) => ({ description, quantity: '1', unitPrice: '1' }));
    const [{ value, code }] = (await mutateAll(
      'billing',
      'draftInvoice',
      [{ accountId: known.accountId, lines }],
      '{ invoice { id lines { description } } }',
    )) as [Outcome];
    expect(code).toBeUndefined();
    expect(value.invoice.lines.map((line: any) => line.description)).toEqual(said.map((text) => text.trim()));
    const rows = await t.sql('SELECT description FROM invoice_line WHERE invoice_id = $1 ORDER BY line_number', [
      value.invoice.id,
    ]);
    expect(rows.map(({ description }) => description)).toEqual(said.map((text) => text.trim()));
  });

  const kept = (text: string) => text.trim();
  const masked = (text: string) => maskText(text.trim());
  it.each([
    ['hireAgent', 'operations', 'name', '{ agent { name } }', (value: any) => value.agent.name, kept, 200],
    ['openLob', 'operations', 'name', '{ lob { name } }', (value: any) => value.lob.name, kept, 200],
    [
      'fileComplaint',
      'operations',
      'narrative',
      '{ complaint { narrative } }',
      (value: any) => value.complaint.narrative,
      masked,
      20_000,
    ],
    [
      'fileComplaint',
      'operations',
      'category',
      '{ complaint { category } }',
      (value: any) => value.complaint.category,
      masked,
      200,
    ],
  ] as const)(
    'comes back unchanged from %s, as %s sends it in %s',
    async (mutation, as, field, selection, valueOf, expected, max) => {
      const texts: Path[] = [];
      const type = schema.getMutationType()!.getFields()[mutation]!.args[0]!.type;
      // Every field that must be unique gets another value each time.
      const inputs = STRINGS.map((text) =>
        put(put(sampleOf(type, '', [], texts), ['sourceReference'], undefined), [field], text),
      );
      const cleaned = inputs.map((input) =>
        mutation === 'fileComplaint' ? input : withoutKey(input as object, 'sourceReference'),
      );
      const outcomes = await mutateAll(as, mutation, cleaned, selection);
      STRINGS.forEach((text, n) => {
        const { code, value } = outcomes[n]!;
        if (!keepable(text)) expect([text, code]).toEqual([text, 'TEXT_INVALID']);
        else if (blank(text) || text.length > max) expect([text, code]).toEqual([text, 'BAD_USER_INPUT']);
        else expect([text, code, value && valueOf(value)]).toEqual([text, undefined, expected(text)]);
      });
    },
  );

  it('is accepted or refused clearly in every text of every mutation', async () => {
    const skipped: string[] = [];
    let place = 0;
    let sent = 0;
    for (const { name: mutation, args } of Object.values(schema.getMutationType()!.getFields())) {
      const type = args[0]?.type;
      if (!type) {
        skipped.push(mutation);
        continue;
      }
      const paths: Path[] = [];
      sampleOf(type, '', [], paths);
      const nameOf = (path: Path) => String(path.findLast((key) => typeof key === 'string'));
      const formed = paths.filter((path) => nameOf(path) === 'code' || nameOf(path) in FORMED);
      const free = paths.filter((path) => !formed.includes(path));
      // Passwords are hashed, on purpose slowly.
      const every = mutation === 'signIn' ? 40 : mutation === 'createUser' ? Math.max(12, STRIDE) : STRIDE;
      const sets = [paths, free, ...formed.map((path) => [path])].filter((set) => set.length > 0);
      for (const set of sets) {
        place += 1;
        const inputs = some(every, place).map((text) =>
          set.reduce((input, path) => put(input, path, text), sampleOf(type, '', [], [])),
        );
        sent += (await mutateAll(actorOf(mutation), mutation, inputs, '{ __typename }')).length;
      }
      const edges = [...LONE, ...CONTROLS, LONG].map((text) =>
        put(sampleOf(type, '', [], []), paths[0] ?? ['idempotencyKey'], text),
      );
      const codes = (await mutateAll(actorOf(mutation), mutation, edges, '{ __typename }')).map(({ code }) => code);
      if (paths.length === 0) continue;
      expect([mutation, ...codes.slice(0, -1)]).toEqual([
        mutation,
        ...Array(LONE.length + CONTROLS.length).fill('TEXT_INVALID'),
      ]);
      expect([mutation, codes.at(-1)]).toEqual([
        mutation,
        mutation === 'signIn' ? expect.any(String) : 'BAD_USER_INPUT',
      ]);
    }
    expect(skipped).toEqual(['signOut']);
    expect(sent).toBeGreaterThan(16_000 / STRIDE);
  });

  it('is taken as an idempotency key, and the same key answers alike', async () => {
    const keys = [...new Set(STRINGS)].filter((_, n) => n % 3 === 0);
    // Somebody who uses keys in no other test of this file.
    const lines = [{ description: 'x', quantity: '1', unitPrice: '1' }];
    const asked = keys.map((idempotencyKey) => ({ accountId: known.accountId, lines, idempotencyKey }));
    const first = await mutateAll('billing2', 'draftInvoice', asked, '{ invoice { id } }');
    const again = await mutateAll('billing2', 'draftInvoice', asked, '{ invoice { id } }');
    asked.forEach(({ idempotencyKey: key }, n) => {
      const code = !keepable(key)
        ? 'TEXT_INVALID'
        : key.length === 0 || key.length > 200
          ? 'BAD_USER_INPUT'
          : undefined;
      expect([key, first[n]!.code]).toEqual([key, code]);
      expect(again[n]).toEqual(first[n]);
    });
  });
});

/** Each place gets some of them, others at each place; NAUGHTY_STRIDE=1 gives each all of them, and takes five minutes. */
const STRIDE = Number(process.env.NAUGHTY_STRIDE ?? 90);

/** An id is looked at in one place for all: fewer of them say as much. */
const OF_IDS = Math.ceil(STRIDE / 8);

jest.setTimeout(600_000);

const withoutKey = (input: object, key: string) =>
  Object.fromEntries(Object.entries(input).filter(([name]) => name !== key));

describe('what people type into searches', () => {
  const NODES = '{ pageInfo { hasNextPage } }';

  it('finds or is refused clearly in every filter and argument of every query', async () => {
    let sent = 0;
    for (const { name: field, args } of Object.values(schema.getQueryType()!.getFields())) {
      if (args.length === 0) continue;
      const who: CastName = /Approvals/.test(field) ? 'supervisor' : 'compliance';
      const scalar = args.find(({ name }) => name === 'id');
      if (scalar) {
        const ids = some(OF_IDS, sent);
        const outcomes = await queryAll(
          who,
          field,
          ids.map((id) => ({ id })),
          '{ id }',
        );
        outcomes.forEach(({ code, value }, n) =>
          expect([ids[n], code, value]).toEqual([ids[n], keepable(ids[n]!) ? undefined : 'TEXT_INVALID', null]),
        );
        sent += outcomes.length;
        continue;
      }
      const filter = args.find(({ name }) => name === 'filter');
      const of = filter && getNamedType(filter.type);
      const names =
        of && isInputObjectType(of)
          ? Object.values(of.getFields()).filter(({ type }) => ['String', 'ID'].includes(getNamedType(type).name))
          : [];
      for (const { name, type } of names) {
        expect(isNonNullType(type)).toBe(false);
        for (const text of some(STRIDE, sent)) {
          const { status, body } = await post(
            who,
            `query ($filter: ${String(filter!.type)}) { ${field}(first: 5, filter: $filter) ${NODES} }`,
            { filter: { [name]: text } },
          );
          const code = body.errors?.[0]?.extensions?.code;
          expect(status).toBe(200);
          expect([field, name, text, code]).toEqual([
            field,
            name,
            text,
            keepable(text) ? code && 'BAD_USER_INPUT' : 'TEXT_INVALID',
          ]);
          sent += 1;
        }
      }
      for (const place of ['after', 'before'].filter((name) => args.some((arg) => arg.name === name)))
        for (const text of some(40, sent)) {
          const { body } = await post(who, `query ($cursor: String) { ${field}(${place}: $cursor) ${NODES} }`, {
            cursor: text,
          });
          expect([field, place, text, body.errors?.[0]?.extensions?.code]).toEqual([
            field,
            place,
            text,
            keepable(text) ? expect.stringMatching(/^(CURSOR_INVALID|BAD_USER_INPUT)$/) : 'TEXT_INVALID',
          ]);
          sent += 1;
        }
    }
    expect(sent).toBeGreaterThan(4000 / OF_IDS);
  });

  it('is found by exactly that text, wildcards and all', async () => {
    // Behind a mark of its own, so that few others contain it, too.
    const said = some(4)
      .filter((text) => keepable(text) && !blank(text) && text.trim().length < 190)
      .map((text) => `Q7~${text.trim()}`);
    expect(said.length).toBeGreaterThan(100);
    await mutateAll(
      'operations',
      'hireAgent',
      said.map((name) => ({ code: freshCode('AG'), name, hiredOn: '2024-01-01' })),
      '{ agent { id } }',
    );
    for (const text of said) {
      const { body } = await post(
        'operations',
        'query ($search: String) { agents(first: 100, filter: { search: $search }) { nodes { name } } }',
        { search: text },
      );
      const names = body.data.agents.nodes.map((node: any) => node.name);
      expect(names).toContain(text);
    }
  });
});

describe('what is larger or deeper than anybody needs', () => {
  it.each(['x', '1 ', '4111 1111 1111 1111 ', 'a@b.'])(
    'is refused quickly as a reason, and not kept: %j, 900 KB of it',
    async (part) => {
      const reason = part.repeat(900_000 / part.length);
      for (const as of ['billing', 'stranger'] as const) {
        const began = performance.now();
        const { code } = await t.as(as).mutate('voidInvoice', { invoiceId: known.invoiceId, reason });
        expect(code).toBe(as === 'billing' ? 'BAD_USER_INPUT' : 'FORBIDDEN');
        expect(performance.now() - began).toBeLessThan(2_000);
      }
      const [longest] = await t.sql(`SELECT max(length(content)) AS bytes FROM audit.told WHERE action LIKE '%oid%'`);
      expect(longest!.bytes).toBeLessThan(20_000);
    },
  );

  it('is refused as too large before it is read', async () => {
    const { status, body } = await post(
      'operations',
      'mutation ($input: OpenLobInput!) { openLob(input: $input) { outcome } }',
      {
        input: { accountId: known.accountId, code: 'BIG', name: 'x'.repeat(1_100_000) },
      },
    );
    expect([status, body.errors[0].extensions.code]).toEqual([413, 'REQUEST_TOO_LARGE']);
  });

  it('is refused as JSON of any depth', async () => {
    const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    for (const depth of [5_000, 100_000]) {
      const { status, body } = await rawPost(
        `{"query":"query ($id: ID!) { account(id: $id) { id } }","variables":{"id":${deep(depth)}}}`,
      );
      expect(status).toBeLessThan(500);
      expect(body.errors[0].extensions.code).toMatch(/^(BAD_USER_INPUT|BAD_REQUEST|REQUEST_TOO_DEEP)$/);
    }
  });

  it('is refused as a document of any depth', async () => {
    const nested = `{ accounts { nodes { ${'lobs { nodes { account { '.repeat(2_000)} id ${'} } }'.repeat(2_000)} } } }`;
    const { status, body } = await post('operations', `query ${nested}`, {});
    expect(status).toBeLessThan(500);
    expect(body.errors[0].extensions.code).toMatch(/^(?!INTERNAL$)[A-Z_]+$/);
  });

  it.each([
    '{"query":"{ viewer { id } }',
    '[]',
    'null',
    '"x"',
    '{"query":5}',
    '{"query":"{ viewer \\u0000 }"}',
    '{"query":"query { viewer { id } }","variables":[]}',
    '\u0000',
  ])('is refused: %j', async (text) => {
    const { status, body } = await rawPost(text);
    expect([400, 422]).toContain(status);
    expect(body.errors[0].extensions.code).toMatch(/^(?!INTERNAL$)[A-Z_]+$/);
  });

  function rawPost(text: string): Promise<{ status: number; body: any }> {
    const { port } = t.served.server.address() as AddressInfo;
    return fetch(`http://127.0.0.1:${port}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${t.as('operations').token}` },
      body: text,
    }).then(async (response) => ({ status: response.status, body: await response.json() }));
  }
});
