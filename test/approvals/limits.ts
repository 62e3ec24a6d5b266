import type { TestApp } from '../support/app';
import type { CastName } from '../support/cast';
import { countersigned, proposed, type Waiting } from '../support/outcomes';
import { givenDraft } from '../support/scene';

/** Issuing needs nobody else from here on: whoever approves it would have used up what they may approve. */
export const issuingAlone = (t: TestApp) =>
  t.sql(`UPDATE approval_policy SET active = false WHERE operation = 'invoice.issue'`);

/** An invoice over so much, in the currency of its account and issued alone, whose voiding waits for a supervisor. */
export async function voidOf(t: TestApp, accountId: string, total: string): Promise<Waiting & { invoiceId: string }> {
  const lines = [{ description: 'Calls', quantity: '1', unitPrice: total }];
  const invoiceId = await givenDraft(t, accountId, { lines });
  await t.person('billing').submit('invoice.issue', { invoiceId }, invoiceId);
  return { invoiceId, ...(await proposed(t, 'billing', 'voidInvoice', { invoiceId, reason: 'billed twice' })) };
}

interface Limit {
  currency?: string;
  perRequest?: string | null;
  perDay?: string | null;
}

/** Sets a limit as administration and compliance do. */
export const limited = (t: TestApp, who: CastName, { currency = 'USD', perRequest, perDay }: Limit) =>
  countersigned(
    t,
    'admin',
    'setApprovalLimit',
    { userId: t.as(who).userId, currency, perRequest, perDay, reason: 'by grade' },
    'compliance',
  );

/** As the owner of the database: nobody has a limit any more. */
export const unlimited = (t: TestApp) => t.rewind('DELETE FROM approval_limit');

export const rate = (t: TestApp, currency: string, perEuro: string, validOn = '2020-01-01') =>
  countersigned(t, 'admin', 'setExchangeRate', { currency, perEuro, validOn, reason: 'ECB' }, 'compliance');

/** Takes every decision out of the last 24 hours, also one that was made a day ahead of its time. */
export const yesterday = (t: TestApp) => t.rewind(`UPDATE decision SET created_at = created_at - interval '50 hours'`);

/** Makes two users one person, behind the house's back, while some work is done. */
export async function asOnePerson<T>(t: TestApp, user: CastName, first: CastName, work: () => Promise<T>): Promise<T> {
  const set = (person: string | null) =>
    t.rewind('UPDATE app_user SET person_id = $2 WHERE id = $1', [t.as(user).userId, person]);
  await set(t.as(first).userId);
  try {
    return await work();
  } finally {
    await set(null);
  }
}
