import { ArrayMinSize, ArrayUnique, IsOptional, Matches, Max, MaxLength, Min } from 'class-validator';
import { Field, ID, InputType, Int } from 'type-graphql';
import { RoleEnum } from '../access/grant-role';
import { type RoleName, roleMayApprove } from '../access/permissions';
import { refuse } from '../platform/errors';
import { formatMinor, isCurrency, parseMinor } from '../platform/money';
import { MoneyInput } from '../platform/money.type';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { Text } from '../platform/text';
import { ApprovalPolicy } from './approval-policy.entity';
import { assertPolicyHolds } from './approval-policy.rules';

@InputType({ description: 'What to change in a policy. What is left out stays as it is.' })
export class ChangeApprovalPolicyInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the policy.' })
  approvalPolicyId!: string;

  @Field(() => Boolean, { nullable: true, description: 'Whether it applies at all.' })
  active?: boolean | null;

  @IsOptional()
  @ArrayMinSize(1)
  @ArrayUnique()
  @Field(() => [RoleEnum], { nullable: true, description: 'Holders of any of these roles may decide.' })
  approverRoles?: RoleName[] | null;

  @IsOptional()
  @ArrayUnique()
  @MaxLength(100, { each: true })
  @Matches(/^[A-Za-z.]+$/, { each: true })
  @Field(() => [String], {
    nullable: true,
    description: 'Only when one of these fields would change. An empty list: whichever.',
  })
  whenFields?: string[] | null;

  @Field(() => MoneyInput, {
    nullable: true,
    description:
      'Only above this amount. Amounts in other currencies always count as above. Null: whatever the amount.',
  })
  whenAmountAbove?: MoneyInput | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'True: only when money is at stake at all, in whatever currency. False: whatever the amount.',
  })
  whenAmountPositive?: boolean | null;

  @IsOptional()
  @Min(1)
  @Max(24 * 90)
  @Field(() => Int, { nullable: true, description: 'How many hours a request waits before it expires, 1 to 2160.' })
  expiresAfterHours?: number | null;

  @Text(500)
  @Field({ description: 'Why, for the approver and the trail.' })
  reason!: string;
}

/** Requests that were made under the earlier version keep it. */
export const changeApprovalPolicy = operation({
  name: 'approvalPolicy.change',
  subject: 'ApprovalPolicy',
  summary: 'Change an approval policy',
  twoPeople: true,
  lock: async (tx, input: ChangeApprovalPolicyInput) => {
    const policy = await tx.lock(ApprovalPolicy, input.approvalPolicyId);
    return { policy, concerns: tx.context.app.catalogue.find(policy.operation) };
  },
  authorize: (may, { policy }) => may('change', policy),
  decide: ({ policy, concerns }, input) => {
    const patch = patchOf(input);
    if (Object.keys(patch).length === 0) refuse('NOTHING_TO_CHANGE', 'Nothing was asked to be changed.');
    assertPolicyHolds(Object.assign({}, policy, patch), concerns, (role) => roleMayApprove(role, policy.operation));
    return patch;
  },
  save: (tx, patch, { policy }) => tx.update(policy, patch),
  record: (patch, { policy }, { reason }) => ({
    action: 'approvalPolicy.changed',
    subjectId: policy.id,
    changes: changesOf(policy, patch),
    reason,
  }),
  facts: () => ({ accountId: null }),
});

type Patch = Partial<
  Pick<
    ApprovalPolicy,
    'active' | 'approverRoles' | 'whenFields' | 'whenAmountAboveMinor' | 'whenCurrency' | 'expiresAfterHours'
  >
>;

function patchOf(input: ChangeApprovalPolicyInput): Patch {
  const { active, approverRoles, whenFields, expiresAfterHours } = input;
  return {
    ...(active != null && { active }),
    ...(approverRoles != null && { approverRoles }),
    ...(whenFields != null && { whenFields: whenFields.length > 0 ? whenFields : null }),
    ...amountPatchOf(input),
    ...(expiresAfterHours != null && { expiresAfterHours }),
  };
}

/** A threshold can be set, set to "any money at all", and taken away again. */
function amountPatchOf({ whenAmountAbove, whenAmountPositive }: ChangeApprovalPolicyInput): Patch {
  if (whenAmountAbove != null) {
    const minor = parseMinor(whenAmountAbove.amount, whenAmountAbove.currency);
    return { whenAmountAboveMinor: String(minor), whenCurrency: whenAmountAbove.currency };
  }
  if (whenAmountPositive === true) return { whenAmountAboveMinor: '0', whenCurrency: null };
  return whenAmountAbove === null || whenAmountPositive === false
    ? { whenAmountAboveMinor: null, whenCurrency: null }
    : {};
}

const amountOf = ({ whenAmountAboveMinor: minor, whenCurrency: currency }: Patch) =>
  minor == null
    ? null
    : currency && isCurrency(currency)
      ? { amount: formatMinor(BigInt(minor), currency), currency }
      : minor;

const changesOf = (policy: ApprovalPolicy, patch: Patch) => [
  ...(['active', 'approverRoles', 'whenFields', 'expiresAfterHours'] as const)
    .filter((field) => field in patch)
    .map((field) => ({ path: field, before: policy[field] ?? null, after: patch[field] ?? null })),
  ...('whenCurrency' in patch ? [{ path: 'whenAmountAbove', before: amountOf(policy), after: amountOf(patch) }] : []),
];
