import { pendingChanges } from '../approvals/change-request.read';
import { userRead } from '../access/user.read';
import { column, computed, CREATED_AT, declareRead, equals, instant, instantOf, one, plains } from '../platform/read';
import { sql } from '../platform/sql';

/** Never its secret. */
export const webhookRead = declareRead('Webhook', {
  table: 'webhook',
  fields: {
    pendingChanges: pendingChanges('Webhook'),
    ...plains('id', 'name', 'url', 'events', 'active', 'version'),
    secretDrawnAt: instant('secret_drawn_at'),
    createdBy: one(() => userRead, 'created_by_id'),
    createdAt: instant('created_at'),
  },
  filters: { active: equals('active', 'boolean') },
  orders: { NAME: { column: 'name', type: 'text' }, CREATED_AT },
  defaultOrder: 'NAME_ASC',
});

export const webhookDeliveryRead = declareRead('WebhookDelivery', {
  table: 'webhook_delivery',
  fields: {
    ...plains('id', 'messageId', 'kind', 'subjectType', 'subjectId', 'state', 'attempts', 'lastStatus', 'lastError'),
    webhook: one(() => webhookRead, 'webhook_id'),
    nextAttemptAt: computed(
      (row) => sql`case when ${column(row, 'state')} = 'PENDING' then ${instantOf(column(row, 'next_attempt_at'))} end`,
    ),
    deliveredAt: instant('delivered_at'),
    createdAt: instant('created_at'),
  },
  filters: {
    webhookId: equals('webhook_id', 'uuid'),
    subjectId: equals('subject_id', 'uuid'),
    state: equals('state', 'text'),
  },
});
