import type { App } from '../platform/context';
import { isId } from '../platform/ids';
import type { Job } from '../platform/job';
import { ask } from '../platform/pooled';
import { Turns } from '../platform/turns';
import { deliver, type Stream } from './deliver';

/** So many streams are looked up, and so many of them sent at the same time. */
const BATCH = 500;
const AT_ONCE = 8;

/** A stream whose first message is due, or was and its sender was killed. */
const DUE = `SELECT "webhookId", "subjectId" FROM (
    SELECT DISTINCT ON (d.webhook_id, d.subject_id) d.webhook_id AS "webhookId", d.subject_id AS "subjectId", d.next_attempt_at
    FROM webhook_delivery d JOIN webhook w ON w.id = d.webhook_id AND w.active AND w.secret_sealed IS NOT NULL
    WHERE d.state = 'PENDING' ORDER BY d.webhook_id, d.subject_id, d.position) first
  WHERE next_attempt_at <= $1 ORDER BY next_attempt_at LIMIT ${BATCH}`;

/** Sends the messages of one subject to one webhook: added with each message, and for each time that it is to be tried again. */
export const deliverMessages: Job = {
  name: 'webhooks.deliver',
  run: async (app, payload, stop) => {
    const { webhookId, subjectId } = (payload ?? {}) as Partial<Stream>;
    if (isId(webhookId) && isId(subjectId)) await deliver(app, { webhookId, subjectId }, stop);
  },
};

/** Sends whatever is due, of all: what was paused, and what a process left behind that was killed. */
export const deliverDueMessages: Job = {
  name: 'webhooks.deliverDue',
  everyMinute: true,
  run: async (app, _payload, stop) => {
    const due = await ask<Stream>(app, { text: DUE, values: [app.clock()] });
    const turns = new Turns(AT_ONCE);
    await Promise.all(due.map((stream) => turns.take(() => attempt(app, stream, stop))));
  },
};

/** One fault holds up no other stream. */
const attempt = (app: App, stream: Stream, stop: AbortSignal): Promise<void> =>
  deliver(app, stream, stop).catch((error: unknown) =>
    app.log.error({ err: error, webhookId: stream.webhookId }, 'messages were not sent'),
  );
