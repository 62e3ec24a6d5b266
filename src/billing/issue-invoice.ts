import { IsOptional, MaxLength } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { Account } from '../accounts/account.entity';
import { assertOpen } from '../accounts/account.rules';
import { addDays, localDateOf } from '../platform/business-time';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import type { Transaction } from '../platform/transaction';
import { Invoice } from './invoice.entity';
import { assertIssuable, factsOf, INVOICE_SERIES, invoiceNumber, shownMoney } from './invoice.rules';
import { lobsOf } from './lobs-of-invoice';

@InputType({ description: 'Which draft to issue.' })
export class IssueInvoiceInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the invoice.' })
  invoiceId!: string;

  @IsOptional()
  @MaxLength(500)
  @Field(() => String, { nullable: true, description: 'Why now, for the approver and the trail.' })
  reason?: string | null;
}

/**
 * Issues a draft: gives it the next number of its series in the fiscal year, and the day it is due. The number is taken
 * in the same transaction, at the very end, so that the series is locked as briefly as can be and never has a gap.
 */
export const issueInvoice = operation({
  name: 'invoice.issue',
  subject: 'Invoice',
  summary: 'Issue an invoice',
  lock: async (tx, input: IssueInvoiceInput) => {
    const invoice = await tx.lock(Invoice, input.invoiceId);
    const account = (await tx.find(Account, { id: invoice.accountId }))[0]!;
    return {
      invoice,
      lobIds: await lobsOf(tx, invoice),
      accountStatus: account.status,
      zone: account.timeZone,
      booksZone: tx.context.app.config.businessTimeZone,
    };
  },
  authorize: (may, { invoice }) => may('issue', invoice),
  decide: ({ invoice, accountStatus, zone, booksZone }, _input, { now }) => {
    assertIssuable(invoice);
    assertOpen({ status: accountStatus });
    return {
      status: 'ISSUED' as const,
      issuedAt: now,
      dueOn: addDays(localDateOf(now, zone), invoice.dueInDays),
      series: INVOICE_SERIES,
      fiscalYear: Number(localDateOf(now, booksZone).slice(0, 4)),
    };
  },
  save: async (tx, issued, { invoice }) => {
    const numberInSeries = await nextNumber(tx, issued.series, issued.fiscalYear);
    const number = invoiceNumber(issued.series, issued.fiscalYear, numberInSeries);
    await tx.update(invoice, { ...issued, numberInSeries, number });
    return { number };
  },
  record: (issued, { invoice }, { reason }, saved) => ({
    action: 'invoice.issued',
    subjectId: invoice.id,
    changes: [
      { path: 'status', before: invoice.status, after: issued.status },
      ...(saved ? [{ path: 'number', before: null, after: saved.number }] : []),
      { path: 'dueOn', before: null, after: issued.dueOn },
      { path: 'total', before: null, after: shownMoney(invoice.totalMinor, invoice.currency) },
    ],
    reason: reason ?? null,
  }),
  facts: (_issued, { invoice, lobIds }) => ({ ...factsOf(invoice), lobIds, risk: 'MEDIUM' }),
});

const NEXT = `INSERT INTO invoice_series (series, fiscal_year, last_number) VALUES ($1, $2, 1)
  ON CONFLICT (series, fiscal_year) DO UPDATE SET last_number = invoice_series.last_number + 1 RETURNING last_number`;

async function nextNumber(tx: Transaction, series: string, fiscalYear: number): Promise<number> {
  const [next] = await tx.write<{ last_number: number }>(NEXT, [series, fiscalYear]);
  return next!.last_number;
}
