import fc from 'fast-check';
import { assertShallow } from '../../src/edge/body';
import { startTestApp } from '../support/app';

const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
const isShallow = (text: string, limit: number): boolean => {
  try {
    assertShallow(Buffer.from(text), limit);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'REQUEST_TOO_DEEP', details: { limit, setting: 'LIMITS=bodyNesting' } });
    return false;
  }
};

describe('brackets within each other in a body', () => {
  it('are counted without making anything of it', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('[[[[', '"]', '\\"{', '\\', '{{\\\\'));
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 8 },
        text,
        fc.integer(),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(text, tie('value'), { maxKeys: 3 }),
      ),
    })).value;
    fc.assert(
      fc.property(value, fc.integer({ min: 1, max: 6 }), (each, limit) => {
        expect(isShallow(JSON.stringify(each), limit)).toBe(depthOf(each) <= limit);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['a text', `{"query":"${'['.repeat(5_000)}"}`],
    ['an escaped quote', `{"query":"\\"${'['.repeat(5_000)}"}`],
    ['a text that ends in a backslash', `{"query":"${'['.repeat(5_000)}\\\\"}`],
  ])('are none in %s', (_what, text) => expect(isShallow(text, 500)).toBe(true));

  it.each([
    ['an open text', `{"query":"${'['.repeat(5_000)}`],
    ['a text that ends in a backslash', `{"query":"${'['.repeat(5_000)}\\`],
    ['closing brackets', ']'.repeat(5_000)],
    ['open brackets', `${'{"a":'.repeat(300)}${' '.repeat(5_000)}`],
  ])('are not looked at further in what is no JSON: %s', (_what, text) =>
    expect(() => assertShallow(Buffer.from(text), 500)).toThrow('The request cannot be read: is it JSON?'),
  );

  it('are refused by a server, as many as its setting says', async () => {
    const t = await startTestApp({ LIMITS: 'bodyNesting=5' });
    const ask = (depth: number) =>
      t.nobody.gql('{ __typename }', { x: JSON.parse('['.repeat(depth) + ']'.repeat(depth)) });
    try {
      expect((await ask(3)).errors).toEqual([]);
      expect(await ask(4)).toMatchObject({
        status: 400,
        errors: [
          {
            message: 'A request has at most 5 brackets within each other.',
            extensions: { code: 'REQUEST_TOO_DEEP', details: { limit: 5, setting: 'LIMITS=bodyNesting' } },
          },
        ],
      });
    } finally {
      await t.close();
    }
  });
});
