import { Length, Matches } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { usersOfPerson } from '../access/persons';
import { User } from '../access/user.entity';
import { refuse } from '../platform/errors';
import { formatMinor, parseMinor } from '../platform/money';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { DecimalScalar } from '../platform/scalars';
import { Text } from '../platform/text';
import { ApprovalLimit } from './approval-limit.entity';

@InputType({ description: 'How much somebody may say yes to, in a currency.' })
export class SetApprovalLimitInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the user. It holds for every user of the same person.' })
  userId!: string;

  @Length(3, 3)
  @Matches(/^[A-Z]{3}$/)
  @Field({ description: 'ISO 4217 code: "INR". Amounts in others are converted; without a rate they are beyond it.' })
  currency!: string;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'How much at once, in major units, not below zero. Null: without a limit.',
  })
  perRequest?: string | null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'How much over any 24 hours, in major units, not below zero. Null: without a limit.',
  })
  perDay?: string | null;

  @Text(500)
  @Field({ description: 'Why, for the approver and the trail.' })
  reason!: string;
}

/** Sets both amounts of the one limit that a user has in a currency. Nobody proposes or approves a limit of their own. */
export const setApprovalLimit = operation({
  name: 'approvalLimit.set',
  subject: 'ApprovalLimit',
  summary: 'Set how much somebody may approve',
  twoPeople: true,
  about: ({ userId }: SetApprovalLimitInput) => ({ subjectType: 'User', subjectId: userId }),
  lock: async (tx, { userId, currency }: SetApprovalLimitInput) => {
    const user = await tx.lock(User, userId);
    const [limit] = await tx.lockWhere(ApprovalLimit, { userId: user.id, currency });
    return { user, limit, person: await usersOfPerson(tx, user.id), deciderId: tx.actorId };
  },
  authorize: (may, { user }) => {
    may('read', user);
    may.create('set', 'ApprovalLimit');
  },
  decide: ({ user, limit, person, deciderId }, { currency, perRequest, perDay }, { newId, actorId }) => {
    if (person.has(actorId) || person.has(deciderId))
      refuse('LIMIT_OF_OWN', 'Somebody else has to propose and to decide what you may say yes to.');
    const amounts = { perRequestMinor: minorOf(perRequest, currency), perDayMinor: minorOf(perDay, currency) };
    if (limit && limit.perRequestMinor === amounts.perRequestMinor && limit.perDayMinor === amounts.perDayMinor)
      refuse('NOTHING_TO_CHANGE', 'This is the limit already.');
    return { id: limit?.id ?? newId(), userId: user.id, currency, amounts };
  },
  save: (tx, { id, userId, currency, amounts }, { limit }) =>
    limit ? tx.update(limit, amounts) : tx.insert(ApprovalLimit, { id, userId, currency, ...amounts } as ApprovalLimit),
  record: ({ id, userId, currency, amounts }, { limit }, { reason }) => ({
    action: 'approvalLimit.set',
    subjectId: id,
    changes: [
      ...(limit ? [] : [{ path: 'user', before: null, after: userId }]),
      ...(['perRequest', 'perDay'] as const).map((path) => ({
        path,
        before: shownIn(currency, limit?.[`${path}Minor`] ?? null),
        after: shownIn(currency, amounts[`${path}Minor`]),
      })),
    ],
    reason,
  }),
  facts: () => ({ accountId: null, risk: 'HIGH' }),
});

/** Refuses with CURRENCY_UNKNOWN, AMOUNT_INVALID (below zero, too) and AMOUNT_OUT_OF_RANGE. */
function minorOf(amount: string | null | undefined, currency: string): string | null {
  const minor = parseMinor(amount ?? '0', currency);
  if (minor < 0n) refuse('AMOUNT_INVALID', 'A limit is not below zero.');
  return amount == null ? null : String(minor);
}

const shownIn = (currency: string, minor: string | null) =>
  minor === null ? null : { amount: formatMinor(BigInt(minor), currency), currency };
