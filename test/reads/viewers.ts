import { randomBytes } from 'node:crypto';
import { hashToken } from '../../src/access/identify';
import { ApiClient, type TestApp } from '../support/app';
import type { Looker } from './naive-access';

/** Somebody who asks, both ways. Nobody has no looker. */
export interface Viewer {
  name: string;
  client: ApiClient;
  looker: Looker | null;
}

/** The instant at which everything is read: roles that end, end by it. */
export const READ_AT = new Date('2026-03-10T12:00:00.250Z');

type Given = [role: string, accountId?: string | null, lobId?: string | null, endsAt?: string | null];

interface Lob {
  id: string;
  account_id: string;
}

/** The cast, and those whom it lacks: clients of different accounts, several roles, roles for an account or a LOB, roles that do not count. */
export async function givenViewers(t: TestApp, accounts: string[]): Promise<Viewer[]> {
  const granted = async (userId: string, ...[role, accountId = null, lobId = null, endsAt = null]: Given) =>
    t.sql(
      `INSERT INTO role_grant (id, user_id, role, account_id, lob_id, ends_at, granted_by_id)
       VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, $6)`,
      [userId, role, accountId, lobId, endsAt, t.as('admin').userId],
    );
  const made = async (name: string, roles: Given[], more: object = {}) => {
    const columns = { password_set_by_id: null, deactivated_at: null, ...more };
    const [user] = await t.sql<{ id: string }>(
      `INSERT INTO app_user (id, name, email, password_hash, password_set_by_id, deactivated_at)
       VALUES (gen_random_uuid(), $1, $2, '', $3, $4) RETURNING id`,
      [name, `${name}@test.example`, columns.password_set_by_id, columns.deactivated_at],
    );
    for (const given of roles) await granted(user!.id, ...given);
    const token = randomBytes(32).toString('base64url');
    await t.sql(
      `INSERT INTO session (id, user_id, token_hash, expires_at) VALUES (gen_random_uuid(), $1, $2, '2999-01-01')`,
      [user!.id, hashToken(token)],
    );
    return new ApiClient(t.served, token, user!.id);
  };
  const admin = t.as('admin').userId;
  const lobWith = async (table: string) =>
    (
      await t.sql<Lob>(`SELECT l.id, l.account_id FROM lob l JOIN ${table} r ON r.lob_id = l.id ORDER BY l.id LIMIT 1`)
    )[0];
  const [floor, quarrel] = [await lobWith('assignment'), await lobWith('complaint')];
  const others = {
    client2: await made('client2', [['client', accounts[1]]]),
    both: await made('both', [['billing'], ['supervisor']]),
    mixed: await made('mixed', [['client', accounts[2]], ['operations'], ['admin']]),
    billingOf: await made('billingOf', [['billing', accounts[1]]]),
    houseOf: await made('houseOf', [
      ['supervisor', accounts[0]],
      ['supervisor', accounts[1]],
      ['operations', floor!.account_id],
    ]),
    watcherOf: await made('watcherOf', [
      ['auditor', accounts[1]],
      ['compliance', quarrel!.account_id, quarrel!.id],
    ]),
    ofLob: await made('ofLob', [
      ['client', floor!.account_id, floor!.id],
      ['supervisor', floor!.account_id, floor!.id],
      ['auditor', floor!.account_id, floor!.id, '2999-01-01T00:00:00Z'],
    ]),
    lapsed: await made('lapsed', [
      ['auditor', null, null, '2026-03-10T12:00:00.25Z'],
      ['operations', accounts[1], null, '2026-03-10T12:00:00.251Z'],
    ]),
    newcomer: await made('newcomer', [['auditor']], { password_set_by_id: admin }),
  };
  const gone = await made('gone', [['billing']]);
  await t.sql(`UPDATE app_user SET deactivated_at = '2026-02-01T00:00:00Z' WHERE id = $1`, [gone.userId]);
  await t.sql(`UPDATE role_grant SET revoked_at = '2026-02-01T00:00:00.5Z', revoked_by_id = $2 WHERE user_id = $1`, [
    gone.userId,
    admin,
  ]);
  await granted(gone.userId, 'billing');
  const cast = [
    'admin',
    'admin2',
    'billing',
    'supervisor',
    'operations',
    'compliance',
    'auditor',
    'client',
    'stranger',
  ] as const;
  const clients: [string, ApiClient][] = [
    ...cast.map((name): [string, ApiClient] => [name, t.as(name)]),
    ...Object.entries(others),
  ];
  const viewers: Viewer[] = [];
  for (const [name, client] of clients) viewers.push({ name, client, looker: await lookerOf(t, client.userId) });
  return [...viewers, { name: 'nobody', client: t.nobody, looker: null }];
}

/** Somebody as they are when they sign in, of the tables alone. */
export async function lookerOf(t: TestApp, userId: string): Promise<Looker> {
  const [user] = await t.sql('SELECT name, email, password_set_by_id FROM app_user WHERE id = $1', [userId]);
  const [session] = await t.sql(
    'SELECT id FROM session WHERE user_id = $1 AND ended_at IS NULL AND idle_until IS NULL',
    [userId],
  );
  const held = await t.sql(
    `SELECT role, account_id, lob_id FROM role_grant
     WHERE user_id = $1 AND revoked_at IS NULL AND (ends_at IS NULL OR ends_at > $2) ORDER BY role, account_id, lob_id`,
    [userId, READ_AT],
  );
  const grants = user!.password_set_by_id === null ? held : [];
  return {
    id: userId,
    name: user!.name as string,
    email: user!.email as string,
    sessionId: session!.id as string,
    roles: [...new Set(grants.map(({ role }) => role as string))],
    grants: grants.map(({ role, account_id, lob_id }) => ({
      role: role as string,
      accountId: account_id as string | null,
      lobId: lob_id as string | null,
    })),
  };
}
