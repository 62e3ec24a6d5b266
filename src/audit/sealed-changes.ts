import { refuse } from '../platform/errors';
import { isId } from '../platform/ids';
import { DOTS } from '../platform/masks';
import type { FieldChange } from '../platform/operation';
import { isPersonal } from '../platform/personal';
import { openBytes, sealBytes } from '../platform/sealed-bytes';
import { notFound, type Transaction } from '../platform/transaction';
import { keyToOpen, keyToSeal, type Subject } from './subject-keys';

/** What an event says of a person, in base64, and under whose key. Once that is destroyed, nobody can tell what it was. */
export interface SealedChanges {
  under: Subject;
  changes: { path: string; before: string | null; after: string | null }[];
}

/** Where a value is sealed to. */
const placeOf = (eventId: string, field: string): string => `AuditEvent/${eventId}/${field}`;

/** Sealed texts are so many bytes long, or a multiple: a length tells of a name, too. */
const BLOCK = 64;

/** What there is to know of an event for parting its changes. */
interface Described {
  subjectType?: string | null;
  subjectId?: string | null;
  changeRequestId?: string | null;
  changes?: FieldChange[];
  lookedAt?: boolean;
}

/**
 * The changes of an event as anybody may see them, and what is personal of them under seal, where there is something: most events cost no key.
 * What is about nobody is hidden and not kept. Refuses with PERSONAL_DATA_ERASED.
 */
export async function partPersonal(
  tx: Transaction,
  eventId: string,
  event: Described,
): Promise<{ shown: FieldChange[]; sealed?: SealedChanges }> {
  const { subjectType: type = null, changes = [], lookedAt } = event;
  const personal = lookedAt ? [] : changes.filter(({ path }) => isPersonal(type, path));
  if (personal.length === 0) return { shown: changes };
  const shown = hidePersonal(type, changes);
  const under = subjectOf(event);
  return under ? { shown, sealed: await sealed(tx, eventId, under, personal) } : { shown };
}

/** Whom an event is about; of what does not exist yet, the change request that would make it. */
const subjectOf = ({ subjectType, subjectId, changeRequestId }: Described): Subject | null => {
  if (isId(subjectId)) return { type: String(subjectType), id: subjectId };
  return changeRequestId ? { type: 'ChangeRequest', id: changeRequestId } : null;
};

/** The changes of a row of that type as anybody may see them: of what is personal whether there was a value, and nothing else. */
export const hidePersonal = (type: string | null, changes: readonly FieldChange[]): FieldChange[] =>
  changes.map((change) => {
    const { path, before, after } = change;
    return isPersonal(type, path) ? { path, before: hidden(before), after: hidden(after) } : change;
  });

async function sealed(
  tx: Transaction,
  eventId: string,
  under: Subject,
  changes: readonly FieldChange[],
): Promise<SealedChanges> {
  const key = await keyToSeal(tx, under);
  const seal = (value: unknown, field: string) =>
    isNothing(value) ? null : sealBytes(key, padded(value), placeOf(eventId, field)).toString('base64');
  return {
    under,
    changes: changes.map(({ path, before, after }) => ({
      path,
      before: seal(before, `${path}.before`),
      after: seal(after, `${path}.after`),
    })),
  };
}

const isNothing = (value: unknown): boolean => value === null || value === undefined;

const hidden = (value: unknown): string | null => (isNothing(value) ? null : DOTS);

/** No text holds a NUL (platform/text.ts), so what follows one is padding. */
function padded(value: unknown): Buffer {
  const text = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value), 'utf8');
  return Buffer.concat([text, Buffer.alloc(BLOCK - (text.length % BLOCK))]);
}

const unpadded = (bytes: Buffer): string => bytes.subarray(0, bytes.indexOf(0)).toString('utf8');

const CONTENT = 'SELECT content FROM audit.told WHERE id = $1';

/**
 * A value that an event keeps under seal, by `<path>.before` or `<path>.after`: what opens it. Refuses with NOT_FOUND an event that is not
 * there, or not any more. What it gives refuses with NOT_FOUND where there is no such field, SENSITIVE_VALUE_ABSENT where there was no value,
 * PERSONAL_DATA_ERASED, SEALED_BY_OTHER_KEY and SEAL_BROKEN.
 */
export async function findSealed(tx: Transaction, eventId: string, field: string): Promise<() => string> {
  const [found] = isId(eventId) ? await tx.query<{ content: Buffer | null }>(CONTENT, [eventId]) : [];
  if (!found?.content) return notFound('AuditEvent');
  const told = JSON.parse(found.content.toString('utf8')) as { sealed?: SealedChanges };
  const [, path, side] = /^(.+)\.(before|after)$/.exec(field) ?? [];
  const change = told.sealed?.changes.find((each) => each.path === path);
  if (!told.sealed || !change) return () => notFound('sensitive field');
  const value = change[side as 'before' | 'after'];
  if (value === null)
    return () => refuse('SENSITIVE_VALUE_ABSENT', 'There is no value there.', { type: 'AuditEvent', field });
  const key = await keyToOpen(tx, told.sealed.under);
  return () => unpadded(openBytes(key(), Buffer.from(value, 'base64'), placeOf(eventId, field)));
}
