import type { TestApp } from '../support/app';
import { givenAccount, givenClientOf, givenDraft, givenLob } from '../support/scene';

/** Accounts with LOBs and invoices, with ties in every order and amounts that no float holds. */
export interface Scene {
  accountIds: string[];
  /** The one account of the cast's client. */
  clientAccountId: string;
}

export async function givenBusiness(t: TestApp, accounts = 7): Promise<Scene> {
  const accountIds: string[] = [];
  for (let index = 0; index < accounts; index += 1) {
    const currency = ['USD', 'JPY', 'KWD'][index % 3]!;
    // Two names for all: ties.
    const accountId = await givenAccount(t, { code: `R${index}00`, legalName: `client ${'ab'[index % 2]}`, currency });
    accountIds.push(accountId);
    const lobIds: string[] = [];
    for (let lob = 0; lob < index % 4; lob += 1)
      lobIds.push(await givenLob(t, accountId, { code: `L${lob}`, name: ['Cards', 'Loans'][lob % 2] }));
    for (let invoice = 0; invoice < (index * 2) % 5; invoice += 1)
      await givenDraft(t, accountId, {
        lines: Array.from({ length: 1 + (invoice % 3) }, (_, line) => ({
          description: `Line ${line}`,
          quantity: ['1', '2.5000', '3'][line]!,
          unitPrice: ['10', '0.105', '7'][line]!,
          ...(lobIds[line] && { lobId: lobIds[line] }),
        })),
      });
  }
  await t.sql(`UPDATE account SET created_at = '2026-01-01T00:00:00.123456Z' WHERE code IN ('R000', 'R300', 'R500')`);
  await t.sql(`UPDATE invoice SET created_at = date_trunc('minute', created_at)`);
  await t.sql(
    `UPDATE invoice SET subtotal_minor = 9007199254740993, total_minor = 9007199254740993, tax_minor = 0
     WHERE id IN (SELECT id FROM invoice ORDER BY id LIMIT 2)`,
  );
  await t.sql(
    `UPDATE invoice i SET status = CASE n % 3 WHEN 0 THEN 'VOIDED' ELSE 'CLIENT_REVIEW' END
     FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM invoice) o WHERE o.id = i.id AND n % 4 <> 1`,
  );
  const clientAccountId = accountIds[2]!;
  await givenClientOf(t, clientAccountId);
  return { accountIds, clientAccountId };
}

/** The id within a cursor of ours. Cursors are opaque to clients; a test may look. */
export const idInCursor = (cursor: string): string =>
  (JSON.parse(Buffer.from(cursor.split('.')[0]!, 'hex').toString('utf8')) as [string, unknown, string])[2];
