import { record } from '../audit/record';
import { type App, ownContext } from '../platform/context';
import { ADD_JOB } from '../platform/job';
import { ask } from '../platform/pooled';
import { unsealText, withKeys } from '../platform/sealed-text';
import { inTransaction, type Transaction } from '../platform/transaction';
import { headersOf, pauseAfter, TRIES } from './delivery.rules';
import { post, type Posted } from './post';
import { placeOfSecret, reachOf } from './reach';
import { Webhook } from './webhook.entity';

/** The messages of one subject for one webhook: they go out one after the other. */
export interface Stream {
  webhookId: string;
  subjectId: string;
}

/** In ms: whoever has begun a try and does not tell what became of it within that time was killed, and somebody else tries. */
const LEASE = 60_000;

interface Claimed {
  id: string;
  attempts: number;
  messageId: string;
  kind: string;
  createdAt: Date;
  body: object;
  url: string;
  secret: Buffer;
}

/** Of what waits in a stream the first alone, if its time has come and nobody else is at it; from then on it counts as tried. */
const CLAIM = `UPDATE webhook_delivery d SET attempts = d.attempts + 1, next_attempt_at = $4
  FROM webhook w, outbox_message m
  WHERE d.id = (SELECT id FROM webhook_delivery WHERE webhook_id = $1 AND subject_id = $2 AND state = 'PENDING' ORDER BY position LIMIT 1 FOR UPDATE)
    AND d.state = 'PENDING' AND d.next_attempt_at <= $3 AND w.id = d.webhook_id AND w.active AND w.secret_sealed IS NOT NULL AND m.id = d.message_id
  RETURNING d.id, d.attempts, m.id AS "messageId", m.kind, m.created_at AS "createdAt", m.body, w.url, w.secret_sealed AS secret`;

/** Only whoever claimed it last may say what became of it. */
const mark = (set: string) =>
  `UPDATE webhook_delivery SET ${set} WHERE id = $1 AND attempts = $2 AND state = 'PENDING' RETURNING id`;
const DELIVERED = mark(`state = 'DELIVERED', delivered_at = $3, last_status = $4, last_error = NULL`);
const LATER = mark('next_attempt_at = $3, last_status = $4, last_error = $5');
const DEAD = mark(`state = 'DEAD', last_status = $3, last_error = $4`);

/** Sends what waits in a stream, in its order, until nothing does or one fails: those behind it wait for it. */
export async function deliver(app: App, stream: Stream, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const now = app.clock();
    const values = [stream.webhookId, stream.subjectId, now, new Date(now.getTime() + LEASE)];
    const [claimed] = await ask<Claimed>(app, { text: CLAIM, values });
    if (!claimed) return;
    const posted = await send(app, stream, claimed, stop);
    // Whoever stops does not know whether it arrived: it is tried again once its lease is over.
    if (stop.aborted && 'error' in posted) return;
    if (!(await settle(app, stream, claimed, posted))) return;
  }
}

async function send(app: App, { webhookId }: Stream, claimed: Claimed, stop: AbortSignal): Promise<Posted> {
  const { messageId, kind, createdAt, url, body: data } = claimed;
  const body = JSON.stringify({ type: kind, timestamp: createdAt.toISOString(), data });
  const secret = await withKeys(app, () => unsealText(app.keys, claimed.secret, placeOfSecret(webhookId)));
  return post(url, headersOf(secret, messageId, body, app.clock()), body, reachOf(app.config), { stop });
}

/** Says what became of a try, and whether the next of its stream may go. */
async function settle(app: App, stream: Stream, claimed: Claimed, posted: Posted): Promise<boolean> {
  const now = app.clock();
  const status = 'status' in posted ? posted.status : null;
  const claim = [claimed.id, claimed.attempts];
  app.metrics.webhooks.inc({ outcome: status === null ? 'unreached' : `${Math.floor(status / 100)}xx` });
  if (status !== null && status >= 200 && status < 300) {
    await ask(app, { text: DELIVERED, values: [...claim, now, status] });
    return true;
  }
  const error = 'error' in posted ? posted.error : 'STATUS';
  const gone = status === GONE;
  if (gone || claimed.attempts >= TRIES) {
    await inTransaction(ownContext(app, 'jobs'), async (tx) => {
      if (gone) await deactivate(tx, stream.webhookId);
      await bury(tx, stream, claimed, [...claim, status, error]);
    });
    return true;
  }
  const next = new Date(now.getTime() + pauseAfter(claimed.attempts, Math.random()));
  const marked = await ask(app, { text: LATER, values: [...claim, next, status, error] });
  if (marked.length > 0) await ask(app, { text: ADD_JOB, values: ['webhooks.deliver', JSON.stringify(stream), next] });
  return false;
}

/** Whoever answers so wants to be told nothing any more (RFC 9110, 15.5.11). */
const GONE = 410;

async function deactivate(tx: Transaction, webhookId: string): Promise<void> {
  const webhook = await tx.lock(Webhook, webhookId);
  if (!webhook.active) return;
  await tx.update(webhook, { active: false });
  await record(tx, {
    action: 'webhook.changed',
    outcome: 'DONE',
    subjectType: 'Webhook',
    subjectId: webhookId,
    changes: [{ path: 'active', before: true, after: false }],
    reason: 'It answered 410 Gone.',
  });
}

async function bury(tx: Transaction, { webhookId }: Stream, { id }: Claimed, values: unknown[]): Promise<void> {
  if ((await tx.write(DEAD, values)).length === 0) return;
  await record(tx, {
    action: 'webhook.deliver',
    outcome: 'FAILED',
    code: 'WEBHOOK_UNDELIVERED',
    subjectType: 'Webhook',
    subjectId: webhookId,
    changes: [{ path: 'delivery', before: null, after: id }],
    lookedAt: true,
  });
}
