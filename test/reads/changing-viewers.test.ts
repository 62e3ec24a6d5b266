import { type Comparison, startComparison } from './comparison';
import { rowsOf } from './naive-rows';
import { lookerOf, type Viewer } from './viewers';

let comparison: Comparison;
beforeAll(async () => {
  comparison = await startComparison();
});
afterAll(() => comparison.close());

const DOCUMENTS = [
  '{ viewer { id name email roles sessionId permissions { action subject } } }',
  '{ viewer { roles } accounts(first: 3) { totalCount nodes { code lobs { totalCount } complaints { totalCount } } } }',
  'query ($n: Int) { lobs(first: $n) { totalCount } complaints(first: $n) { totalCount nodes { category } } }',
  '{ myApprovals { totalCount } changeRequests(first: 5) { nodes { canDecide operation } } }',
];

/** Everything is asked twice, so that the second time it is known already, and by whom. */
async function asked(viewer: Viewer): Promise<void> {
  const { looker } = viewer;
  const { t, naive } = comparison;
  const now = { ...viewer, looker: looker && (await lookerOf(t, looker.id)) };
  // Who may decide depends on what everybody is.
  for (const table of ['role_grant', 'app_user'] as const) naive.renew(table, await rowsOf(t, table));
  for (let again = 0; again < 2; again += 1)
    for (const text of DOCUMENTS) await comparison.alike({ text, variables: { n: 2 } }, [now]);
}

it('whatever somebody is, they are for their very next read', async () => {
  const { t, viewers } = comparison;
  const viewer = viewers.find(({ name }) => name === 'client2')!;
  const other = viewers.find(({ name }) => name === 'client')!;
  const { userId } = viewer.client;
  const values = [userId];
  const admin = t.as('admin').userId;
  const grant = (role: string) =>
    t.sql(`INSERT INTO role_grant (id, user_id, role, granted_by_id) VALUES (gen_random_uuid(), $1, $2, $3)`, [
      userId,
      role,
      admin,
    ]);
  const revoke = (role: string) =>
    t.sql(
      `UPDATE role_grant SET revoked_at = now(), revoked_by_id = $3 WHERE user_id = $1 AND role = $2 AND revoked_at IS NULL`,
      [userId, role, admin],
    );
  const changes: (() => Promise<unknown>)[] = [
    async () => undefined,
    () => grant('supervisor'),
    () => revoke('client'),
    () => t.rewind(`UPDATE app_user SET name = 'Somebody "else"' WHERE id = $1`, values),
    () => revoke('supervisor'),
    () => grant('auditor'),
    () => t.sql('UPDATE app_user SET password_set_by_id = $2 WHERE id = $1', [userId, admin]),
    () => t.sql('UPDATE app_user SET password_set_by_id = NULL WHERE id = $1', values),
    () =>
      t.sql(
        `INSERT INTO role_grant (id, user_id, role, account_id, granted_by_id)
       SELECT gen_random_uuid(), $1, 'client', account_id, $2 FROM role_grant WHERE role = 'client' AND user_id = $3`,
        [userId, admin, other.client.userId],
      ),
    () => revoke('auditor'),
  ];
  for (const change of changes) {
    await change();
    await asked(viewer);
    await asked(other);
  }
  await t.sql('UPDATE session SET ended_at = now() WHERE user_id = $1', values);
  await asked({ ...viewer, looker: null });
  await asked(other);
});

it('whoever is deactivated is nobody', async () => {
  const { t, viewers } = comparison;
  const viewer = viewers.find(({ name }) => name === 'both')!;
  await asked(viewer);
  await t.sql('UPDATE app_user SET deactivated_at = now() WHERE id = $1', [viewer.client.userId]);
  await asked({ ...viewer, looker: null });
});
