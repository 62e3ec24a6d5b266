import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import {
  GraphQLError,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  Kind,
  graphqlSync,
  parseValue as parseLiteralNode,
  type GraphQLScalarType,
} from 'graphql';
import { DateTimeScalar, DecimalScalar, JsonScalar, LocalDateScalar } from '../../src/platform/scalars';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const shared = path.resolve(__dirname, '../../../shared/data');

function errorOf(work: () => unknown): GraphQLError {
  try {
    work();
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

/** Refused as a variable and as a literal, and with the same message whatever the value was. */
function expectRefused(scalar: GraphQLScalarType, value: unknown): void {
  const errors = [errorOf(() => scalar.parseValue(value))];
  if (typeof value === 'string') {
    errors.push(errorOf(() => scalar.parseLiteral({ kind: Kind.STRING, value })));
  }
  for (const error of errors) {
    expect(error.extensions.code).toBe('BAD_USER_INPUT');
    expect(error.message).toBe(errorOf(() => scalar.parseValue(undefined)).message);
  }
}

function expectParsed(scalar: GraphQLScalarType, value: string, expected = value): void {
  expect(scalar.parseValue(value)).toBe(expected);
  expect(scalar.parseLiteral({ kind: Kind.STRING, value })).toBe(expected);
}

describe.each([DecimalScalar, DateTimeScalar, LocalDateScalar])('%s', (scalar) => {
  it('has a description', () => expect(scalar.description).toMatch(/\.$/));

  it.each(['12.30', '12', 'true', 'null', 'TODAY', '["12.30"]', '{ amount: "12.30" }'])(
    'takes no literal but a string: %s',
    (literal) => {
      if (literal === '12.30' || literal === '12') expect(parseLiteralNode(literal).kind).not.toBe(Kind.STRING);
      const error = errorOf(() => scalar.parseLiteral(parseLiteralNode(literal)));
      expect(error.extensions.code).toBe('BAD_USER_INPUT');
    },
  );

  it.each([12.3, 12, 0, Number.NaN, true, null, undefined, 12n, [], {}, ['1'], { toString: () => '1' }])(
    'takes no value but a string: %p',
    (value) => expectRefused(scalar, value),
  );
});

describe('Decimal', () => {
  it.each(
    // prettier-ignore
    [
      '0', '1', '12.30', '-0.05', '0.0', '-1', '10', '0.10', '99999999999999999999.9999999999',
      '-12345678901234567890',
    ],
  )('takes %s as it is', (value) => {
    expectParsed(DecimalScalar, value);
    expect(DecimalScalar.serialize(value)).toBe(value);
  });

  it.each(
    // prettier-ignore
    [
      'NaN', 'Infinity', '-Infinity', '1e3', '1E3', '1e-3', '1_000', '0x10', '0b1', '0o7', '-0', '-0.00',
      '-0.0000000000', '+1', ' 1', '1 ', '1\n', '\t1', '1.', '.5', '-.5', '01', '00.5', '-01', '--1', '1-',
      '1.2.3', '1,5', '1,000.00', '', '-', '.', '١٢', '１２', '१२', '1٫5', '−1', '123456789012345678901',
      '1.12345678901', 'null', '1n', '1\u0000',
    ],
  )('refuses %p', (value) => expectRefused(DecimalScalar, value));

  it('refuses a number also on the way out', () => {
    expect(() => DecimalScalar.serialize(12.3)).toThrow(GraphQLError);
  });

  it(`takes what it is made for (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.stringMatching(/^-?(0|[1-9][0-9]{0,19})(\.[0-9]{1,10})?$/), (value) => {
        if (/^-[0.]+$/.test(value)) expectRefused(DecimalScalar, value);
        else expectParsed(DecimalScalar, value);
      }),
      { seed },
    );
  });

  it(`refuses or leaves unchanged (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('0019.-+eE_x ٣')), maxLength: 6 }), (value) => {
        const plain = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?$/.test(value) && !/^-[0.]+$/.test(value);
        if (plain) expectParsed(DecimalScalar, value);
        else expectRefused(DecimalScalar, value);
      }),
      { seed, numRuns: 1000 },
    );
  });
});

