import { IsOptional, MaxLength } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { Account } from '../accounts/account.entity';
import { assertOpen } from '../accounts/account.rules';
import { addDays, localDateOf } from '../platform/business-time';
import { LegalEntity } from '../issuers/legal-entity.entity';
import { fiscalYearOf } from '../issuers/number-format.rules';
import { takeNumber } from '../issuers/take-number';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Invoice } from './invoice.entity';
import { factsOf, INVOICE_SERIES, shownMoney } from './invoice.rules';
import { issuedAs } from './issued-as';
import { lobsOf } from './lobs-of-invoice';
import { assertIssuable } from './review.rules';

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
 * Issues a draft, or what its client has looked at: gives it the next number of its series in the fiscal year, and the day it is due. The number is taken
 * in the same transaction, at the very end, so that the series is locked as briefly as can be and never has a gap.
 */
export const issueInvoice = operation({
  name: 'invoice.issue',
  subject: 'Invoice',
  summary: 'Issue an invoice',
  lock: async (tx, input: IssueInvoiceInput) => {
    const invoice = await tx.lock(Invoice, input.invoiceId);
    const account = (await tx.find(Account, { id: invoice.accountId }))[0]!;
    const issuer = (await tx.find(LegalEntity, { id: invoice.legalEntityId }))[0]!;
    return {
      invoice,
      lobIds: await lobsOf(tx, invoice),
      accountStatus: account.status,
      zone: account.timeZone,
      booksZone: issuer.timeZone ?? tx.context.app.config.businessTimeZone,
      fiscalYearStartMonth: issuer.fiscalYearStartMonth,
      // A function: what is in the state is searched for rows that it is about.
      parties: () => ({ issuer, account }),
    };
  },
  authorize: (may, { invoice }) => may('issue', invoice),
  decide: ({ invoice, accountStatus, zone, booksZone, fiscalYearStartMonth, parties }, _input, { now }) => {
    const today = localDateOf(now, zone);
    assertIssuable(invoice, today);
    assertOpen({ status: accountStatus });
    return {
      status: 'ISSUED' as const,
      issuedAt: now,
      issuedAs: issuedAs(parties().issuer, parties().account, today),
      dueOn: addDays(today, invoice.dueInDays),
      series: INVOICE_SERIES,
      fiscalYear: fiscalYearOf(localDateOf(now, booksZone), fiscalYearStartMonth),
    };
  },
  save: async (tx, issued, { invoice }) => {
    const { legalEntityId, id: invoiceId } = invoice;
    const taken = await takeNumber(tx, { legalEntityId, fiscalYear: issued.fiscalYear }, { invoiceId });
    await tx.update(invoice, { ...issued, ...taken });
    return { number: taken.number };
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
