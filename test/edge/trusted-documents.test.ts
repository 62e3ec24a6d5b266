import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import request from 'supertest';
import { testConfig } from '../support/config';
import { documentsOf } from '../../src/edge/documents';
import { guardedSchema } from '../../src/schema';
import { startTestApp, type TestApp } from '../support/app';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const VIEWER = 'query Viewer { viewer { id } }';
/** Beyond the limits, which are for documents that anybody may write. */
const WIDE = `query Wide { viewer { ${Array.from({ length: 150 }, (_, n) => `a${n}: id`).join(' ')} } }`;
const LISTED = [VIEWER, WIDE];

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'countersign-trusted-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

let files = 0;
const fileOf = (content: unknown): string => {
  const file = path.join(directory, `${(files += 1)}.json`);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
};

describe('documents of a list', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await startTestApp({ TRUSTED_DOCUMENTS: fileOf(LISTED) });
  });
  afterAll(() => t.close());

  const ask = async (body: object) => {
    const response = await request(t.served.server)
      .post('/graphql')
      .set('authorization', `Bearer ${t.as('auditor').token}`)
      .send(body);
    return response.body as { data?: { viewer?: { id?: string } }; errors?: { extensions: { code: string } }[] };
  };
  const id = () => t.as('auditor').userId;

  it.each([
    ['by its text', { query: VIEWER }],
    [
      'by its hash, as Apollo’s clients do',
      { extensions: { persistedQuery: { version: 1, sha256Hash: sha256(VIEWER) } } },
    ],
    ['by hash and text', { query: VIEWER, extensions: { persistedQuery: { version: 1, sha256Hash: sha256(VIEWER) } } }],
    ['by documentId', { documentId: sha256(VIEWER) }],
    ['by documentId with its kind of hash', { documentId: `sha256:${sha256(VIEWER)}` }],
  ])('are answered %s', async (_how, body) => expect(await ask(body)).toEqual({ data: { viewer: { id: id() } } }));

  it('may be beyond the limits of a document', async () => {
    expect((await ask({ query: WIDE })).data!.viewer).toHaveProperty('a149');
  });

  it('may be asked by GET under their names, without variables', async () => {
    const get = (query: object) =>
      request(t.served.server).get('/graphql').query(query).set('apollo-require-preflight', 'true');
    const extensions = JSON.stringify({ persistedQuery: { version: 1, sha256Hash: sha256(VIEWER) } });
    for (const named of [{ documentId: sha256(VIEWER) }, { extensions }, { extensions, variables: '{}' }])
      expect((await get(named)).body).toEqual({ data: { viewer: null } });
    expect((await get({ extensions: '{' })).body.errors[0].extensions.code).toBe('DOCUMENT_NOT_TRUSTED');
    for (const more of [{ query: VIEWER }, { variables: '{"a":"somebody"}' }]) {
      const { status, headers, body } = await get({ extensions, ...more });
      expect([status, headers.allow, body.data]).toEqual([405, 'POST', undefined]);
    }
  });

  it.each([
    ['another text', { query: '{ viewer { id } }' }],
    ['a text that differs by a space', { query: `${VIEWER} ` }],
    [
      'a listed hash with another text',
      { query: '{ viewer { id } }', extensions: { persistedQuery: { version: 1, sha256Hash: sha256(VIEWER) } } },
    ],
    ['an unknown hash', { documentId: sha256('x') }],
    ['the name of a property', { documentId: 'constructor' }],
    ['no document', { variables: {} }],
    ['a document that is no text', { query: { kind: 'Document' } }],
    ['a hash that is no text', { documentId: { a: 1 } }],
    ['what cannot be parsed', { query: '{' }],
    ['introspection', { query: '{ __schema { types { name } } }' }],
  ])('are all there is: %s', async (_what, body) => {
    expect(await ask(body)).toEqual({
      errors: [expect.objectContaining({ extensions: expect.objectContaining({ code: 'DOCUMENT_NOT_TRUSTED' }) })],
    });
  });
});

describe('the file', () => {
  const schema = guardedSchema();
  const read = (file: string) => documentsOf(testConfig({ TRUSTED_DOCUMENTS: file }), schema);

  it.each([
    ['a list of texts', LISTED, sha256(VIEWER)],
    ['texts by their hashes', { [sha256(VIEWER)]: VIEWER }, sha256(VIEWER)],
    [
      'a manifest of Apollo',
      {
        format: 'apollo-persisted-query-manifest',
        version: 1,
        operations: [{ id: 'viewer-1', name: 'Viewer', type: 'query', body: VIEWER }],
      },
      'viewer-1',
    ],
  ])('may be %s', (_form, content, id) => {
    expect(read(fileOf(content))({ documentId: id })).toMatchObject({ text: VIEWER, operations: 'query' });
  });

  it.each([
    ['is not there', () => path.join(directory, 'none.json')],
    ['is no JSON', () => fileOf('{')],
    ['is of another form', () => fileOf({ documents: VIEWER })],
    ['has a hash that is not that of its text', () => fileOf({ [sha256('x')]: VIEWER })],
    ['has what does not fit the schema', () => fileOf(['{ viewer { nothing } }'])],
    ['has what is no GraphQL', () => fileOf(['{'])],
    [
      'has a document of two sign-ins',
      () =>
        fileOf([
          `mutation { a: signIn(input: { email: "a@b.c", password: "x" }) { token } b: signIn(input: { email: "a@b.c", password: "x" }) { token } }`,
        ]),
    ],
  ])('stops the start when it %s', (_what, file) => {
    expect(() => read(file())).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION_INVALID', message: expect.stringContaining('TRUSTED_DOCUMENTS') }),
    );
  });
});
