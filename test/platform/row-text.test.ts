import fc from 'fast-check';
import { Client } from 'pg';
import type { EntityMetadata } from 'typeorm';
import { isRowClass } from '../../src/platform/row';
import { jsonbText } from '../../src/platform/jsonb-text';
import { rowHash, rowsSql, rowText } from '../../src/platform/row-text';
import { isText } from '../../src/platform/text';
import { startTestApp, type TestApp } from '../support/app';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

let t: TestApp;
let client: Client;
let rows: EntityMetadata[];
beforeAll(async () => {
  t = await startTestApp();
  client = new Client({ connectionString: t.ownerUrl });
  await client.connect();
  rows = t.served.app.database.orm.entityMetadatas.filter(({ target }) => isRowClass(target));
});
afterAll(async () => {
  await client.end();
  await t.close();
});

const text = fc
  .oneof(
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.constantFrom('a,b="c"', 'back\\slash', 'tab\tnew\nline', '\u2028', ''),
  )
  .filter(isText);
const json = fc
  .jsonValue({ maxDepth: 3, stringUnit: 'grapheme' })
  .filter((value) => !JSON.stringify(value).includes('\\u0000') && JSON.stringify(value).isWellFormed())
  .filter((value) => value !== null);
const whole = fc.integer({ min: -2_147_483_648, max: 2_147_483_647 });

/** Values of a column's type: what an entity may have of it. */
const VALUES: Record<string, fc.Arbitrary<unknown>> = {
  uuid: fc.uuid().chain((id) => fc.constantFrom(id, id.toUpperCase())),
  text,
  integer: whole,
  bigint: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  boolean: fc.boolean(),
  numeric: fc
    .tuple(fc.integer({ min: -999, max: 999 }), fc.integer({ min: 0, max: 9_999 }))
    .map(([n, f]) => `${n}.${String(f).padStart(4, '0')}`),
  timestamptz: fc.date({ min: new Date('1900-01-01'), max: new Date('2200-01-01'), noInvalidDate: true }),
  date: fc
    .date({ min: new Date('1900-01-01'), max: new Date('2200-01-01'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10)),
  bytea: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  jsonb: json,
};

const valuesOf = (entity: EntityMetadata): fc.Arbitrary<unknown[]> =>
  fc.tuple(
    ...entity.columns.map(({ type, isArray, isNullable, databaseName, default: usual }) => {
      const one = databaseName === 'version' ? fc.constant(1) : VALUES[String(type)]!;
      const value = isArray ? fc.array(one, { maxLength: 3 }) : one;
      const more = ['number', 'string', 'boolean'].includes(typeof usual)
        ? fc.constantFrom(usual as unknown)
        : fc.constant(null);
      return isNullable || typeof usual === 'number' ? fc.oneof(value, more) : value;
    }),
  );

const parameter = (value: unknown, type: unknown): unknown =>
  type === 'jsonb' && value !== null ? JSON.stringify(value) : typeof value === 'bigint' ? value.toString() : value;

/** The hash that PostgreSQL computes of a row with these values, in a table of its own without any constraint. */
async function hashInDatabase(entity: EntityMetadata, values: unknown[]): Promise<string> {
  const names = entity.columns.map(({ databaseName }) => `"${databaseName}"`);
  await client.query('TRUNCATE told');
  await client.query(
    `INSERT INTO told (${names.join(', ')}) VALUES (${names.map((_, at) => `$${at + 1}`).join(', ')})`,
    values.map((value, at) => parameter(value, entity.columns[at]!.type)),
  );
  const select = rowsSql([entity]).replace(`public.${entity.tableName}`, 'pg_temp.told');
  return (await client.query<{ hash: Buffer }>(select)).rows[0]!.hash.toString('hex');
}

function entityOf(entity: EntityMetadata, values: unknown[]): object {
  const row = {};
  entity.columns.forEach((column, at) => column.setEntityValue(row, values[at]));
  return row;
}

describe('what a row says', () => {
  it(`is the same text here and in the database, for each entity (seed ${seed})`, async () => {
    for (const entity of rows) {
      await client.query('DROP TABLE IF EXISTS told');
      await client.query(`CREATE TEMP TABLE told (LIKE public.${entity.tableName})`);
      const alike = fc.asyncProperty(valuesOf(entity), async (values) => {
        const here = rowHash(rowText(entity, entityOf(entity, values))).toString('hex');
        expect([entity.name, here]).toEqual([entity.name, await hashInDatabase(entity, values)]);
      });
      await fc.assert(alike, { seed, numRuns: 40 });
    }
  });

  it('is that of the row after a change', () => {
    const account = t.served.app.database.orm.getMetadata('Account');
    const row = { code: 'A', legalName: 'One', taxId: { sealed: Buffer.from('a'), masked: 'm' }, closedAt: null };
    const patch = { legalName: 'Two', taxId: { sealed: null, masked: null }, code: undefined };
    expect(rowText(account, row, patch)).toBe('code="A",legal_name="Two"');
    expect(rowText(account, row)).toBe('code="A",legal_name="One",tax_id_masked="m",tax_id_sealed=61');
  });

  it('leaves out what a column has where nobody says anything', () => {
    const complaint = t.served.app.database.orm.getMetadata('Complaint');
    expect(rowText(complaint, { reopenedCount: 0 })).toBe('');
    expect(rowText(complaint, { reopenedCount: 1 })).toBe('reopened_count=1');
  });

  it(`writes JSON as jsonb does (seed ${seed})`, async () => {
    const alike = fc.asyncProperty(json, async (value) => {
      const { rows: found } = await client.query<{ text: string }>('SELECT $1::jsonb::text AS text', [
        JSON.stringify(value),
      ]);
      expect(jsonbText(value)).toBe(found[0]!.text);
    });
    await fc.assert(alike, { seed, numRuns: 300 });
  });
});
