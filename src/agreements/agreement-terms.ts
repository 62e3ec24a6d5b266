import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsOptional,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { Field, ID, InputType, Int } from 'type-graphql';
import { Account } from '../accounts/account.entity';
import { Lob } from '../accounts/lob.entity';
import { applyDecorators } from '../platform/decorators';
import { localDateOf } from '../platform/business-time';
import { ChangeInput, Input } from '../platform/operation.type';
import type { FieldChange } from '../platform/operation';
import type { Rounding } from '../platform/exact';
import { DecimalScalar, LocalDateScalar } from '../platform/scalars';
import { Text } from '../platform/text';
import type { Transaction } from '../platform/transaction';
import { AgreementVersion } from './agreement-version.entity';
import { Agreement } from './agreement.entity';
import { type Covered, type Known, type Terms, versionOf } from './agreement.rules';
import { AgreementRateInput, rateIn } from './agreement-rate-input.type';
import { CycleEnum, RoundingEnum } from './rate-words.type';
import type { Cycle } from './billing-cycle.rules';

/** Days that somebody has, 0 to 365. */
const Days = (): PropertyDecorator => applyDecorators(Min(0), Max(365));

/** What a version of an agreement says. */
@InputType({ description: 'What an agreement says from a day on.' })
export class AgreementTermsInput {
  @Field(() => LocalDateScalar, {
    description:
      'The first day that it holds for, in the account’s zone. It may lie in the past: what was billed is corrected then, never changed.',
  })
  effectiveFrom!: string;

  @IsOptional()
  @ArrayUnique()
  @ArrayMaxSize(200)
  @Field(() => [ID], {
    nullable: true,
    description: 'The lines of business that it is about. Null: all of the account that no other agreement is about.',
  })
  lobIds?: string[] | null;

  @Field(() => CycleEnum, { defaultValue: 'MONTHLY', description: 'How often is billed; monthly unless told.' })
  cycle!: Cycle;

  @Field(() => LocalDateScalar, {
    nullable: true,
    description:
      'A day on which a cycle begins; the others are counted from it, and the 31st is the last of a shorter month. Unless told the first day, or what it was before an amendment.',
  })
  anchorOn?: string | null;

  @Days()
  @Field(() => Int, {
    defaultValue: 30,
    description: 'Days from the day of issue until an invoice is due, 0 to 365; 30 unless told.',
  })
  paymentDays!: number;

  @Days()
  @Field(() => Int, {
    defaultValue: 30,
    description: 'Days from the day of issue within which a line can be disputed, 0 to 365; 30 unless told.',
  })
  disputeDays!: number;

  @Days()
  @Field(() => Int, {
    defaultValue: 0,
    description: 'Days that the client has to look at a draft, 0 to 365; none unless told.',
  })
  reviewDays!: number;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'Tax in percent, 0 to 100 with at most four decimals; what tax rules say of the account unless told.',
  })
  taxRate?: string | null;

  @Field({ defaultValue: false, description: 'Whether the rates have the tax in them; not unless told.' })
  taxInclusive!: boolean;

  @Field(() => RoundingEnum, {
    defaultValue: 'HALF_EVEN',
    description: 'How a line is rounded, once; half-even unless told.',
  })
  rounding!: Rounding;

  @IsOptional()
  @MaxLength(40)
  @Matches(/^[\w-]+$/)
  @Field(() => String, { nullable: true, description: 'Code of the calendar whose holidays the rates speak of.' })
  calendarCode?: string | null;

  @ArrayMinSize(1)
  @ArrayMaxSize(200)
  @ValidateNested({ each: true })
  @Field(() => [AgreementRateInput], { description: 'Its rates, 1 to 200, in the order of the invoice.' })
  rates!: AgreementRateInput[];
}

/** What is said of an agreement, and why. */
@InputType()
export abstract class TermsInput extends Input {
  @ValidateNested()
  @Field(() => AgreementTermsInput, { description: 'What it says.' })
  terms!: AgreementTermsInput;

  @Text(500)
  @Field({ description: 'Why, for the approver and the trail.' })
  reason!: string;
}

@InputType()
export abstract class ChangeAgreementInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the agreement.' })
  agreementId!: string;

  @Text(500)
  @Field({ description: 'Why, for the approver and the trail.' })
  reason!: string;
}

const ids = (given: readonly string[] | null | undefined) => given?.map((id) => id.toLowerCase()) ?? null;

export const termsIn = (input: AgreementTermsInput): Terms => ({
  effectiveFrom: input.effectiveFrom,
  lobIds: ids(input.lobIds),
  cycle: input.cycle,
  anchorOn: input.anchorOn ?? null,
  paymentDays: input.paymentDays,
  disputeDays: input.disputeDays,
  reviewDays: input.reviewDays,
  taxRate: input.taxRate ?? null,
  taxInclusive: input.taxInclusive,
  rounding: input.rounding,
  calendarCode: input.calendarCode ?? null,
  rates: input.rates.map(rateIn),
});

/** What the terms of an account's agreement may speak of. */
export async function knownFor(tx: Transaction, accountId: string, agreementId: string | null = null): Promise<Known> {
  const lobs = await tx.find(Lob, { accountId, status: 'OPEN' });
  const calendars = await tx.query<{ code: string }>('SELECT DISTINCT code FROM business_calendar');
  const covered = await tx.query<Covered>(COVERED, [accountId, agreementId]);
  return {
    lobIds: new Set(lobs.map(({ id }) => id)),
    calendars: new Set(calendars.map(({ code }) => code)),
    covered,
  };
}

const COVERED = `SELECT c.covers, v.effective_from::text AS "from", v.effective_until::text AS until, a.code
  FROM agreement_cover c JOIN agreement_version v ON v.id = c.agreement_version_id JOIN agreement a ON a.id = v.agreement_id
  WHERE a.account_id = $1 AND a.id IS DISTINCT FROM $2 AND NOT isempty(c.validity)`;

/** An agreement and what it says, locked: whatever is done about an account's agreements is done one after the other. */
export async function lockAgreement(tx: Transaction, id: string) {
  const agreement = await tx.lock(Agreement, id);
  const account = (await tx.find(Account, { id: agreement.accountId }))[0]!;
  const versions = await tx.lockWhere(AgreementVersion, { agreementId: agreement.id });
  return { agreement, account: { status: account.status }, versions, today: localDateOf(tx.now, account.timeZone) };
}

/** A version as approvers and the trail see it, beside what was said by the one that held on that day. */
export function changesOf({ version, rates }: ReturnType<typeof versionOf>): FieldChange[] {
  const { id: _id, agreementId: _agreement, accountId: _account, ...said } = version;
  return [
    ...Object.entries(said).map(([path, after]) => ({ path, before: null, after })),
    ...rates.map(({ id: _rate, agreementVersionId: _version, lineNumber, ...rate }) => ({
      path: `rates.${lineNumber}`,
      before: null,
      after: rate,
    })),
  ];
}

/** What policies may look at: a version that begins before today changes what was billed. */
export const factsOf = (
  { accountId }: Pick<Agreement, 'accountId'>,
  { lobIds, effectiveFrom }: Pick<Terms, 'lobIds' | 'effectiveFrom'>,
  today: string,
) => ({
  accountId,
  ...(lobIds && { lobIds }),
  category: effectiveFrom < today ? 'BACK_DATED' : 'AHEAD',
  risk: 'HIGH' as const,
});
