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
import { Field, ID, InputType, Int, registerEnumType } from 'type-graphql';
import { RoleEnum } from '../access/grant-role';
import { type RoleName, roleMayApprove } from '../access/permissions';
import { User } from '../access/user.entity';
import { applyDecorators } from '../platform/decorators';
import { isId } from '../platform/ids';
import { formatMinor, isCurrency, parseMinor } from '../platform/money';
import { refuse } from '../platform/errors';
import { MoneyInput } from '../platform/money.type';
import type { AnyOperation, FieldChange } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { Text } from '../platform/text';
import { notFound, type Transaction } from '../platform/transaction';
import type { ApprovalPolicy, Freshness, Risk } from './approval-policy.entity';
import { assertPolicyHolds } from './approval-policy.rules';
import { ApprovalStepInput } from './approval-step.type';

export const FreshnessEnum = { ROW: 'ROW', FIELDS: 'FIELDS' } as const;
registerEnumType(FreshnessEnum, {
  name: 'Freshness',
  description: 'What makes a change request stale.',
  valuesConfig: {
    ROW: { description: 'Any change of a row that it is about.' },
    FIELDS: {
      description: 'A change of what it would change itself. Sensitive values always count as changed with their row.',
    },
  },
});

export const RiskEnum = { LOW: 'LOW', MEDIUM: 'MEDIUM', HIGH: 'HIGH' } as const;
registerEnumType(RiskEnum, {
  name: 'Risk',
  description: 'How much harm a change could do, as its operation says.',
  valuesConfig: {
    LOW: { description: 'It can be taken back.' },
    MEDIUM: { description: 'It cannot be taken back without somebody noticing.' },
    HIGH: { description: 'It moves money or lets somebody in.' },
  },
});

/** A list of conditions: empty is none. */
const Listed = (): PropertyDecorator =>
  applyDecorators(IsOptional(), ArrayUnique(), ArrayMaxSize(100), MaxLength(100, { each: true }));

/** A period in hours. */
const Hours = (most: number): PropertyDecorator => applyDecorators(IsOptional(), Min(1), Max(most));

/** What can be said of a policy. What is left out stays as it is. */
@InputType()
export abstract class PolicyTermsInput extends Input {
  @Field(() => Boolean, { nullable: true, description: 'Whether it applies at all.' })
  active?: boolean | null;

  @IsOptional()
  @ArrayMinSize(1)
  @ArrayUnique()
  @Field(() => [RoleEnum], {
    nullable: true,
    description: 'One holder of any of these roles decides: short for a single step. `steps` wins.',
  })
  approverRoles?: RoleName[] | null;

  @IsOptional()
  @ArrayMinSize(1)
  @ArrayMaxSize(10)
  @ValidateNested()
  @Field(() => [ApprovalStepInput], { nullable: true, description: 'Whose yes is needed, 1 to 10 steps.' })
  steps?: ApprovalStepInput[] | null;

  @IsOptional()
  @Min(1)
  @Max(100)
  @Field(() => Int, {
    nullable: true,
    description: 'Policies of an operation that have a tier chain, the lowest first. Null: it stands for itself.',
  })
  tier?: number | null;

  @Listed()
  @Matches(/^[A-Za-z.]+$/, { each: true })
  @Field(() => [String], {
    nullable: true,
    description: 'Only when one of these fields would change. An empty list: whichever.',
  })
  whenFields?: string[] | null;

  @Field(() => MoneyInput, {
    nullable: true,
    description:
      'Only above this amount. Amounts in other currencies are converted; without a rate they count as above. Null: whatever the amount.',
  })
  whenAmountAbove?: MoneyInput | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'True: only when money is at stake at all, in whatever currency. False: whatever the amount.',
  })
  whenAmountPositive?: boolean | null;

  @Listed()
  @Field(() => [ID], { nullable: true, description: 'Only about one of these accounts. An empty list: whichever.' })
  whenAccountIds?: string[] | null;

  @Listed()
  @Field(() => [ID], { nullable: true, description: 'Only about one of these LOBs. An empty list: whichever.' })
  whenLobIds?: string[] | null;

  @Listed()
  @Field(() => [String], { nullable: true, description: 'Only of one of these categories. An empty list: whichever.' })
  whenCategories?: string[] | null;

  @Field(() => RiskEnum, { nullable: true, description: 'Only at this risk or a higher one. Null: whatever the risk.' })
  whenRiskAtLeast?: Risk | null;

  @Field(() => FreshnessEnum, { nullable: true, description: 'What makes a request stale.' })
  freshness?: Freshness | null;

  @Hours(24 * 90)
  @Field(() => Int, { nullable: true, description: 'How many hours a request waits before it expires, 1 to 2160.' })
  expiresAfterHours?: number | null;

  @Hours(24 * 90)
  @Field(() => Int, {
    nullable: true,
    description: 'Every how many hours those who may decide are reminded, 1 to 2160. Null: never.',
  })
  remindAfterHours?: number | null;

  @Hours(24 * 90)
  @Field(() => Int, {
    nullable: true,
    description: 'After how many hours `escalateToRoles` may decide, too, 1 to 2160. Null: never.',
  })
  escalateAfterHours?: number | null;

  @IsOptional()
  @ArrayMinSize(1)
  @ArrayUnique()
  @Field(() => [RoleEnum], { nullable: true, description: 'Who may decide, too, when it waits too long.' })
  escalateToRoles?: RoleName[] | null;

  @Text(500)
  @Field({ description: 'Why, for the approver and the trail.' })
  reason!: string;
}

