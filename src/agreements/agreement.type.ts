import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { Account } from '../accounts/account.type';
import { ChangeRequest } from '../approvals/change-request.type';
import type { Rounding } from '../platform/exact';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar, DecimalScalar, LocalDateScalar } from '../platform/scalars';
import { AgreementRate } from './agreement-rate.type';
import type { Cycle } from './billing-cycle.rules';
import { CycleEnum, RoundingEnum } from './rate-words.type';

@ObjectType({ description: 'What an agreement says from a day on. It never changes.' })
export class AgreementVersion {
  @Field(() => ID, { description: 'Id of the version.' })
  id!: string;

  @Field(() => Int, { description: '1, 2, 3 …' })
  versionNumber!: number;

  @Field(() => LocalDateScalar, { description: 'The first day that it holds for, in the account’s zone.' })
  effectiveFrom!: string;

  @Field(() => LocalDateScalar, {
    nullable: true,
    description: 'The first day that it does not hold for any more. That on which it began: another took its place.',
  })
  effectiveUntil!: string | null;

  @Field(() => [ID], {
    nullable: true,
    description: 'The lines of business that it is about; null: all of the account that no other agreement is about.',
  })
  lobIds!: string[] | null;

  @Field(() => CycleEnum, { description: 'How often is billed.' })
  cycle!: Cycle;

  @Field(() => LocalDateScalar, { description: 'A day on which a cycle begins.' })
  anchorOn!: string;

  @Field(() => Int, { description: 'Days from the day of issue until an invoice is due.' })
  paymentDays!: number;

  @Field(() => Int, { description: 'Days from the day of issue within which a line can be disputed.' })
  disputeDays!: number;

  @Field(() => Int, { description: 'Days that the client has to look at a draft.' })
  reviewDays!: number;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'Tax in percent; null: what tax rules say of the account.',
  })
  taxRate!: string | null;

  @Field({ description: 'Whether the rates have the tax in them.' })
  taxInclusive!: boolean;

  @Field(() => RoundingEnum, { description: 'How a line is rounded, once.' })
  rounding!: Rounding;

  @Field(() => String, { nullable: true, description: 'Code of the calendar whose holidays the rates speak of.' })
  calendarCode!: string | null;

  @Field(() => [AgreementRate], { description: 'Its rates, in the order of the invoice.' })
  rates!: AgreementRate[];

  @Field(() => DateTimeScalar, { description: 'When it was made.' })
  createdAt!: string;
}

@ObjectType({ description: 'What was agreed with a client.' })
export class Agreement {
  @Field(() => ID, { description: 'Id of the agreement.' })
  id!: string;

  @Field(() => Account, { description: 'Whom it is with.' })
  account!: Account;

  @Field({ description: 'Short code, unique within the account.' })
  code!: string;

  @Field({ description: 'What it is called.' })
  name!: string;

  @Field({ description: 'ISO 4217 code of all of its rates.' })
  currency!: string;

  @Field(() => LocalDateScalar, { nullable: true, description: 'The first day on which it holds no more.' })
  endsOn!: string | null;

  @Field(() => [AgreementVersion], { description: 'All that it said and will say, by number.' })
  versions!: AgreementVersion[];

  @Field(() => AgreementVersion, {
    nullable: true,
    description: 'What it says today, in the account’s zone; null: it does not hold.',
  })
  current!: AgreementVersion | null;

  @Field(() => [ChangeRequest], { description: 'Changes to it that wait for a second person.' })
  pendingChanges!: ChangeRequest[];

  @Field(() => DateTimeScalar, { description: 'When it was signed.' })
  createdAt!: string;

  @Field(() => Int, { description: 'Raised by one with each change; send it back as `expectedVersion`.' })
  version!: number;
}

@InputType({ description: 'Which agreements: all that is given must hold.' })
export class AgreementFilter {
  @Field(() => ID, { nullable: true, description: 'With this account.' })
  accountId?: string | null;

  @Field(() => String, { nullable: true, description: 'With exactly this code.' })
  code?: string | null;

  @Field(() => String, { nullable: true, description: 'With this in its code or name, whatever the case.' })
  search?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether it holds today, in the account’s zone.' })
  holding?: boolean | null;
}

export const AgreementOrder = orderEnum('AgreementOrder', ['CODE', 'CREATED_AT']);
export const AgreementConnection = connectionOf(() => Agreement, 'Agreement');
export const AgreementsArgs = connectionArgs(AgreementFilter, AgreementOrder);
