import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { User } from '../access/user.type';
import { Account } from '../accounts/account.type';
import { ChangeRequest } from '../approvals/change-request.type';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar, DecimalScalar, LocalDateScalar } from '../platform/scalars';
import type { BillingState } from './billing-run.entity';

export const BillingStateEnum: Record<BillingState, BillingState> = {
  WAITING: 'WAITING',
  DRAFTED: 'DRAFTED',
  NOTHING: 'NOTHING',
  PARKED: 'PARKED',
  FAILED: 'FAILED',
};
registerEnumType(BillingStateEnum, {
  name: 'BillingState',
  description: 'What became of an account in a billing run.',
  valuesConfig: {
    WAITING: { description: 'It is still to come.' },
    DRAFTED: { description: 'Its invoices are drafted.' },
    NOTHING: { description: 'There was nothing to bill, or all of it is billed already.' },
    PARKED: {
      description: 'The fuse stopped it: it is far off what is usual, and waits for a look (`releaseBilling`).',
    },
    FAILED: { description: 'It could not be billed; `code` says why. Another run tries again.' },
  },
});

export enum BillingRunState {
  RUNNING = 'RUNNING',
  PARKED = 'PARKED',
  DONE = 'DONE',
}
registerEnumType(BillingRunState, {
  name: 'BillingRunState',
  description: 'How far a billing run has come.',
  valuesConfig: {
    RUNNING: { description: 'Some accounts are still to come.' },
    PARKED: { description: 'All others are done; some wait for a look.' },
    DONE: { description: 'Nothing waits any more.' },
  },
});

@ObjectType({
  description: 'What the fuse saw of an invoice: how it compares with the last ones of periods about as long.',
})
export class BillingFigures {
  @Field(() => LocalDateScalar, { description: 'The first day of its period.' })
  periodFrom!: string;

  @Field(() => LocalDateScalar, { description: 'The day behind the last.' })
  periodUntil!: string;

  @Field({ description: 'ISO 4217 code of its amounts.' })
  currency!: string;

  @Field(() => DecimalScalar, {
    description: 'What its lines were rated at: with the tax, where that is in the rates.',
  })
  subtotal!: string;

  @Field(() => Int, { description: 'How many lines it has.' })
  lines!: number;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'The average of the last invoices; null while there are fewer than three.',
  })
  usualSubtotal!: string | null;

  @Field(() => Int, { nullable: true, description: 'How many lines those have on average.' })
  usualLines!: number | null;

  @Field({ description: 'Whether it is too far off.' })
  blown!: boolean;
}

@ObjectType({ description: 'What a billing run makes of one account.' })
export class BillingRunAccount {
  @Field(() => ID, { description: 'Id of it.' })
  id!: string;

  @Field(() => Account, { description: 'The account.' })
  account!: Account;

  @Field(() => BillingStateEnum, { description: 'What became of it.' })
  state!: BillingState;

  @Field(() => [BillingFigures], { description: 'What its invoices come to, and what is usual.' })
  figures!: BillingFigures[];

  @Field(() => Int, {
    nullable: true,
    description: 'Handled calls of the period that no rate of an agreement is for; null before it was looked at.',
  })
  unratedCalls!: number | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'Cycles whose corrections wait for a later invoice: to take them back now would have left less than nothing to pay. Null before it was looked at.',
  })
  heldBackCycles!: number | null;

  @Field(() => String, { nullable: true, description: 'Why it failed.' })
  code!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was drafted, found empty, or failed.' })
  settledAt!: string | null;

  @Field(() => [ChangeRequest], { description: 'Changes to it that wait for a second person.' })
  pendingChanges!: ChangeRequest[];

  @Field(() => Int, { description: 'Raised by one with each change; send it back as `expectedVersion`.' })
  version!: number;
}

@ObjectType({ description: 'A period that was billed, of one account or of all.' })
export class BillingRun {
  @Field(() => ID, { description: 'Id of the run.' })
  id!: string;

  @Field(() => Account, { nullable: true, description: 'The account; null: every one that was open.' })
  account!: Account | null;

  @Field(() => LocalDateScalar, { description: 'The first day.' })
  periodFrom!: string;

  @Field(() => LocalDateScalar, { description: 'The day behind the last.' })
  periodUntil!: string;

  @Field(() => BillingRunState, { description: 'How far it has come.' })
  state!: BillingRunState;

  @Field(() => Int, { description: 'How many accounts it is about.' })
  accountsTotal!: number;

  @Field(() => Int, { description: 'How many of them are drafted, found empty, or failed.' })
  accountsSettled!: number;

  @Field(() => User, { nullable: true, description: 'Who started it.' })
  startedBy!: User | null;

  @Field(() => DateTimeScalar, { description: 'When it was started.' })
  createdAt!: string;
}

@InputType({ description: 'Which accounts of a run: all that is given must hold.' })
export class BillingRunAccountFilter {
  @Field(() => BillingStateEnum, { nullable: true, description: 'What became of them.' })
  state?: BillingState | null;

  @Field(() => ID, { nullable: true, description: 'This account.' })
  accountId?: string | null;
}

@InputType({ description: 'Which billing runs: all that is given must hold.' })
export class BillingRunFilter {
  @Field(() => ID, { nullable: true, description: 'Of this account alone.' })
  accountId?: string | null;

  @Field(() => BillingRunState, { nullable: true, description: 'How far they have come.' })
  state?: BillingRunState | null;
}

export const BillingRunOrder = orderEnum('BillingRunOrder', ['CREATED_AT']);
export const BillingRunConnection = connectionOf(() => BillingRun, 'BillingRun');
export const BillingRunsArgs = connectionArgs(BillingRunFilter, BillingRunOrder);
export const BillingRunAccountOrder = orderEnum('BillingRunAccountOrder', ['CREATED_AT']);
export const BillingRunAccountConnection = connectionOf(() => BillingRunAccount, 'BillingRunAccount');
export const BillingRunAccountsArgs = connectionArgs(BillingRunAccountFilter, BillingRunAccountOrder);
