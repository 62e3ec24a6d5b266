import { ArrayMaxSize, ArrayMinSize, Max, Min, ValidateNested } from 'class-validator';
import { Field, ID, InputType, Int } from 'type-graphql';
import { Account } from '../accounts/account.entity';
import { assertOpen } from '../accounts/account.rules';
import { Lob } from '../accounts/lob.entity';
import { refuse } from '../platform/errors';
import { localDateOf } from '../platform/business-time';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { DecimalScalar } from '../platform/scalars';
import { Text } from '../platform/text';
import { taxesFor } from '../taxes/tax.rules';
import { taxRulesOf } from '../taxes/tax-rules-of';
import { InvoiceLine } from './invoice-line.entity';
import { InvoiceTax } from './invoice-tax.entity';
import { Invoice } from './invoice.entity';
import { draftedLines, factsOf, lineChanges, type LineRequest, lobIdsIn, shownMoney, totalsOf } from './invoice.rules';
import { taxRowsOf } from './tax-total';

@InputType({ description: 'A line to bill.' })
export class DraftInvoiceLineInput implements LineRequest {
  @Field(() => ID, { nullable: true, description: 'The line of business of this account that it is for.' })
  lobId?: string | null;

  @Text(500)
  @Field({ description: 'What is billed.' })
  description!: string;

  @Field(() => DecimalScalar, {
    description: 'How many, above zero, at most ten digits before and ten after the point.',
  })
  quantity!: string;

  @Field(() => DecimalScalar, {
    description:
      'Price of one, in the account’s currency, not below zero, at most ten digits before and ten after the point.',
  })
  unitPrice!: string;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'Tax in percent, 0 to 100 with at most four decimals; what tax rules say unless told.',
  })
  taxRate?: string | null;
}

@InputType({ description: 'An invoice to draft, in the currency of its account.' })
export class DraftInvoiceInput extends Input {
  @Field(() => ID, { description: 'Id of the account.' })
  accountId!: string;

  @ArrayMinSize(1)
  @ArrayMaxSize(500)
  @ValidateNested({ each: true })
  @Field(() => [DraftInvoiceLineInput], { description: 'Its lines, 1 to 500, in order.' })
  lines!: DraftInvoiceLineInput[];

  @Min(0)
  @Max(365)
  @Field(() => Int, {
    defaultValue: 30,
    description: 'Days from the day of issue until it is due, 0 to 365; 30 unless told.',
  })
  dueInDays!: number;

  @Min(0)
  @Max(365)
  @Field(() => Int, {
    defaultValue: 0,
    description: 'Days that its client has to look at it before it is issued, 0 to 365; none unless told.',
  })
  reviewDays!: number;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Whether the prices hold the tax; they do not unless told.',
  })
  taxInclusive!: boolean;
}

export const draftInvoice = operation({
  name: 'invoice.draft',
  subject: 'Invoice',
  summary: 'Draft an invoice',
  lock: async (tx, input: DraftInvoiceInput) => {
    const account = await tx.lock(Account, input.accountId);
    const lobs = new Set((await tx.find(Lob, { accountId: account.id })).map(({ id }) => id));
    return { account, lobs, rules: await taxRulesOf(tx, account.legalEntityId) };
  },
  authorize: (may, { account }) => {
    may('read', account);
    may.create('draft', 'Invoice', { accountId: account.id });
  },
  decide: ({ account, lobs, rules }, input, { now, newId, actorId }) => {
    assertOpen(account);
    const stranger = input.lines.findIndex(({ lobId }) => lobId != null && !lobs.has(lobId));
    if (stranger >= 0) refuse('NOT_FOUND', 'There is no such Lob.', { type: 'Lob', lineNumber: stranger + 1 });
    const { id: accountId, legalEntityId, country, subdivision, currency } = account;
    const on = localDateOf(now, account.timeZone);
    const components = taxesFor(rules, { legalEntityId, accountId, country, subdivision, on });
    const { lines, taxes } = draftedLines(input.lines, currency, { components, taxInclusive: input.taxInclusive });
    const id = newId();
    const untouched = { disputedMinor: 0n, creditedMinor: 0n };
    return {
      invoice: {
        id,
        accountId,
        legalEntityId,
        status: 'DRAFT' as const,
        paymentStatus: 'UNPAID' as const,
        currency,
        ...totalsOf(lines),
        ...untouched,
        dueInDays: input.dueInDays,
        reviewDays: input.reviewDays,
        draftedById: actorId,
      },
      lines: lines.map((line) => ({ id: newId(), invoiceId: id, currency, ...line, ...untouched })),
      taxes: taxRowsOf(taxes, currency, newId).map((tax) => ({ ...tax, invoiceId: id })),
    };
  },
  save: async (tx, { invoice, lines, taxes }) => {
    await tx.insert(Invoice, invoice as Invoice);
    await tx.insert(InvoiceLine, lines as InvoiceLine[]);
    await tx.insert(InvoiceTax, taxes);
  },
  record: ({ invoice, lines }) => ({
    action: 'invoice.drafted',
    subjectId: invoice.id,
    changes: [
      { path: 'status', before: null, after: invoice.status },
      { path: 'account', before: null, after: invoice.accountId },
      { path: 'total', before: null, after: shownMoney(invoice.totalMinor, invoice.currency) },
      ...lineChanges(lines, invoice.currency),
    ],
  }),
  facts: ({ invoice, lines }) => ({ ...factsOf(invoice), lobIds: lobIdsIn(lines) }),
});
