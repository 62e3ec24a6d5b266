import { createHash } from 'node:crypto';
import { record } from '../audit/record';
import type { Context } from '../platform/context';
import { inTransaction } from '../platform/transaction';

/** A document that somebody asked for, before it is theirs. */
export interface MadeDocument {
  /** `INV-2026-000042.pdf`: letters, digits, dots and hyphens. */
  fileName: string;
  /** Of its content. */
  type: string;
  subject: { type: 'Invoice' | 'CreditNote' | 'Account'; id: string };
  /** `invoice.pdf` */
  what: string;
  /** Its bytes from the beginning, the same each time it is called. */
  bytes(): AsyncIterable<Buffer>;
}

export interface Digest {
  /** SHA-256 in hex. */
  sha256: string;
  length: number;
}

/** Of bytes that are not kept: what is too long for memory is read once for its digest, and again to be sent. */
export async function digestOf(bytes: AsyncIterable<Buffer>): Promise<Digest> {
  const hash = createHash('sha256');
  let length = 0;
  for await (const part of bytes) {
    hash.update(part);
    length += part.length;
  }
  return { sha256: hash.digest('hex'), length };
}

/** Says in the trail who is given which bytes, before they are: no event, no document. */
export const recordDelivery = (
  context: Context,
  { subject, what }: MadeDocument,
  { sha256, length }: Digest,
): Promise<void> =>
  inTransaction(context, (tx) =>
    record(tx, {
      action: 'document.delivered',
      outcome: 'DONE',
      subjectType: subject.type,
      subjectId: subject.id,
      lookedAt: true,
      changes: [
        { path: 'document', before: null, after: what },
        { path: 'sha256', before: null, after: sha256 },
        { path: 'bytes', before: null, after: length },
      ],
    }),
  );
