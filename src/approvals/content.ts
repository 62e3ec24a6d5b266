import { keyedDigest } from '../platform/canonical';
import type { KeyRing, Keys } from '../platform/keys';
import type { Facts, OperationInput } from '../platform/operation';
import type { Row } from '../platform/row';
import { unsealText } from '../platform/sealed-text';
import type { ChangeRequest, SeenRow } from './change-request.entity';

type Content = Pick<
  ChangeRequest,
  | 'id'
  | 'operation'
  | 'revision'
  | 'subjectType'
  | 'subjectId'
  | 'makerId'
  | 'inputShown'
  | 'changes'
  | 'seen'
  | 'reason'
  | 'policyId'
  | 'policyVersion'
  | 'steps'
  | 'approverRoles'
  | 'escalateToRoles'
  | 'freshness'
  | 'amountMinor'
  | 'amountCurrency'
  | 'expiresAt'
>;

/**
 * What an approver's yes is bound to, as a keyed digest in hex: every part of the request that decides what will happen,
 * who may say so until when, and what the approver was shown.
 */
export const digestOf = (keys: Keys, request: Content, input: unknown): string =>
  keyedDigest(keys.digest, {
    id: request.id,
    operation: request.operation,
    revision: request.revision,
    subject: { type: request.subjectType, id: request.subjectId },
    maker: request.makerId,
    policy: { id: request.policyId, version: request.policyVersion },
    // Whom it waits for now is not what it asks for, unless it was made before there were steps.
    ...(request.steps
      ? {
          steps: request.steps,
          escalateToRoles: request.escalateToRoles,
          freshness: request.freshness,
          amount: [request.amountMinor, request.amountCurrency],
        }
      : { approverRoles: request.approverRoles }),
    expiresAt: request.expiresAt.toISOString(),
    input,
    shown: request.inputShown,
    changes: request.changes,
    seen: request.seen,
    reason: request.reason,
  });

/** Where a request's input is sealed to. */
export const placeOfInput = (id: string, revision: number): string => `ChangeRequest/${id}/${revision}`;

/** The input that a request asks for, whether or not it fits its digest. */
export const sealedInput = (keys: KeyRing, { id, revision, inputSealed }: ChangeRequest): OperationInput =>
  JSON.parse(unsealText(keys, inputSealed, placeOfInput(id, revision))) as OperationInput;

/** What is at stake, as a request keeps it. */
export const amountIn = ({ amount }: Facts): Pick<ChangeRequest, 'amountMinor' | 'amountCurrency'> => ({
  amountMinor: amount ? String(amount.minor) : null,
  amountCurrency: amount?.currency ?? null,
});

/** The versions of rows, in an order that does not depend on how they were loaded. */
export const seenRows = (rows: readonly Row[]): SeenRow[] =>
  rows
    .map((row) => ({ type: row.constructor.name, id: row.id, version: row.version }))
    .toSorted((one, other) => (one.id < other.id ? -1 : 1));
