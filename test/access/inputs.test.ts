import { randomUUID } from 'node:crypto';
import {
  getNamedType,
  type GraphQLInputObjectType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isScalarType,
} from 'graphql';
import { treatmentOf as treatmentAmong } from '../../src/access/sensitive-value';
import { bareSchema, decimalNames } from '../../src/schema';
import { startTestApp, type TestApp } from '../support/app';
import type { CastName } from '../support/cast';
import { stateOf } from '../support/outcomes';
import { givenAccount, givenLob, trail } from '../support/scene';
import { INPUTS } from './documents';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const schema = bareSchema();
const decimals = decimalNames(schema);
const treatmentOf = (name: string) => treatmentAmong(name, decimals);

const mutations = Object.values(schema.getMutationType()!.getFields());

interface TextInput {
  mutation: string;
  /** Names from the input to the text. */
  path: string[];
  scalar: string;
}

/** Every leaf of an input, each once, by the scalar that it takes. */
function leavesOf(mutation: string, type: GraphQLInputObjectType, path: string[] = []): TextInput[] {
  return Object.values(type.getFields()).flatMap((field) => {
    const named = getNamedType(field.type);
    const here = [...path, field.name];
    if (isInputObjectType(named)) return leavesOf(mutation, named, here);
    return isScalarType(named) ? [{ mutation, path: here, scalar: named.name }] : [];
  });
}

const leaves = mutations.flatMap(({ name, args }) => {
  const input = args.find((each) => each.name === 'input');
  return input ? leavesOf(name, getNamedType(input.type) as GraphQLInputObjectType) : [];
});
const textInputs = leaves.filter(({ scalar }) => scalar === 'String');

const typeOf = ({ mutation }: TextInput) =>
  getNamedType(mutations.find(({ name }) => name === mutation)!.args[0]!.type) as GraphQLInputObjectType;

/** A valid input with the text at its place, and whatever stands around it. */
function withText(input: TextInput, text: string): object {
  const put = (type: GraphQLInputObjectType, given: Record<string, any>, [name = '', ...rest]: string[]): object => {
    const of = type.getFields()[name]!.type;
    const list = isListType(isNonNullType(of) ? of.ofType : of);
    const below = (value: unknown) =>
      rest.length === 0
        ? text
        : put(getNamedType(of) as GraphQLInputObjectType, (value ?? {}) as Record<string, any>, rest);
    const present = given[name] as unknown;
    return { ...given, [name]: list ? [below(Array.isArray(present) ? present[0] : undefined)] : below(present) };
  };
  return put(typeOf(input), INPUTS[input.mutation]!() as Record<string, any>, input.path);
}

/** Whom the door lets in everywhere, one after the other until somebody is. */
const EVERYBODY: CastName[] = ['compliance', 'admin', 'operations', 'billing', 'supervisor'];

async function sent({ mutation }: TextInput, input: object) {
  for (const who of EVERYBODY) {
    const answer = await t
      .as(who)
      .mutate(mutation, input, mutation === 'decideChangeRequests' ? 'results { code }' : '__typename');
    if (answer.code !== 'FORBIDDEN') return answer;
  }
  throw new Error(`Nobody may ${mutation}.`);
}

/** Passwords and tokens are compared with others, and kept as hashes if at all. */
const isSecret = ({ path }: TextInput) => treatmentOf(path.at(-1)!) === 'secret';
/** They open sessions and change passwords before any operation, and take no other text than secrets and an address. */
const OUTSIDE = new Set(['signIn', 'changePassword']);
/** Of many decisions only a hash of it is kept. */
const isHashed = ({ mutation, path }: TextInput) =>
  mutation === 'decideChangeRequests' && path.at(-1) === 'idempotencyKey';
const given = textInputs.filter((each) => !isSecret(each) && !isHashed(each) && !OUTSIDE.has(each.mutation));

describe('what becomes of a text, by its name', () => {
  it('is said of every text that any mutation takes: a new name is put where it belongs', () => {
    const names = (treatment: string) =>
      [
        ...new Set(textInputs.map(({ path }) => path.at(-1)!).filter((name) => treatmentOf(name) === treatment)),
      ].toSorted();
    expect(names('secret')).toEqual(['newPassword', 'oneTimeCode', 'password', 'presentPassword', 'token', 'value']);
    expect(names('reference')).toEqual([
      'calendarCode',
      'code',
      'oidcSubject',
      'postalCode',
      'reasonCode',
      'sourceReference',
      'url',
    ]);
    expect(names('opaque')).toEqual(['corrects', 'digest', 'iban', 'idempotencyKey', 'sourceId']);
    for (const kind of ['taxId', 'bankAccountNumber', 'email', 'phone', 'cardNumber'])
      expect(names(kind)).toEqual([kind]);
    for (const name of names('words')) expect(name).not.toMatch(/password|token|secret|code$|number$/i);
  });

  it('amounts and ids are taken as they are', () => {
    const others = leaves.filter(({ scalar }) => ['Decimal', 'ID'].includes(scalar)).map(({ path }) => path.at(-1)!);
    expect(others.length).toBeGreaterThan(50);
    expect(others.filter((name) => treatmentOf(name) !== 'opaque')).toEqual([]);
    // Then a text cannot have the name of a number.
    expect(textInputs.filter(({ path }) => decimals.has(path.at(-1)!))).toEqual([]);
  });
});