/** What a policy says beside its operation and name. */
export type PolicyTerms = Omit<ApprovalPolicy, 'id' | 'version' | 'createdAt' | 'operation' | 'name'>;

/** What is said of a policy, as it is kept. */
export function termsIn(input: PolicyTermsInput): Partial<PolicyTerms> {
  const { active, freshness, expiresAfterHours, tier, whenRiskAtLeast, remindAfterHours } = input;
  return {
    ...(active != null && { active }),
    ...stepsIn(input),
    ...(tier !== undefined && { tier }),
    ...listIn('whenFields', input.whenFields),
    ...amountIn(input),
    ...listIn(
      'whenAccountIds',
      input.whenAccountIds?.map((id) => id.toLowerCase()),
    ),
    ...listIn(
      'whenLobIds',
      input.whenLobIds?.map((id) => id.toLowerCase()),
    ),
    ...listIn('whenCategories', input.whenCategories),
    ...(whenRiskAtLeast !== undefined && { whenRiskAtLeast }),
    ...(freshness != null && { freshness }),
    ...(expiresAfterHours != null && { expiresAfterHours }),
    ...(remindAfterHours !== undefined && { remindAfterHours }),
    ...(input.escalateAfterHours !== undefined && { escalateAfterHours: input.escalateAfterHours }),
    ...(input.escalateToRoles !== undefined && { escalateToRoles: input.escalateToRoles }),
  };
}

function stepsIn({ steps, approverRoles }: PolicyTermsInput): Partial<PolicyTerms> {
  if (steps != null)
    return {
      steps: steps
        .map(({ stage, name, roles, people, quorum }) => ({
          stage,
          ...(name != null && { name }),
          roles: [...roles],
          people: people.map((id) => id.toLowerCase()),
          quorum,
        }))
        .toSorted((one, other) => one.stage - other.stage),
    };
  return approverRoles == null ? {} : { steps: [{ stage: 1, roles: approverRoles, people: [], quorum: 1 }] };
}

const listIn = (key: keyof PolicyTerms, list: string[] | null | undefined): Partial<PolicyTerms> =>
  list == null ? {} : { [key]: list.length > 0 ? list : null };

/** A threshold can be set, set to "any money at all", and taken away again. */
function amountIn({ whenAmountAbove, whenAmountPositive }: PolicyTermsInput): Partial<PolicyTerms> {
  if (whenAmountAbove != null) {
    const minor = parseMinor(whenAmountAbove.amount, whenAmountAbove.currency);
    return { whenAmountAboveMinor: String(minor), whenCurrency: whenAmountAbove.currency };
  }
  if (whenAmountPositive === true) return { whenAmountAboveMinor: '0', whenCurrency: null };
  return whenAmountAbove === null || whenAmountPositive === false
    ? { whenAmountAboveMinor: null, whenCurrency: null }
    : {};
}

const amountOf = ({ whenAmountAboveMinor: minor, whenCurrency: currency }: Partial<PolicyTerms>) =>
  minor == null
    ? null
    : currency && isCurrency(currency)
      ? { amount: formatMinor(BigInt(minor), currency), currency }
      : minor;

/** What of a policy would change, field by field. */
export function changesOf(before: Partial<PolicyTerms>, after: Partial<PolicyTerms>): FieldChange[] {
  const { whenAmountAboveMinor: _, whenCurrency, ...plain } = after;
  const amount = whenCurrency === undefined ? [] : [['whenAmountAbove', amountOf(before), amountOf(after)] as const];
  return [
    ...Object.entries(plain).map(
      ([path, value]) => [path, before[path as keyof PolicyTerms] ?? null, value ?? null] as const,
    ),
    ...amount,
  ].map(([path, was, becomes]) => ({ path, before: was, after: becomes }));
}

/** Refuses with NOT_FOUND what names a user who is not there, with POLICY_PERSON_UNFIT one who may approve nothing of that operation. */
export async function assertPeopleFit(tx: Transaction, { steps }: PolicyTermsInput, operation: string): Promise<void> {
  const people = [...new Set((steps ?? []).flatMap((step) => step.people))];
  if (people.some((id) => !isId(id))) notFound(User.name);
  const found = await tx.query<{ id: string; roles: string[] }>(PEOPLE, [people, tx.now]);
  if (found.length < people.length) notFound(User.name);
  const unfit = found.filter(({ roles }) => !roles.some((role) => roleMayApprove(role, operation)));
  if (unfit.length > 0)
    refuse('POLICY_PERSON_UNFIT', 'These people may not approve this operation.', {
      people: unfit.map(({ id }) => id),
    });
}

const PEOPLE = `SELECT u.id, array(SELECT g.role FROM role_grant g WHERE g.user_id = u.id AND g.revoked_at IS NULL
    AND (g.ends_at IS NULL OR g.ends_at > $2)) AS roles
  FROM app_user u WHERE u.id = ANY ($1) AND u.deactivated_at IS NULL`;

/** Refuses a policy that would not hold: see assertPolicyHolds. */
export const assertHolds = (policy: ApprovalPolicy, concerns: AnyOperation): void =>
  assertPolicyHolds(policy, concerns, (role) => roleMayApprove(role, policy.operation));
