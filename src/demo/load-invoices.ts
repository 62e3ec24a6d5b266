import type { App } from '../platform/context';
import usage from './data/usage.json';
import { type Cast, CLIENT_OF, type Opened } from './people';

/** Ids of issued invoices by account's code and week. */
type Issued = Map<string, string>;

/** Prices per handled call and per minute of talk. */
const PRICES: Record<string, { call: string; minute: string; taxRate: string }> = {
  USD: { call: '0.85', minute: '0.4250', taxRate: '0' },
  INR: { call: '42.50', minute: '18.7500', taxRate: '18' },
  JPY: { call: '95', minute: '48.5', taxRate: '10' },
  KWD: { call: '0.260', minute: '0.1305', taxRate: '0' },
};

/** Minutes as an exact decimal, cut at ten places: the rate is per minute, the records are in seconds. */
const minutes = (seconds: number) => {
  const tenths = (BigInt(seconds) * 10n ** 10n) / 60n;
  return `${tenths / 10n ** 10n}.${String(tenths % 10n ** 10n).padStart(10, '0')}`;
};

const WEEKS = [0, 1, 2];

/** An invoice a week and account, over the calls of that week, of which each client has a share. */
export async function bill({ billing, supervisor }: Cast, opened: Opened): Promise<Issued> {
  const issued: Issued = new Map();
  for (const { account, id, lobs: ids } of opened.values()) {
    const price = PRICES[account.currency]!;
    for (const week of WEEKS) {
      const lines = usage.rows.flatMap(({ lob, weeks }) => {
        const lobId = ids.get(lob);
        const calls = weeks[week]?.calls ?? 0;
        if (!lobId || calls === 0) return [];
        const { from, to, talkSeconds } = weeks[week]!;
        return [
          {
            lobId,
            description: `Handled calls, ${from} to ${to}`,
            quantity: String(calls),
            unitPrice: price.call,
            taxRate: price.taxRate,
          },
          {
            lobId,
            description: `Minutes of talk, ${from} to ${to}`,
            quantity: minutes(talkSeconds),
            unitPrice: price.minute,
            taxRate: price.taxRate,
          },
        ];
      });
      const key = `invoice/${account.code}/${week}`;
      const { result } = await billing.submit('invoice.draft', { accountId: id, lines, dueInDays: 30 }, key);
      if (week === 2) continue;
      await billing.countersigned(supervisor, 'invoice.issue', { invoiceId: result.invoice }, `${key}/issue`);
      issued.set(`${account.code}/${week}`, result.invoice as string);
    }
  }
  return issued;
}

/** Disputes in each state, an invoice that was voided, and one whose voiding waits for whoever signs in as a supervisor. */
export async function disputeAndVoid(
  { billing, supervisor }: Cast,
  opened: Opened,
  issued: Issued,
  app: App,
): Promise<void> {
  const dispute = async (code: string, amount: string, reasonCode: string) => {
    const { currency } = opened.get(code)!.account;
    const invoiceId = issued.get(`${code}/0`);
    const { rows } = await app.database.pool.query<{ id: string }>(
      'SELECT id FROM invoice_line WHERE invoice_id = $1 ORDER BY line_number LIMIT 1',
      [invoiceId],
    );
    const input = {
      invoiceId,
      reasonCode,
      items: [{ lineId: rows[0]!.id, amount: { amount, currency } }],
      note: 'By the client’s own records fewer.',
    };
    const { result } = await billing.submit('dispute.open', input, `dispute/${code}`);
    const items = await app.database.pool.query<{ id: string }>('SELECT id FROM dispute_item WHERE dispute_id = $1', [
      result.dispute,
    ]);
    const answer = (accepted: string, note: string) => ({
      disputeId: result.dispute,
      items: [{ itemId: items.rows[0]!.id, acceptedAmount: { amount: accepted, currency } }],
      note,
    });
    return { disputeId: result.dispute, answer };
  };
  await dispute(CLIENT_OF, '120.00', 'QUANTITY');
  const rejected = await dispute('CHASE', '75.50', 'RATE');
  await supervisor.submit(
    'dispute.resolve',
    rejected.answer('0', 'The rate is the agreed one.'),
    'dispute/CHASE/resolve',
  );
  const conceded = await dispute('EQUIFAX', '300.00', 'DUPLICATE');
  await supervisor.submit(
    'dispute.resolve',
    conceded.answer('180.00', 'Some calls were counted twice.'),
    'dispute/EQUIFAX/resolve',
  );
  const withdrawn = await dispute('EXPERIAN', '60.00', 'QUANTITY');
  await billing.submit(
    'dispute.withdraw',
    { disputeId: withdrawn.disputeId, reason: 'The client found the records.' },
    'dispute/EXPERIAN/withdraw',
  );

  const doubled = { invoiceId: issued.get('WELLSFARGO/1'), reason: 'Billed twice for the same week' };
  await billing.countersigned(supervisor, 'invoice.void', doubled, 'invoice/WELLSFARGO/1/void');
  await billing.submit(
    'invoice.void',
    { invoiceId: issued.get(`${CLIENT_OF}/1`), reason: 'Wrong week' },
    `invoice/${CLIENT_OF}/1/void`,
  );
}
