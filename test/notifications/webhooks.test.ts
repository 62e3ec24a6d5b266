import { startAppOver, startTestApp, type TestApp } from '../support/app';
import { approve, eventsOf, expectRefused, NOBODYS_ID, proposed, rowOf } from '../support/outcomes';
import { freshCode, trail } from '../support/scene';
import { givenGrant, givenWebhook, withdraw } from './receiver';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const input = (more: object = {}) => ({
  name: freshCode('hook'),
  url: 'http://127.0.0.1:9/hook',
  events: ['changeRequest.proposed'],
  reason: 'chat',
  ...more,
});

const given = (events = ['changeRequest.proposed']) => givenWebhook(t, 'http://127.0.0.1:9/hook', events);

/** A delivery to a webhook that was given up. */
async function givenDead(): Promise<{ webhookId: string; deliveryId: string }> {
  const { id: webhookId } = await given();
  const { id } = await givenGrant(t);
  await withdraw(t, id);
  const [row] = await t.sql(`UPDATE webhook_delivery SET state = 'DEAD' WHERE webhook_id = $1 RETURNING id`, [
    webhookId,
  ]);
  return { webhookId, deliveryId: row!.id as string };
}

describe('createWebhook', () => {
  it('waits for compliance, and then is there, without a secret that anybody knows', async () => {
    const asked = input();
    const request = await proposed(t, 'admin', 'createWebhook', asked);
    expect((await approve(t, request, 'admin2')).code).toBe('NOT_AN_APPROVER');
    const { answer, events } = await eventsOf(t, () => approve(t, request, 'compliance'));
    expect(answer.errors).toEqual([]);
    expect(answer.text).not.toContain('whsec_');
    const [row] = await t.sql('SELECT * FROM webhook WHERE name = $1', [asked.name]);
    expect(row).toMatchObject({
      url: asked.url,
      events: asked.events,
      active: true,
      secret_sealed: null,
      created_by_id: t.as('admin').userId,
      version: 1,
    });
    expect(events.map(({ action, actor, onBehalfOf }) => ({ action, actor, onBehalfOf }))).toEqual([
      { action: 'webhook.created', actor: t.as('compliance').userId, onBehalfOf: t.as('admin').userId },
      { action: 'changeRequest.approved', actor: t.as('compliance').userId, onBehalfOf: null },
    ]);
  });

  it.each([
    ['nobody', {}, 'UNAUTHENTICATED'],
    ['billing', {}, 'FORBIDDEN'],
    ['compliance', {}, 'FORBIDDEN'],
    ['auditor', {}, 'FORBIDDEN'],
    ['admin', { url: 'ftp://example.com/' }, 'WEBHOOK_URL_REFUSED'],
    ['admin', { url: 'https://a:b@example.com/' }, 'WEBHOOK_URL_REFUSED'],
    ['admin', { events: ['invoice.voided'] }, 'BAD_USER_INPUT'],
    ['admin', { events: [] }, 'BAD_USER_INPUT'],
    ['admin', { name: ' ' }, 'BAD_USER_INPUT'],
  ] as const)('as %s with %j: %s', async (as, more, code) => {
    await expectRefused(t, { as, mutation: 'createWebhook', operation: 'webhook.create', input: input(more), code });
  });

  it('refuses a name that is taken, when it is carried out', async () => {
    const asked = input();
    const requests = [
      await proposed(t, 'admin', 'createWebhook', asked),
      await proposed(t, 'admin', 'createWebhook', asked),
    ];
    const [first, second] = await Promise.all(requests.map((request) => approve(t, request, 'compliance')));
    const codes = [first, second].map((answer) => answer?.errors[0]?.extensions.details?.code ?? 'EXECUTED');
    expect(codes.map(String).toSorted()).toEqual(['EXECUTED', 'WEBHOOK_NAME_TAKEN']);
    expect(await t.sql('SELECT FROM webhook WHERE name = $1', [asked.name])).toHaveLength(1);
  });

  it('is asked once with one key', async () => {
    const asked = input({ idempotencyKey: freshCode('key') });
    const [first, again] = [
      await t.as('admin').mutate('createWebhook', asked),
      await t.as('admin').mutate('createWebhook', asked),
    ];
    expect(again.payload).toEqual(first.payload);
  });

  it('in production refuses what has no TLS or leads into the house, unless a setting names the host', async () => {
    const over = { NODE_ENV: 'production', WEBHOOK_PRIVATE_HOSTS: 'hooks.house.example, 127.0.0.1' };
    const strict = await startAppOver(t.ownerUrl, over);
    for (const url of ['http://example.com/', 'https://10.1.2.3/', 'https://169.254.169.254/', 'https://[::1]/'])
      expect((await strict.as('admin').mutate('createWebhook', input({ url }))).code).toBe('WEBHOOK_URL_REFUSED');
    for (const url of ['https://example.com/', 'http://hooks.house.example/', 'http://127.0.0.1:9/'])
      expect((await strict.as('admin').mutate('createWebhook', input({ url }))).code).toBeUndefined();
    await strict.close();
  });
});