describe('DateTime', () => {
  it.each([
    ['2026-11-21T10:00:00Z', '2026-11-21T10:00:00.000Z'],
    ['2026-11-21T15:30:00+05:30', '2026-11-21T10:00:00.000Z'],
    ['2026-11-21T00:30:00.5-09:30', '2026-11-21T10:00:00.500Z'],
    ['2026-11-21T10:00:00.123456789Z', '2026-11-21T10:00:00.123Z'],
    ['2026-11-21t10:00:00z', '2026-11-21T10:00:00.000Z'], // RFC 3339, 5.6: lower case is allowed
    ['2026-11-21T10:00:00-00:00', '2026-11-21T10:00:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['0099-12-31T00:00:00Z', '0099-12-31T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('takes %s', (value, expected) => {
    expectParsed(DateTimeScalar, value, expected);
    expect(DateTimeScalar.serialize(value)).toBe(expected);
  });

  it.each(
    // prettier-ignore
    [
      '', '2026-11-21', '2026-11-21T10:00:00', '2026-11-21T10:00Z', '2026-11-21 10:00:00Z', '2026-11-21T10:00:00 Z',
      '2026-11-31T10:00:00Z', '2026-02-29T10:00:00Z', '1900-02-29T10:00:00Z', '2026-13-01T10:00:00Z',
      '2026-00-01T10:00:00Z', '2026-01-00T10:00:00Z', '2026-01-32T10:00:00Z', '2026-11-21T24:00:00Z',
      '2026-11-21T10:60:00Z', '2016-12-31T23:59:60Z', '2026-11-21T10:00:61Z', '2026-11-21T10:00:00+24:00',
      '2026-11-21T10:00:00+05:60', '2026-11-21T10:00:00+0530', '2026-11-21T10:00:00+05', '2026-11-21T10:00:00.Z',
      '0000-01-01T00:00:00Z', '0001-01-01T00:00:00+00:01', '9999-12-31T23:59:59-00:01', '+02026-11-21T10:00:00Z',
      '10000-01-01T00:00:00Z', '-0001-01-01T00:00:00Z', ' 2026-11-21T10:00:00Z', '2026-11-21T10:00:00Z\n', 'now',
      'infinity', '２０２６-11-21T10:00:00Z', '1795255200', '2026-W47-6T10:00:00Z', '2026-325T10:00:00Z',
    ],
  )('refuses %p', (value) => expectRefused(DateTimeScalar, value));

  it('writes a Date, but not an invalid one', () => {
    expect(DateTimeScalar.serialize(new Date(0))).toBe('1970-01-01T00:00:00.000Z');
    expect(() => DateTimeScalar.serialize(new Date(Number.NaN))).toThrow(GraphQLError);
    expect(() => DateTimeScalar.serialize(0)).toThrow(GraphQLError);
    expectRefused(DateTimeScalar, new Date(0));
  });

  it(`is the same instant at every offset (seed ${seed})`, () => {
    const offsets = fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 });
    const instants = fc.date({ min: new Date('0002-01-01'), max: new Date('9998-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(instants, offsets, (instant, offsetMinutes) => {
        const minutes = Math.abs(offsetMinutes);
        const two = (number: number) => String(number).padStart(2, '0');
        const offset = `${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
        const wall = new Date(instant.getTime() + offsetMinutes * 60_000).toISOString().replace('Z', offset);
        expectParsed(DateTimeScalar, wall, instant.toISOString());
      }),
      { seed },
    );
  });
});

describe('LocalDate', () => {
  it.each(['2026-11-21', '2024-02-29', '0001-01-01', '9999-12-31', '0099-01-01'])('takes %s as it is', (value) => {
    expectParsed(LocalDateScalar, value);
    expect(LocalDateScalar.serialize(value)).toBe(value);
  });

  it.each(
    // prettier-ignore
    [
      '', '2026-11-31', '2026-02-29', '1900-02-29', '2026-13-01', '2026-00-10', '2026-01-00', '0000-01-01',
      '2026-1-1', '2026-11-21T00:00:00Z', '20261121', '2026/11/21', '21-11-2026', ' 2026-11-21',
      '2026-11-21\n', '10000-01-01', '-2026-11-21', '２０２６-11-21', 'today', '2026-W47-6',
    ],
  )('refuses %p', (value) => expectRefused(LocalDateScalar, value));

  it('does not write a Date: whose date would it be?', () => {
    expect(() => LocalDateScalar.serialize(new Date(0))).toThrow(GraphQLError);
  });

  it(`takes every day there is (seed ${seed})`, () => {
    const days = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(days, (day) => expectParsed(LocalDateScalar, day.toISOString().slice(0, 10))),
      { seed },
    );
  });
});

describe('JSON', () => {
  const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

  it('has a description', () => expect(JsonScalar.description).toMatch(/\.$/));

  it(`keeps any JSON value, as a variable and as a literal (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.stringify(JsonScalar.parseValue(JSON.parse(text)))).toBe(text);
        expect(JSON.stringify(JsonScalar.serialize(value))).toBe(text);
      }),
      { seed },
    );
  });

  it('reads a literal', () => {
    const literal = parseLiteralNode('{ a: 1, b: -2.5, c: "x", d: [true, false, null, {}], e: { f: [] } }');
    expect(JSON.stringify(JsonScalar.parseLiteral(literal))).toBe(
      '{"a":1,"b":-2.5,"c":"x","d":[true,false,null,{}],"e":{"f":[]}}',
    );
  });

  it('refuses what is no JSON', () => {
    const cyclic: Record<string, unknown> = {};
    cyclic.itself = cyclic;
    for (const value of [
      undefined,
      Number.NaN,
      Infinity,
      1n,
      () => 1,
      Symbol('x'),
      new Date(0),
      new Map(),
      [undefined],
      cyclic,
    ]) {
      const error = errorOf(() => JsonScalar.parseValue(value));
      expect(error.extensions.code).toBe('BAD_USER_INPUT');
    }
    expect(errorOf(() => JsonScalar.parseLiteral(parseLiteralNode('{ a: SOME_ENUM }'))).message).not.toContain(
      'SOME_ENUM',
    );
    expect(errorOf(() => JsonScalar.parseLiteral(parseLiteralNode('1e999'))).extensions.code).toBe('BAD_USER_INPUT');
  });

  it('refuses what is nested deeper than 32', () => {
    expect(JsonScalar.parseValue(nested(32))).toEqual(nested(32));
    expect(JsonScalar.parseLiteral(parseLiteralNode(JSON.stringify(nested(32))))).toEqual(nested(32));
    for (const depth of [33, 5000]) {
      expect(errorOf(() => JsonScalar.parseValue(nested(depth))).extensions.code).toBe('BAD_USER_INPUT');
    }
    expect(errorOf(() => JsonScalar.parseLiteral(parseLiteralNode(JSON.stringify(nested(33))))).message).toMatch(/32/);
    const tooDeepAsVariable = { inner: nested(32) };
    expect(() => JsonScalar.parseLiteral(parseLiteralNode('{ a: $v }'), { v: tooDeepAsVariable })).toThrow(
      GraphQLError,
    );
  });

  it('lets no key reach a prototype', () => {
    const hostile: unknown = JSON.parse(
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    );
    const literal = parseLiteralNode(
      '{ __proto__: { polluted: true }, constructor: { prototype: { polluted: true } } }',
    );
    for (const parsed of [JsonScalar.parseValue(hostile), JsonScalar.parseLiteral(literal)]) {
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
      expect((parsed as Record<string, unknown>).polluted).toBeUndefined();
      expect(Object.getPrototypeOf(parsed)).toBeNull();
      expect(JSON.stringify(parsed)).toBe(JSON.stringify(hostile));
    }
    const empty = JsonScalar.parseValue({}) as Record<string, unknown>;
    expect('toString' in empty).toBe(false);
  });
});

describe('in a schema', () => {
  const seen: unknown[] = [];
  const schema = new GraphQLSchema({
    query: new GraphQLObjectType({
      name: 'Query',
      fields: {
        echo: {
          type: GraphQLString,
          args: {
            decimal: { type: DecimalScalar },
            at: { type: DateTimeScalar },
            on: { type: LocalDateScalar },
            json: { type: JsonScalar },
          },
          resolve: (_, args) => void seen.push(args),
        },
      },
    }),
  });

  it('a refused literal answers with the code and without the value', () => {
    const secret = '4111 1111 1111 1111';
    for (const argument of ['decimal', 'at', 'on']) {
      const { errors } = graphqlSync({ schema, source: `{ echo(${argument}: "${secret}") }` });
      expect(errors?.map((error) => error.extensions.code)).toEqual(['BAD_USER_INPUT']);
      expect(errors?.[0]?.message).not.toContain(secret);
    }
  });

  it('a refused variable answers with the code', () => {
    const source = 'query ($decimal: Decimal) { echo(decimal: $decimal) }';
    const { errors } = graphqlSync({ schema, source, variableValues: { decimal: 12.3 } });
    expect(errors?.map((error) => error.extensions.code)).toEqual(['BAD_USER_INPUT']);
  });

  it('variables inside of a JSON literal arrive', () => {
    seen.length = 0;
    const source = 'query ($v: JSON) { echo(json: { a: [$v], __proto__: { polluted: 1 } }) }';
    const { errors } = graphqlSync({ schema, source, variableValues: { v: { b: 1 } } });
    expect(errors).toBeUndefined();
    expect(JSON.stringify(seen)).toBe('[{"json":{"a":[{"b":1}],"__proto__":{"polluted":1}}}]');
  });
});

const blns = path.join(shared, 'validation/blns.json');
(existsSync(blns) ? it : it.skip)('stays calm with naughty strings (skipped when ../shared/data is absent)', () => {
  for (const value of JSON.parse(readFileSync(blns, 'utf8')) as string[]) {
    for (const scalar of [DecimalScalar, DateTimeScalar, LocalDateScalar]) {
      let parsed: unknown;
      try {
        parsed = scalar.parseValue(value);
      } catch {
        expectRefused(scalar, value);
        continue;
      }
      expect(parsed).toBe(value);
    }
    expect(JsonScalar.parseValue({ [value]: value })).toEqual(JSON.parse(JSON.stringify({ [value]: value })));
  }
});
