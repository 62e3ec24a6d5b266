import { keyedDigest } from '../platform/canonical';
import type { Keys } from '../platform/keys';
import type { Row } from '../platform/row';
import type { ChangeRequest, SeenRow } from './change-request.entity';

type Content = Pick<
  ChangeRequest,
  'id' | 'operation' | 'revision' | 'subjectType' | 'subjectId' | 'makerId' | 'changes' | 'seen' | 'approverRoles'
>;

/** What an approver's yes is bound to, as a keyed digest in hex: every part of the request that decides what will happen. */
export const digestOf = (keys: Keys, request: Content, input: unknown): string =>
  keyedDigest(keys.digest, {
    id: request.id,
    operation: request.operation,
    revision: request.revision,
    subject: { type: request.subjectType, id: request.subjectId },
    maker: request.makerId,
    approverRoles: request.approverRoles,
    input,
    changes: request.changes,
    seen: request.seen,
  });

/** Where a request's input is sealed to. */
export const placeOfInput = (id: string, revision: number): string => `ChangeRequest/${id}/${revision}`;

/** The versions of rows, in an order that does not depend on how they were loaded. */
export const seenRows = (rows: readonly Row[]): SeenRow[] =>
  rows
    .map((row) => ({ type: row.constructor.name, id: row.id, version: row.version }))
    .toSorted((one, other) => (one.id < other.id ? -1 : 1));
