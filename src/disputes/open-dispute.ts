import { ArrayMaxSize, ArrayMinSize, IsOptional, MaxLength, ValidateNested } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { InvoiceLine } from '../billing/invoice-line.entity';
import { Invoice } from '../billing/invoice.entity';
import { shownMoney } from '../billing/invoice.rules';
import { sumOf } from '../platform/money';
import { MoneyInput } from '../platform/money.type';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Code } from '../platform/text';
import { Dispute, DisputeItem } from './dispute.entity';
import { claimsOf, factsOf } from './dispute.rules';

@InputType({ description: 'What is disputed of a line.' })
export class OpenDisputeItemInput {
  @Field(() => ID, { description: 'Id of the line.' })
  lineId!: string;

  @ValidateNested()
  @Field(() => MoneyInput, { description: 'How much of it, tax included; above zero and at most what is open.' })
  amount!: MoneyInput;
}

@InputType({ description: 'A disagreement with lines of an invoice.' })
export class OpenDisputeInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the invoice.' })
  invoiceId!: string;

  @Code()
  @Field({
    description:
      'Why, as a code: `QUANTITY`, `RATE`, `SERVICE_NOT_RENDERED`, `DUPLICATE`, …; letters, digits, and `-`, `_` or `.` behind the first; at most 40.',
  })
  reasonCode!: string;

  @ArrayMinSize(1)
  @ArrayMaxSize(500)
  @ValidateNested({ each: true })
  @Field(() => [OpenDisputeItemInput], { description: 'What is disputed, line by line.' })
  items!: OpenDisputeItemInput[];

  @IsOptional()
  @MaxLength(2000)
  @Field(() => String, { nullable: true, description: 'In words.' })
  note?: string | null;
}

/** Opened by the client, or for it. What is disputed cannot be disputed again, nor the invoice voided, until it is over. */
export const openDispute = operation({
  name: 'dispute.open',
  subject: 'Dispute',
  summary: 'Dispute lines of an invoice',
  versionOf: 'Invoice',
  lock: async (tx, input: OpenDisputeInput) => {
    const invoice = await tx.lock(Invoice, input.invoiceId);
    return { invoice, lines: await tx.lockWhere(InvoiceLine, { invoiceId: invoice.id }) };
  },
  authorize: (may, { invoice }) => {
    may('read', invoice);
    may.create('open', 'Dispute', { accountId: invoice.accountId });
  },
  decide: ({ invoice, lines }, { items, reasonCode, note }, { newId, actorId }) => {
    const claims = claimsOf(invoice, lines, items);
    const id = newId();
    const { accountId, currency } = invoice;
    const claimedMinor = sumOf(claims.map(({ amountMinor }) => amountMinor));
    return {
      dispute: {
        id,
        invoiceId: invoice.id,
        accountId,
        status: 'OPEN' as const,
        reasonCode,
        note: note ?? null,
        currency,
        claimedMinor,
        acceptedMinor: 0n,
        openedById: actorId,
      },
      claims: claims.map((claim) => ({
        ...claim,
        item: { id: newId(), disputeId: id, lineId: claim.line.id, currency, amountMinor: claim.amountMinor },
      })),
    };
  },
  save: async (tx, { dispute, claims }, { invoice }) => {
    await tx.insert(Dispute, dispute as Dispute);
    await tx.insert(
      DisputeItem,
      claims.map(({ item }) => item as DisputeItem),
    );
    for (const { line, amountMinor } of claims)
      await tx.update(line, { disputedMinor: line.disputedMinor + amountMinor });
    await tx.update(invoice, { disputedMinor: invoice.disputedMinor + dispute.claimedMinor });
  },
  record: ({ dispute, claims }) => ({
    action: 'dispute.opened',
    subjectId: dispute.id,
    changes: [
      { path: 'status', before: null, after: 'OPEN' },
      { path: 'invoice', before: null, after: dispute.invoiceId },
      { path: 'claimed', before: null, after: shownMoney(dispute.claimedMinor, dispute.currency) },
      ...claims.map(({ line, amountMinor }) => ({
        path: `lines.${line.lineNumber}`,
        before: null,
        after: shownMoney(amountMinor, dispute.currency),
      })),
    ],
    reason: dispute.reasonCode,
  }),
  facts: ({ dispute, claims }) => ({
    ...factsOf(
      dispute,
      claims.map(({ line }) => line),
    ),
    amount: { minor: dispute.claimedMinor, currency: dispute.currency },
  }),
});