describe('every text of every mutation', () => {
  it('there are many', () => expect(given.length).toBeGreaterThan(100));

  it('SECURITY_CODE_REFUSED: takes no security code of a card, and nothing is kept of it', async () => {
    const before = await stateOf(t);
    const codes: Record<string, number> = {};
    for (const input of given) {
      const { code, data, text } = await sent(input, withText(input, 'cvv 739'));
      const found = code ?? (data as any).decideChangeRequests?.results[0].code;
      codes[found] = (codes[found] ?? 0) + 1;
      // What does not fit the input’s own rules was refused before anybody looked for more.
      expect([input.mutation, input.path, found]).toEqual([
        input.mutation,
        input.path,
        expect.stringMatching(/^(SECURITY_CODE_REFUSED|BAD_USER_INPUT)$/),
      ]);
      expect(text).not.toContain('739');
    }
    expect(codes.SECURITY_CODE_REFUSED).toBeGreaterThan(90);
    expect(await stateOf(t)).toEqual(before);
    const events = await trail(t, `outcome = 'REFUSED'`);
    expect(events.some(({ code }) => code === 'SECURITY_CODE_REFUSED')).toBe(true);
    expect(JSON.stringify(events)).not.toContain('cvv 7');
    expect(events.filter(({ reason, changes }) => JSON.stringify([reason, changes]).includes('739'))).toEqual([]);
  });

  it('SENSITIVE_VALUE_MASKED: takes no masked value where a sensitive one belongs', async () => {
    const masks = {
      taxId: 'XXXX XXXX 2346',
      bankAccountNumber: '••••••••5432',
      email: 'a••••••••@mail.example',
      phone: '••••••••47',
      cardNumber: '411111••••••1111',
    };
    const sensitive = given.filter(({ path }) => Object.hasOwn(masks, path.at(-1)!));
    expect(new Set(sensitive.map(({ path }) => path.at(-1)))).toEqual(new Set(Object.keys(masks)));
    for (const input of sensitive) {
      const { code } = await sent(input, withText(input, masks[input.path.at(-1)! as keyof typeof masks]));
      expect([input.mutation, input.path, code]).toEqual([input.mutation, input.path, 'SENSITIVE_VALUE_MASKED']);
    }
  });

  it('CARD_NUMBER_REFUSED: what machines read is not masked, so it holds no card', async () => {
    for (const input of given.filter(({ path }) => treatmentOf(path.at(-1)!) === 'reference')) {
      const value = input.path.at(-1) === 'url' ? 'https://x.example/4111111111111111' : 'A4111111111111111';
      const { code, text } = await sent(input, withText(input, value));
      expect([input.mutation, input.path, code]).toEqual([input.mutation, input.path, 'CARD_NUMBER_REFUSED']);
      expect(text).not.toContain('4111111111111111');
    }
  });
});

describe('what people write', () => {
  it('is kept without card numbers, whatever they were written in, and with the order numbers beside them', async () => {
    const accountId = await givenAccount(t);
    const lobId = await givenLob(t, accountId);
    const narrative =
      'Order 1234567812345670: card ４１１１ 1111.1111-1111, IBAN GB82 WEST 1234 5698 7654 32, ref 1735936174823.';
    const { payload } = await t
      .as('operations')
      .mutate(
        'fileComplaint',
        { accountId, lobId, channel: 'PHONE', category: 'Card', receivedAt: new Date().toISOString(), narrative },
        'complaint { id narrative }',
      );
    const kept = 'Order 1234567812345670: card 411111••••••1111, IBAN ••••••••5432, ref 1735936174823.';
    expect(payload.complaint.narrative).toBe(kept);
    const [row] = await t.sql('SELECT narrative FROM complaint WHERE id = $1', [payload.complaint.id]);
    expect(row).toEqual({ narrative: kept });
  });

  it('within the new input of a change request that is revised, too: refused, and masked', async () => {
    const accountId = await givenAccount(t);
    const input = { accountId, taxId: 'TX-REV-1234', reason: 'first' };
    const { payload } = await t.as('billing').mutate('changeAccount', input, 'changeRequest { id input }');
    const { id, input: shown } = payload.changeRequest;
    const revise = (more: object) =>
      t
        .as('billing')
        .mutate(
          'reviseChangeRequest',
          { id, input: { ...shown, ...more }, idempotencyKey: randomUUID() },
          'changeRequest { input reason }',
        );
    expect((await revise({ reason: 'the cvv is 123' })).code).toBe('SECURITY_CODE_REFUSED');
    expect((await revise({ taxId: '••••••••9999' })).code).toBe('SENSITIVE_VALUE_MASKED');
    const revised = await revise({ reason: 'card 4111 1111 1111 1111' });
    expect(revised.payload.changeRequest).toEqual({
      input: expect.objectContaining({ taxId: shown.taxId, reason: 'card 411111••••••1111' }),
      reason: 'card 411111••••••1111',
    });
  });
});
