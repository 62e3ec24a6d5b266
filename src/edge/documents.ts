import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationTypeNode,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { z } from 'zod';
import { HASHING_FIELDS } from '../access/passwords';
import type { Config } from '../config';
import { type DocumentLimits, parseWithin, rootFieldsOf } from '../platform/document-limits';
import { DomainError, refuse } from '../platform/errors';
import type { Operations } from '../platform/metrics';
import { Remembered } from './remembered';

/** How many characters of documents that passed are remembered, so that only what is new is looked at. */
const REMEMBERED = 16_000_000;

/** And of those that were refused, so that who sends one again and again is not worth more than a look. */
const REMEMBERED_REFUSED = 2_000_000;

/** What a request names its document by: the text, or the SHA-256 of one that is trusted. */
export interface Asked {
  query?: unknown;
  documentId?: unknown;
  extensions?: unknown;
}

/** A document that may run. */
export interface Admitted {
  readonly text: string;
  readonly operations: Operations;
  /** It stands in the list: whatever else the client named it by does not matter any more. */
  readonly trusted: boolean;
}

/**
 * Lets documents in, or refuses them. What was let in once is let in again at once. Undefined: there is no text at all,
 * which is for Apollo to refuse.
 */
export type Documents = (asked: Asked) => Admitted | undefined;

/** Reads TRUSTED_DOCUMENTS, if it is set. Refuses with CONFIGURATION_INVALID. */
export function documentsOf({ trustedDocuments, limits }: Config, schema: GraphQLSchema): Documents {
  return trustedDocuments ? trustedOnly(readTrusted(trustedDocuments, schema)) : withinLimits(limits);
}

/** Whatever keeps within the limits. Refuses with the codes of document-limits.ts and SIGN_IN_REPEATED. */
function withinLimits(limits: DocumentLimits): Documents {
  const passed = new Remembered<Admitted>(REMEMBERED);
  const refused = new Remembered<Error>(REMEMBERED_REFUSED);
  const examine = (query: string): Admitted => {
    try {
      return passed.keep(query, admit(query, parseWithin(query, limits), false));
    } catch (error) {
      const plain = error instanceof DomainError || error instanceof GraphQLError;
      if (plain && query.length <= limits.characters) refused.keep(query, error);
      throw error;
    }
  };
  return ({ query }) => {
    if (typeof query !== 'string' || query === '') return undefined;
    const known = passed.find(query);
    if (known) return known;
    // What is longer than that is refused at a glance, and would drive out the rest.
    const before = query.length <= limits.characters ? refused.find(query) : undefined;
    if (before) throw before;
    return examine(query);
  };
}

const OPERATIONS: Record<OperationTypeNode, Operations> = {
  query: 'query',
  mutation: 'mutation',
  subscription: 'none',
};

function admit(text: string, document: DocumentNode, trusted: boolean): Admitted {
  assertOneHash(document);
  const kinds = document.definitions.flatMap((each) =>
    each.kind === Kind.OPERATION_DEFINITION ? [each.operation] : [],
  );
  const [only] = kinds;
  return { text, operations: kinds.length > 1 ? 'several' : only ? OPERATIONS[only] : 'none', trusted };
}

/** Hashing a password is heavy on purpose: a document asks for it once, or for many at once one would be tried. */
function assertOneHash(document: DocumentNode): void {
  const asked = rootFieldsOf(document).filter(({ name }) => HASHING_FIELDS.has(name.value));
  if (asked.length > 1)
    refuse('SIGN_IN_REPEATED', 'A document signs in, or sets a password, once.', { fields: [...HASHING_FIELDS] });
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const textByHash = z.record(z.string().regex(/^[0-9a-f]{64}$/i), z.string());
const manifest = z.object({ operations: z.array(z.object({ id: z.string(), body: z.string() })) });
const file = z.union([
  z.array(z.string()).transform((texts) => texts.map((body) => ({ id: sha256(body), body }))),
  manifest.transform(({ operations }) => operations),
  textByHash
    .refine((byHash) => Object.entries(byHash).every(([hash, body]) => hash.toLowerCase() === sha256(body)))
    .transform((byHash) => Object.entries(byHash).map(([id, body]) => ({ id: id.toLowerCase(), body }))),
]);

const invalid = (why: string) => new DomainError('CONFIGURATION_INVALID', `TRUSTED_DOCUMENTS: ${why}.`);

/** The documents of a file, by their ids. */
function readTrusted(path: string, schema: GraphQLSchema): ReadonlyMap<string, Admitted> {
  const trusted = new Map<string, Admitted>();
  let documents: { id: string; body: string }[];
  try {
    documents = file.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    throw invalid(
      'the file cannot be read, or is none of the three forms of docs/EDGE.md, or a hash is not that of its text',
    );
  }
  for (const { id, body } of documents) {
    try {
      const admitted = fitting(body, schema);
      trusted.set(id, admitted).set(sha256(body), admitted);
    } catch (error) {
      throw invalid(`the document ${id} does not fit: ${(error as Error).message}`);
    }
  }
  return trusted;
}

function fitting(text: string, schema: GraphQLSchema): Admitted {
  const document = parse(text);
  const [wrong] = validate(schema, document, specifiedRules, { maxErrors: 1 });
  if (wrong) throw wrong;
  return admit(text, document, true);
}

/** Only what is in the list, by its text or by its id. Refuses with DOCUMENT_NOT_TRUSTED. */
function trustedOnly(trusted: ReadonlyMap<string, Admitted>): Documents {
  const byText = new Map([...trusted.values()].map((each) => [each.text, each]));
  return ({ query, documentId, extensions }) => {
    const id = documentId ?? hashIn(extensions);
    const found =
      typeof query === 'string' && query !== '' ? byText.get(query) : trusted.get(String(id).replace(/^sha256:/, ''));
    return found ?? refuse('DOCUMENT_NOT_TRUSTED', 'This installation answers documents of its list only.');
  };
}

/** As Apollo's clients send it: `{ "persistedQuery": { "version": 1, "sha256Hash": "…" } }`. */
const hashIn = (extensions: unknown): unknown =>
  (extensions as { persistedQuery?: { sha256Hash?: unknown } | null } | null | undefined)?.persistedQuery?.sha256Hash;
