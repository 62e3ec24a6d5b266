import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';
import { isPlainDecimal } from './money';

/**
 * The scalars of the API. They are strict on the way in, and their messages never repeat the value: it may be a card
 * number in the wrong field. (graphql-js puts the value of a *variable* in front of a scalar's message by itself; the
 * place that formats errors has to cut that off.)
 */

/** How deep arrays and objects of a JSON value may be nested: `[]` is 1 deep. */
const MAX_JSON_DEPTH = 32;

const RFC_3339 =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))$/i;
const LOCAL_DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;

const FIRST_INSTANT = Date.parse('0001-01-01T00:00:00.000Z');
const LAST_INSTANT = Date.parse('9999-12-31T23:59:59.999Z');

export const DecimalScalar = stringScalar(
  'Decimal',
  'A plain decimal as a string, such as "12.30" or "-0.05": no exponent, no plus sign, no spaces, no leading zeros, ' +
    'at most 20 digits before and 10 after the point. JSON numbers are refused, because they are floats.',
  decimal,
);

export const DateTimeScalar = stringScalar(
  'DateTime',
  'An instant as RFC 3339 with an offset, such as "2026-11-21T15:30:00+05:30"; years 0001 to 9999, without leap ' +
    'seconds, digits beyond milliseconds are cut off. It is returned in UTC: "2026-11-21T10:00:00.000Z".',
  (value) => (value instanceof Date ? isoOf(value.getTime()) : dateTime(value)),
  dateTime,
);

export const LocalDateScalar = stringScalar(
  'LocalDate',
  'A business date, YYYY-MM-DD, in the zone of what it belongs to. Only real dates, years 0001 to 9999.',
  localDate,
);

export const JsonScalar = new GraphQLScalarType<unknown, unknown>({
  name: 'JSON',
  description: `Any JSON value, its arrays and objects nested at most ${MAX_JSON_DEPTH} deep.`,
  serialize: (value) => value,
  parseValue: (value) => jsonValue(value, 0),
  parseLiteral: (node, variables) => jsonLiteral(node, variables, 0),
});

function stringScalar(
  name: string,
  description: string,
  serialize: (value: unknown) => string,
  parse: (value: unknown) => string = serialize,
): GraphQLScalarType<string, string> {
  return new GraphQLScalarType<string, string>({
    name,
    description,
    serialize,
    parseValue: parse,
    parseLiteral: (node) =>
      node.kind === Kind.STRING ? parse(node.value) : badInput(`${name} must be written as a string.`, node),
  });
}

function decimal(value: unknown): string {
  if (typeof value === 'string' && isPlainDecimal(value)) return value;
  return badInput(
    'Decimal must be a string with a plain decimal, at most 20 digits before and 10 after the point: "12.30".',
  );
}

function dateTime(value: unknown): string {
  const match = typeof value === 'string' ? RFC_3339.exec(value) : null;
  if (match === null) return badDateTime();
  const [, date = '', hour, minute, second, fraction = '', sign, offsetHour = '0', offsetMinute = '0'] = match;
  if (!isRealDate(date)) return badDateTime();
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return badDateTime();
  if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) return badDateTime();

  const millisecond = fraction.slice(0, 3).padEnd(3, '0');
  const asUtc = Date.parse(`${date}T${hour}:${minute}:${second}.${millisecond}Z`);
  const offsetMillis = (Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000;
  return isoOf(sign === '-' ? asUtc + offsetMillis : asUtc - offsetMillis);
}

function isoOf(epochMillis: number): string {
  // Also refuses NaN, which is what an invalid Date holds.
  return epochMillis >= FIRST_INSTANT && epochMillis <= LAST_INSTANT
    ? new Date(epochMillis).toISOString()
    : badDateTime();
}

function localDate(value: unknown): string {
  if (typeof value === 'string' && isRealDate(value)) return value;
  return badInput('LocalDate must be a real date, written as YYYY-MM-DD.');
}

function isRealDate(text: string): boolean {
  const match = LOCAL_DATE.exec(text);
  if (match === null || match[1] === '0000') return false;
  const [, , month, day] = match.map(Number);
  // 31 February becomes 2 or 3 March in some engines and NaN in others: compare what came out.
  const date = new Date(`${text}T00:00:00.000Z`);
  return date.getUTCMonth() + 1 === month && date.getUTCDate() === day;
}

function jsonValue(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : badJson();
    case 'object':
      break;
    default:
      return badJson();
  }
  if (value === null) return null;
  const inner = deeper(depth);
  if (Array.isArray(value)) return value.map((item) => jsonValue(item, inner));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return badJson();
  return safeObject(Object.entries(value).map(([key, item]) => [key, jsonValue(item, inner)]));
}

function jsonLiteral(node: ValueNode, variables: Readonly<Record<string, unknown>> | null | undefined, depth: number) {
  const walk = (at: ValueNode, atDepth: number): unknown => {
    switch (at.kind) {
      case Kind.STRING:
      case Kind.BOOLEAN:
        return at.value;
      case Kind.INT:
      case Kind.FLOAT:
        return jsonValue(Number(at.value), atDepth);
      case Kind.NULL:
        return null;
      case Kind.LIST: {
        const inner = deeper(atDepth, at);
        return at.values.map((item) => walk(item, inner));
      }
      case Kind.OBJECT: {
        const inner = deeper(atDepth, at);
        return safeObject(at.fields.map((field) => [field.name.value, walk(field.value, inner)]));
      }
      case Kind.VARIABLE: {
        // The validation of a document asks without variables; an absent one counts as null, as in a list.
        const given = variables?.[at.name.value];
        return given === undefined ? null : jsonValue(given, atDepth);
      }
      default:
        return badJson(at);
    }
  };
  return walk(node, depth);
}

/**
 * Objects without a prototype: `__proto__` and `constructor` are keys like any other, and no key is there that the
 * client did not send.
 */
function safeObject(entries: ReadonlyArray<readonly [string, unknown]>): Record<string, unknown> {
  const object = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of entries) object[key] = value;
  return object;
}

function deeper(depth: number, node?: ValueNode): number {
  if (depth < MAX_JSON_DEPTH) return depth + 1;
  return badInput(`JSON may be nested at most ${MAX_JSON_DEPTH} deep.`, node);
}

function badDateTime(): never {
  return badInput('DateTime must be a real instant as RFC 3339 with an offset, years 0001 to 9999.');
}

function badJson(node?: ValueNode): never {
  return badInput('JSON must hold only strings, finite numbers, booleans, null, arrays and plain objects.', node);
}

function badInput(message: string, node?: ValueNode): never {
  throw new GraphQLError(message, { nodes: node, extensions: { code: 'BAD_USER_INPUT' } });
}
