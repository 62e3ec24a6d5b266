import { startTestApp, type TestApp } from '../support/app';
import { givenAccount, givenDraft, givenInvoice } from '../support/scene';

let t: TestApp;
let invoiceId: string;
beforeAll(async () => {
  t = await startTestApp();
  invoiceId = await givenInvoice(t, await givenAccount(t));
});
afterAll(() => t.close());

const refused = (text: string, values: unknown[] = []) =>
  expect(t.apiSql(text, values)).rejects.toMatchObject({ code: '23514' });

describe('what the API’s own login cannot undo or make up, even with SQL', () => {
  it('a voided invoice stays voided, an invoice begins as a draft, and an issued one takes no more lines', async () => {
    const draft = await givenDraft(t, await givenAccount(t));
    await t.apiSql(`UPDATE invoice SET status = 'VOIDED', voided_at = now() WHERE id = $1`, [draft]);
    await refused(`UPDATE invoice SET status = 'DRAFT' WHERE id = $1`, [draft]);
    await refused(`UPDATE invoice SET voided_at = NULL WHERE id = $1`, [draft]);
    const columns = (table: string, but: string[]) =>
      t.sql<{ list: string }>(
        `SELECT string_agg(quote_ident(column_name), ', ') AS list FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name = $1 AND column_name <> ALL($2)`,
        [table, but],
      );
    const [invoice] = await columns('invoice', ['id', 'number', 'number_in_series']);
    await refused(`INSERT INTO invoice (id, number, number_in_series, ${invoice!.list})
      SELECT gen_random_uuid(), 'FORGED', 999999, ${invoice!.list} FROM invoice WHERE id = '${invoiceId}'`);
    const [line] = await columns('invoice_line', ['id', 'line_number']);
    await refused(`INSERT INTO invoice_line (id, line_number, ${line!.list})
      SELECT gen_random_uuid(), 99, ${line!.list} FROM invoice_line WHERE invoice_id = '${invoiceId}' LIMIT 1`);
  });

  it('an ended session, a revoked role and a deactivated user stay so', async () => {
    const user = t.as('stranger').userId;
    await t.apiSql('UPDATE session SET ended_at = now() WHERE user_id = $1', [user]);
    await refused('UPDATE session SET ended_at = NULL WHERE user_id = $1', [user]);
    await t.apiSql('UPDATE app_user SET deactivated_at = now() WHERE id = $1', [user]);
    await refused('UPDATE app_user SET deactivated_at = NULL WHERE id = $1', [user]);
    const billing2 = t.as('billing2').userId;
    await t.apiSql('UPDATE role_grant SET revoked_at = now() WHERE user_id = $1', [billing2]);
    await refused('UPDATE role_grant SET revoked_at = NULL WHERE user_id = $1', [billing2]);
  });

  it('a change request is not executed without a yes of that approver to that revision', async () => {
    const { payload } = await t.as('billing').mutate('voidInvoice', { invoiceId, reason: 'twice' });
    await refused(`UPDATE change_request SET status = 'EXECUTED', approved_by_id = $2 WHERE id = $1`, [
      payload.changeRequest.id,
      t.as('supervisor').userId,
    ]);
  });
});
