import type { TestApp } from '../support/app';
import type { CastName } from '../support/cast';
import { proposed, type Waiting } from '../support/outcomes';
import { givenAccount, givenInvoice } from '../support/scene';

/** An invoice whose voiding waits for a supervisor. */
export async function givenProposedVoid(t: TestApp): Promise<Waiting & { invoiceId: string }> {
  const invoiceId = await givenInvoice(t, await givenAccount(t));
  return { invoiceId, ...(await proposed(t, 'billing', 'voidInvoice', { invoiceId, reason: 'billed twice' })) };
}

/** A new bank account for an account, by operations, waiting for a supervisor. Several may wait over one account. */
export const proposedBankChange = (t: TestApp, accountId: string, bankAccountNumber = '000987654321') =>
  proposed(t, 'operations', 'changeAccount', { accountId, bankAccountNumber, reason: 'a new house bank' });

/** A grant of a role, which administration or compliance decide: not a supervisor. */
export const proposedGrant = (t: TestApp, by: CastName = 'admin', to: CastName = 'stranger') =>
  proposed(t, by, 'grantRole', { userId: t.as(to).userId, role: 'auditor', reason: 'a new colleague' });

/** Lets somebody hold another role while some work is done. */
export async function withRole<T>(t: TestApp, who: CastName, role: string, work: () => Promise<T>): Promise<T> {
  const values = [t.as(who).userId, role];
  await t.sql(
    `INSERT INTO role_grant (id, user_id, role, granted_by_id) SELECT gen_random_uuid(), $1::uuid, $2, id FROM app_user WHERE id <> $1 ORDER BY id LIMIT 1`,
    values,
  );
  try {
    return await work();
  } finally {
    await t.sql(`DELETE FROM role_grant WHERE user_id = $1 AND role = $2`, values);
  }
}

/** Takes a role away while some work is done. */
export async function withoutRole<T>(t: TestApp, who: CastName, role: string, work: () => Promise<T>): Promise<T> {
  const set = (revokedAt: Date | null) =>
    t.rewind(`UPDATE role_grant SET revoked_at = $3 WHERE user_id = $1 AND role = $2`, [
      t.as(who).userId,
      role,
      revokedAt,
    ]);
  await set(new Date());
  try {
    return await work();
  } finally {
    await set(null);
  }
}

/** The row of a change request. */
export const requestRow = async (t: TestApp, id: string): Promise<Record<string, any>> =>
  (await t.sql('SELECT * FROM change_request WHERE id = $1', [id]))[0]!;

/** The decisions on a change request: who said what. */
export const decisionsOn = (t: TestApp, id: string): Promise<{ decided_by_id: string; verdict: string }[]> =>
  t.sql('SELECT decided_by_id, verdict FROM decision WHERE change_request_id = $1 ORDER BY id', [id]);

export const HOUR = 3_600_000;

/** Moves the clock of the API while some work is done. */
export async function later<T>(t: TestApp, hours: number, work: () => Promise<T>): Promise<T> {
  t.clock.at = new Date(Date.now() + hours * HOUR);
  try {
    return await work();
  } finally {
    t.clock.at = null;
  }
}

/** Lets a policy ask for these steps while some work is done. */
export async function withSteps<T>(
  t: TestApp,
  operation: string,
  steps: { stage?: number; roles?: string[]; people?: string[]; quorum?: number }[],
  work: () => Promise<T>,
): Promise<T> {
  const set = (asked: unknown) =>
    t.sql(`UPDATE approval_policy SET steps = $2 WHERE operation = $1 AND name = 'standard'`, [
      operation,
      JSON.stringify(asked),
    ]);
  const [before] = await t.sql(`SELECT steps FROM approval_policy WHERE operation = $1 AND name = 'standard'`, [
    operation,
  ]);
  await set(steps.map((step) => ({ stage: 1, roles: [], people: [], quorum: 1, ...step })));
  try {
    return await work();
  } finally {
    await set(before!.steps);
  }
}

/** An invoice whose voiding waits for one person alone, by name, unless more is asked for. */
export const givenVoidFor = (t: TestApp, who: CastName, ...more: Parameters<typeof withSteps>[2]) =>
  withSteps(t, 'invoice.void', [{ people: [t.as(who).userId] }, ...more], () => givenProposedVoid(t));

/** Somebody who stands in for another for a day, said so by themselves. */
export async function givenDelegation(
  t: TestApp,
  from: CastName,
  to: CastName,
  more: Record<string, unknown> = {},
): Promise<string> {
  const endsAt = new Date((t.clock.at ?? new Date()).getTime() + 24 * HOUR).toISOString();
  const input = { delegateId: t.as(to).userId, endsAt, reason: 'on leave', ...more };
  const { payload, errors } = await t.as(from).mutate('delegateApprovals', input, 'outcome delegation { id }');
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return payload.delegation.id as string;
}
