import { canonicalBytes, mac } from '../platform/canonical';
import type { Context } from '../platform/context';
import { isId } from '../platform/ids';
import { maskWords } from '../platform/masks';
import type { Consequence, FieldChange } from '../platform/operation';
import { refusalCodeOf } from '../platform/shown-error';
import { mapTexts } from '../platform/text';
import { inTransaction, type SavedRow, type Transaction } from '../platform/transaction';
import { partPersonal } from './sealed-changes';
import { leafHash } from './tree';

/** What a writer says of an event; the rest (who, when, from where) is the transaction's. */
export interface EventDescription {
  action: string;
  outcome: 'DONE' | 'REFUSED' | 'FAILED';
  subjectType?: string | null;
  subjectId?: string | null;
  changes?: FieldChange[];
  /** Its changes tell what was looked at, and nothing of the subject. */
  lookedAt?: boolean;
  reason?: string | null;
  /** Stable code of a refusal or failure. */
  code?: string | null;
  changeRequestId?: string | null;
  /** Whose change the actor carried out by approving it. */
  onBehalfOfId?: string | null;
  /** Who acts, where that is not the one who is signed in: somebody who is just signing in. */
  actorId?: string | null;
  /** Rows that were there before anybody could tell of them, beside those that were saved in this transaction. */
  rows?: readonly SavedRow[];
}

/** The version of the event's form; verifiers of later versions still read earlier ones. */
const FORM = 3;

/** What it says, and what it is found by. One row comes back if both are there, else none. */
const INSERT = `WITH content AS (INSERT INTO audit.content (event_id, bytes, mac, key_id) VALUES ($1, $11, $13, $14) RETURNING event_id),
    event AS (INSERT INTO audit.event (id, at, action, outcome, actor_id, on_behalf_of_id, subject_type, subject_id,
      change_request_id, request_id, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $12) RETURNING id)
  SELECT FROM content JOIN event ON event_id = id`;

/**
 * Appends an event in the transaction of the change that it tells of, and has outsiders told of it: here, since nothing happens without an event, so
 * that no operation, refusal or job has to think of it.
 */
export async function record(tx: Transaction, event: EventDescription): Promise<void> {
  const { context } = tx;
  const id = tx.newId();
  const at = tx.now.toISOString();
  const actorId = event.actorId ?? context.actor?.id ?? null;
  const subjectId = isId(event.subjectId) ? event.subjectId : null;
  const saved = tx.takeSaved();
  const { shown, sealed } = await partPersonal(tx, id, event);
  const version = saved.findLast(({ type, id: of }) => type === event.subjectType && of === subjectId)?.version ?? null;
  const told = {
    form: FORM,
    id,
    at,
    action: event.action,
    outcome: event.outcome,
    actor: actorId,
    onBehalfOf: event.onBehalfOfId ?? null,
    roles: [...(context.actor?.roles ?? [])],
    subject: { type: event.subjectType ?? null, id: subjectId, version },
    // What else was saved with it, so that every row can be held against the last event that tells of it.
    rows: [...saved, ...(event.rows ?? [])].map((row) => ({ ...row })),
    // Card numbers and e-mail addresses do not stand in the trail, wherever a text held one.
    changes: mapTexts(shown, maskWords),
    reason: mapTexts(event.reason ?? null, maskWords),
    code: event.code ?? null,
    changeRequest: event.changeRequestId ?? null,
    request: context.requestId,
    session: context.sessionId,
    address: context.address,
    userAgent: context.userAgent,
    ...(sealed && { sealed }),
  };
  const content = canonicalBytes(told);
  const { audit: key, id: keyId } = context.app.keys;
  const values = [
    id,
    at,
    told.action,
    told.outcome,
    told.actor,
    told.onBehalfOf,
    told.subject.type,
    told.subject.id,
    told.changeRequest,
    told.request,
    content,
    leafHash(content),
    mac(key, content),
    keyId,
  ];
  await tx.append(INSERT, values, told.actor);
  const { action, outcome, changeRequestId = null, changes = [] } = event;
  await context.app.announce(tx, { action, outcome, changes, changeRequestId, subjectId, actorId });
}

const recorded = new WeakSet<object>();

/** Leaves no event for this error: the first of its kind left one, and a flood of them must not fill the trail. */
export const toldAlready = (error: object): void => void recorded.add(error);

/**
 * Records a refusal (or, for an error that is none of ours, a failure) in a transaction of its own, after the rollback
 * of what was refused. Each error once, however many doors it passes on its way out. If even that fails, the log says
 * so: the answer to the client is the first error, not the second. `consequence` is what the refusal itself changes.
 */
export async function recordRefusal(
  context: Context,
  error: unknown,
  event: Omit<EventDescription, 'outcome' | 'code'>,
  consequence?: (tx: Transaction) => Promise<Consequence>,
): Promise<void> {
  if (error !== null && typeof error === 'object') {
    if (recorded.has(error)) return;
    recorded.add(error);
  }
  const code = refusalCodeOf(error);
  const refusal = { ...event, outcome: code ? 'REFUSED' : 'FAILED', code: code ?? 'INTERNAL' } as const;
  const tell = (more?: typeof consequence) =>
    inTransaction(context, async (tx) => record(tx, { ...refusal, ...(await more?.(tx)) }));
  const note = (fault: unknown, what: string) =>
    context.app.log.error({ err: fault, requestId: context.requestId, action: event.action }, what);
  try {
    if (consequence) return await tell(consequence);
  } catch (fault) {
    note(fault, 'the consequence of a refusal failed');
  }
  await tell().catch((fault: unknown) => note(fault, 'a refusal was not recorded'));
}