describe('changeWebhook', () => {
  it('waits for compliance, and changes what was asked for', async () => {
    const { id } = await given();
    const before = await rowOf(t, 'webhook', id);
    const change = {
      webhookId: id,
      active: false,
      events: ['changeRequest.failed', 'changeRequest.expired'],
      reason: 'loud',
    };
    const request = await proposed(t, 'admin', 'changeWebhook', change);
    const { answer, events } = await eventsOf(t, () => approve(t, request, 'compliance'));
    expect(answer.errors).toEqual([]);
    expect(await rowOf(t, 'webhook', id)).toEqual({
      ...before,
      active: false,
      events: ['changeRequest.expired', 'changeRequest.failed'],
      version: 3,
    });
    expect(events[0]).toMatchObject({
      action: 'webhook.changed',
      subject: { type: 'Webhook', id, version: 3 },
      changes: [
        {
          path: 'events',
          before: ['changeRequest.proposed'],
          after: ['changeRequest.expired', 'changeRequest.failed'],
        },
        { path: 'active', before: true, after: false },
      ],
    });
  });

  it('refuses, in this order, who may not, what there is not, what is nothing, and an address that is refused', async () => {
    const { id: webhookId } = await given();
    const refused = (as: 'nobody' | 'supervisor' | 'compliance' | 'admin', more: object, code: string) =>
      expectRefused(t, {
        as,
        mutation: 'changeWebhook',
        operation: 'webhook.change',
        input: { webhookId, reason: 'x', ...more },
        code,
      });
    await refused('nobody', { active: false }, 'UNAUTHENTICATED');
    await refused('supervisor', { active: false }, 'FORBIDDEN');
    await refused('compliance', { active: false }, 'FORBIDDEN');
    await refused('admin', { webhookId: NOBODYS_ID, active: false }, 'NOT_FOUND');
    await refused('admin', { active: false, expectedVersion: 9 }, 'VERSION_CONFLICT');
    await refused('admin', {}, 'NOTHING_TO_CHANGE');
    await refused('admin', { url: 'http://x@example.com' }, 'WEBHOOK_URL_REFUSED');
  });
});

describe('drawWebhookSecret', () => {
  const draw = (webhookId: string, more: object = {}) =>
    t
      .as('admin')
      .mutate(
        'drawWebhookSecret',
        { webhookId, reason: 'rotated', ...more },
        'outcome secret webhook { id secretDrawnAt version }',
      );

  it('shows a secret once, to whoever drew it, and keeps it sealed; a repeat draws another', async () => {
    const { id, secret } = await given();
    const idempotencyKey = freshCode('key');
    const { answer, events } = await eventsOf(t, () => draw(id, { idempotencyKey }));
    expect(answer.payload).toMatchObject({ outcome: 'DONE', webhook: { id, version: 3 } });
    const drawn = answer.payload.secret as string;
    expect(drawn).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(drawn).not.toBe(secret);
    expect(events).toMatchObject([
      {
        action: 'webhookSecret.drawn',
        outcome: 'DONE',
        changes: [{ path: 'secret', before: '••••••••', after: '••••••••' }],
      },
    ]);
    expect((await draw(id, { idempotencyKey })).payload.secret).not.toBe(drawn);
    const everything = [
      JSON.stringify(await trail(t)),
      JSON.stringify(await t.sql('SELECT * FROM idempotency_key')),
      JSON.stringify(await t.sql(`SELECT name, url, encode(secret_sealed, 'escape') AS sealed FROM webhook`)),
      JSON.stringify((await t.as('admin').gql('{ webhooks { nodes { name url events } } }')).data),
    ];
    for (const text of everything) expect(text).not.toContain(drawn.slice('whsec_'.length));
  });

  it.each([
    ['nobody', 'UNAUTHENTICATED'],
    ['operations', 'FORBIDDEN'],
    ['compliance', 'FORBIDDEN'],
    ['auditor', 'FORBIDDEN'],
  ] as const)('as %s: %s', async (as, code) => {
    const { id: webhookId } = await given();
    await expectRefused(t, {
      as,
      mutation: 'drawWebhookSecret',
      operation: 'webhookSecret.draw',
      input: { webhookId, reason: 'x' },
      code,
    });
  });

  it('of what there is not: NOT_FOUND', () =>
    expectRefused(t, {
      as: 'admin',
      mutation: 'drawWebhookSecret',
      operation: 'webhookSecret.draw',
      input: { webhookId: NOBODYS_ID, reason: 'x' },
      code: 'NOT_FOUND',
    }));
});

