import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { User } from '../access/user.type';
import { Account } from '../accounts/account.type';
import { Lob } from '../accounts/lob.type';
import type { ReportedMeasure } from '../agreements/rate.rules';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar, DecimalScalar, LocalDateScalar } from '../platform/scalars';

export const ReportedMeasureEnum: Record<ReportedMeasure, ReportedMeasure> = {
  AGENT_HOURS: 'AGENT_HOURS',
  SEATS: 'SEATS',
  COLLECTED_AMOUNT: 'COLLECTED_AMOUNT',
};
registerEnumType(ReportedMeasureEnum, {
  name: 'ReportedMeasure',
  description: 'What is told for a day, since nobody can count it from calls.',
  valuesConfig: {
    AGENT_HOURS: { description: 'Hours that agents worked.' },
    SEATS: { description: 'Seats kept ready on that day.' },
    COLLECTED_AMOUNT: { description: 'Money that was collected for the client, in the agreement’s currency.' },
  },
});

@ObjectType({ description: 'So much of something on a day, as a system told it. It never changes.' })
export class UsageQuantity {
  @Field(() => ID, { description: 'Id of it.' })
  id!: string;

  @Field(() => Account, { description: 'Whose it is.' })
  account!: Account;

  @Field(() => Lob, { description: 'The line of business that it is of.' })
  lob!: Lob;

  @Field(() => ReportedMeasureEnum, { description: 'What it is.' })
  measure!: ReportedMeasure;

  @Field(() => LocalDateScalar, { description: 'The day, in the account’s zone.' })
  day!: string;

  @Field(() => DecimalScalar, { description: 'How much.' })
  quantity!: string;

  @Field({ description: 'The system that told it.' })
  source!: string;

  @Field({ description: 'Its id there.' })
  sourceId!: string;

  @Field(() => UsageQuantity, {
    nullable: true,
    description:
      'The one in whose place it counts. Of several that correct the same, the one with the highest `sequence` counts.',
  })
  corrects!: UsageQuantity | null;

  @Field(() => DecimalScalar, { description: 'Its place among the records of the account, calls and these.' })
  sequence!: string;

  @Field(() => User, { nullable: true, description: 'Who told it.' })
  reportedBy!: User | null;

  @Field(() => DateTimeScalar, { description: 'When it was told.' })
  createdAt!: string;
}

@InputType({ description: 'Which quantities: all that is given must hold.' })
export class UsageQuantityFilter {
  @Field(() => ID, { nullable: true, description: 'Of this account.' })
  accountId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Of this line of business.' })
  lobId?: string | null;

  @Field(() => ReportedMeasureEnum, { nullable: true, description: 'Of this measure.' })
  measure?: ReportedMeasure | null;

  @Field(() => LocalDateScalar, { nullable: true, description: 'Of this day or later.' })
  from?: string | null;

  @Field(() => LocalDateScalar, { nullable: true, description: 'Of a day before this one.' })
  until?: string | null;
}

export const UsageQuantityOrder = orderEnum('UsageQuantityOrder', ['DAY']);
export const UsageQuantityConnection = connectionOf(() => UsageQuantity, 'UsageQuantity');
export const UsageQuantitiesArgs = connectionArgs(UsageQuantityFilter, UsageQuantityOrder);
