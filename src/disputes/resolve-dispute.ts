import { ArrayMaxSize, ArrayMinSize, ValidateNested } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { shownMoney } from '../billing/invoice.rules';
import { creditedOf, creditNoteOf } from '../credits/credit-note.rules';
import { saveCreditNote } from '../credits/save-credit-note';
import { sumOf } from '../platform/money';
import { MoneyInput } from '../platform/money.type';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Text } from '../platform/text';
import { concessionsOf, factsOf, resolutionOf } from './dispute.rules';
import { lockDispute, releaseClaims } from './load-dispute';

@InputType({ description: 'What is conceded of an item.' })
export class ResolveDisputeItemInput {
  @Field(() => ID, { description: 'Id of the item.' })
  itemId!: string;

  @ValidateNested()
  @Field(() => MoneyInput, { description: 'How much of it: zero to reject, at most what is disputed.' })
  acceptedAmount!: MoneyInput;
}

@InputType({ description: 'The answer to a dispute, item by item.' })
export class ResolveDisputeInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the dispute.' })
  disputeId!: string;

  @ArrayMinSize(1)
  @ArrayMaxSize(500)
  @ValidateNested({ each: true })
  @Field(() => [ResolveDisputeItemInput], { description: 'One answer for each item.' })
  items!: ResolveDisputeItemInput[];

  @Text(2000)
  @Field({ description: 'The reasons, for the client and the trail.' })
  note!: string;
}

/** Accepts, partly accepts or rejects. What is conceded is credited at once. By default a concession of any amount waits for a second person. */
export const resolveDispute = operation({
  name: 'dispute.resolve',
  subject: 'Dispute',
  summary: 'Resolve a dispute',
  lock: (tx, input: ResolveDisputeInput) => lockDispute(tx, input.disputeId),
  authorize: (may, { dispute }) => may('resolve', dispute),
  decide: ({ dispute, items, invoice, lines }, input, moment) => {
    const { now, actorId } = moment;
    const concessions = concessionsOf(dispute, items, input.items, actorId);
    const acceptedMinor = sumOf(concessions.map((each) => each.acceptedMinor));
    const credits = concessions
      .filter(({ acceptedMinor: totalMinor }) => totalMinor > 0n)
      .map(({ item, acceptedMinor: totalMinor }) => ({
        line: lines.find(({ id }) => id === item.lineId)!,
        totalMinor,
      }));
    const because = { reasonCode: 'DISPUTE_CONCEDED' as const, note: input.note };
    return {
      concessions,
      drafted: credits.length === 0 ? null : creditNoteOf(invoice, credits, because, moment),
      resolved: {
        status: 'RESOLVED' as const,
        resolution: resolutionOf(dispute.claimedMinor, acceptedMinor),
        acceptedMinor,
        resolvedById: actorId,
        closedAt: now,
        resolutionNote: input.note,
      },
      paymentStatus: creditedOf(invoice, acceptedMinor).paymentStatus,
    };
  },
  save: async (tx, { concessions, drafted, resolved, paymentStatus }, locked) => {
    const accepted = new Map(concessions.map(({ item, acceptedMinor }) => [item.id, acceptedMinor]));
    await releaseClaims(tx, locked, ({ id }) => accepted.get(id)!, paymentStatus);
    for (const { item, acceptedMinor } of concessions) await tx.update(item, { acceptedMinor });
    await tx.update(locked.dispute, resolved);
    return drafted ? { creditNoteNumber: (await saveCreditNote(tx, drafted)).number } : {};
  },
  record: ({ resolved, paymentStatus }, { dispute, invoice }, { note }, saved) => ({
    action: 'dispute.resolved',
    subjectId: dispute.id,
    changes: [
      { path: 'status', before: dispute.status, after: resolved.status },
      { path: 'resolution', before: null, after: resolved.resolution },
      { path: 'accepted', before: null, after: shownMoney(resolved.acceptedMinor, dispute.currency) },
      ...(saved?.creditNoteNumber ? [{ path: 'creditNote', before: null, after: saved.creditNoteNumber }] : []),
      { path: 'invoice.paymentStatus', before: invoice.paymentStatus, after: paymentStatus },
    ],
    reason: note,
  }),
  facts: ({ resolved }, { dispute, lines }) => ({
    ...factsOf(dispute, lines),
    amount: { minor: resolved.acceptedMinor, currency: dispute.currency },
  }),
});