describe('redeliverWebhook', () => {
  const redeliver = (deliveryId: string) =>
    t.as('admin').mutate('redeliverWebhook', { deliveryId, reason: 'mended' }, 'outcome webhookDelivery { id state }');

  it('revives once, however many ask', async () => {
    const { webhookId, deliveryId } = await givenDead();
    const { answer, events } = await eventsOf(t, () => Promise.all([redeliver(deliveryId), redeliver(deliveryId)]));
    expect(answer.map(({ code }) => code ?? 'DONE').toSorted()).toEqual(['DELIVERY_NOT_DEAD', 'DONE']);
    expect(events.filter(({ outcome }) => outcome === 'DONE')).toMatchObject([
      {
        action: 'webhook.redelivered',
        actor: t.as('admin').userId,
        subject: { type: 'Webhook', id: webhookId },
        changes: [{ path: 'delivery', before: null, after: deliveryId }],
        reason: 'mended',
      },
    ]);
    const [row] = await t.sql('SELECT * FROM webhook_delivery WHERE id = $1', [deliveryId]);
    expect(row).toMatchObject({ state: 'PENDING', attempts: 0 });
  });

  it('refuses, in this order, who may not, what there is not, what is not dead, and who is told nothing', async () => {
    const { webhookId, deliveryId } = await givenDead();
    const refused = (as: 'nobody' | 'billing' | 'compliance' | 'admin', of: string, code: string) =>
      expectRefused(t, {
        as,
        mutation: 'redeliverWebhook',
        operation: 'webhook.redeliver',
        input: { deliveryId: of, reason: 'x' },
        code,
      });
    await refused('nobody', deliveryId, 'UNAUTHENTICATED');
    await refused('billing', deliveryId, 'FORBIDDEN');
    await refused('compliance', deliveryId, 'FORBIDDEN');
    await refused('admin', NOBODYS_ID, 'NOT_FOUND');
    await refused('admin', 'no id', 'NOT_FOUND');
    await t.sql('UPDATE webhook SET active = false WHERE id = $1', [webhookId]);
    await refused('admin', deliveryId, 'WEBHOOK_NOT_ACTIVE');
    await t.sql(`UPDATE webhook_delivery SET state = 'PENDING' WHERE id = $1`, [deliveryId]);
    await refused('admin', deliveryId, 'DELIVERY_NOT_DEAD');
  });
});

describe('webhooks and what became of their messages', () => {
  const LISTS =
    '{ webhooks { nodes { name url events active secretDrawnAt createdBy { id } } } webhookDeliveries { nodes { id state webhook { name } } } }';

  it.each(['admin', 'compliance', 'auditor'] as const)('are seen by %s', async (who) => {
    await givenDead();
    const { data, errors } = await t.as(who).gql(LISTS);
    expect(errors).toEqual([]);
    expect(data!.webhooks.nodes.length).toBeGreaterThan(0);
    expect(data!.webhookDeliveries.nodes.length).toBeGreaterThan(0);
  });

  it.each(['billing', 'supervisor', 'operations', 'client', 'stranger'] as const)('are hidden from %s', async (who) => {
    expect((await t.as(who).gql(LISTS)).code).toBe('FORBIDDEN');
  });

  it('are found by webhook and state, by pages', async () => {
    const { webhookId, deliveryId } = await givenDead();
    const ask = (filter: string) =>
      t.as('auditor').gql(`{ webhookDeliveries(first: 1, filter: { ${filter} }) { totalCount nodes { id } } }`);
    expect((await ask(`webhookId: "${webhookId}", state: DEAD`)).data!.webhookDeliveries).toEqual({
      totalCount: 1,
      nodes: [{ id: deliveryId }],
    });
    expect((await ask(`webhookId: "${webhookId}", state: DELIVERED`)).data!.webhookDeliveries.totalCount).toBe(0);
  });
});

describe('the database', () => {
  it('keeps what was told as it was told, and what arrived as arrived', async () => {
    const { deliveryId } = await givenDead();
    for (const statement of [
      `UPDATE outbox_message SET body = '{}'`,
      'DELETE FROM outbox_message',
      'DELETE FROM webhook_delivery',
      `UPDATE webhook_delivery SET kind = 'x'`,
      `UPDATE webhook SET name = 'x'`,
      'UPDATE webhook SET created_by_id = gen_random_uuid()',
    ])
      await expect(t.apiSql(statement)).rejects.toMatchObject({ code: '42501' });
    await t.sql(`UPDATE webhook_delivery SET state = 'DELIVERED', delivered_at = now() WHERE id = $1`, [deliveryId]);
    await expect(
      t.sql(`UPDATE webhook_delivery SET state = 'PENDING', delivered_at = NULL WHERE id = $1`, [deliveryId]),
    ).rejects.toThrow('what has arrived has arrived');
  });
});
