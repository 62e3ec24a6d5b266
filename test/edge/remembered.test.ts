import request from 'supertest';
import { documentsOf } from '../../src/edge/documents';
import { Remembered } from '../../src/edge/remembered';
import { guardedSchema } from '../../src/schema';
import { startTestApp } from '../support/app';
import { testConfig } from '../support/config';

describe('what is remembered of texts', () => {
  it('is found by the text', () => {
    const remembered = new Remembered<number>(10_000);
    expect(remembered.keep('a', 1)).toBe(1);
    expect([remembered.find('a'), remembered.find('b')]).toEqual([1, undefined]);
  });

  it('holds so many characters and forgets the oldest, however short or long they are', () => {
    const remembered = new Remembered<number>(10_000);
    for (let n = 0; n < 1_000; n += 1) remembered.keep(`${n}`, n);
    expect(remembered.size).toBeLessThan(100);
    expect([remembered.find('0'), remembered.find('999')]).toEqual([undefined, 999]);
    remembered.keep('x'.repeat(9_800), 1);
    expect(remembered.size).toBe(1);
    remembered.keep('y', 1, 20_000);
    expect(remembered.size).toBe(0);
  });
});

describe('a document that was refused', () => {
  const documents = documentsOf(testConfig(), guardedSchema());
  const refusal = (query: string): unknown => {
    try {
      documents({ query });
    } catch (error) {
      return error;
    }
    throw new Error('let in');
  };

  it.each([
    ['for a limit', `{ viewer { ${Array.from({ length: 101 }, (_, n) => `a${n}: id`).join(' ')} } }`],
    ['for its syntax', '{ viewer {'],
    ['for spreading itself', '{ ...F } fragment F on Query { ...F }'],
    ['for two sign-ins', 'mutation { a: signIn { token } b: signIn { token } }'],
  ])('%s is refused again without a look, and no other is', (_why, text) => {
    const first = refusal(text);
    expect(refusal(text)).toBe(first);
    expect(refusal(`${text} `)).not.toBe(first);
    expect(documents({ query: '{ __typename }' })).toMatchObject({ operations: 'query' });
  });

  it('for its length is not remembered: that is seen at once', () => {
    const text = `{ viewer { id } } #${'x'.repeat(100_001)}`;
    expect(refusal(text)).not.toBe(refusal(text));
  });
});

describe('a document that does not fit the schema', () => {
  it('is told the same again, in the type that is asked for, whoever asks, and others are not', async () => {
    const t = await startTestApp();
    const ask = (query: string, accept = 'application/json', as: string | null = null) =>
      request(t.served.server)
        .post('/graphql')
        .set({ accept, ...(as && { authorization: `Bearer ${as}` }) })
        .send({ query });
    try {
      const wrong = '{ viewer { nothing } }';
      const first = await ask(wrong);
      expect(first.body.errors[0].extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
      for (const as of [null, t.as('auditor').token]) {
        const again = await ask(wrong, undefined, as);
        expect([again.status, again.body, again.type]).toEqual([400, first.body, 'application/json']);
        expect(again.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
      }
      const newer = await ask(wrong, 'application/graphql-response+json');
      expect([newer.status, newer.body, newer.type]).toEqual([400, first.body, 'application/graphql-response+json']);
      expect((await ask(`${wrong} `)).status).toBe(400);
      expect((await ask('{ viewer { id } }', undefined, t.as('auditor').token)).body.data.viewer.id).toBe(
        t.as('auditor').userId,
      );
    } finally {
      await t.close();
    }
  });
});
