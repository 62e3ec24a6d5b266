import { Matches, MaxLength } from 'class-validator';
import { Field, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { refuse } from '../platform/errors';
import { ApprovalPolicy } from './approval-policy.entity';
import { assertHolds, assertPeopleFit, changesOf, PolicyTermsInput, termsIn } from './policy-terms';

@InputType({
  description: 'One more policy of an operation. It asks for one supervisor whatever the case, unless told.',
})
export class CreateApprovalPolicyInput extends PolicyTermsInput {
  @MaxLength(100)
  @Field({ description: 'The operation that it is about: `invoice.void`.' })
  operation!: string;

  @Matches(/^[a-z0-9][a-z0-9-]{0,49}$/)
  @Field({
    description: 'What to call it, unlike the others of that operation: `above-10000`. Small letters, digits, dashes.',
  })
  name!: string;
}

/** What a policy says where nobody says anything. */
const USUAL = {
  active: true,
  tier: null,
  steps: [{ stage: 1, roles: ['supervisor'], people: [], quorum: 1 }],
  whenFields: null,
  whenAmountAboveMinor: null,
  whenCurrency: null,
  whenAccountIds: null,
  whenLobIds: null,
  whenCategories: null,
  whenRiskAtLeast: null,
  freshness: 'ROW' as const,
  expiresAfterHours: 72,
  remindAfterHours: null,
  escalateAfterHours: null,
  escalateToRoles: null,
};

export const createApprovalPolicy = operation({
  name: 'approvalPolicy.create',
  subject: 'ApprovalPolicy',
  summary: 'Create an approval policy',
  twoPeople: true,
  lock: async (tx, input: CreateApprovalPolicyInput) => {
    await assertPeopleFit(tx, input, input.operation);
    const taken = await tx.find(ApprovalPolicy, { operation: input.operation, name: input.name });
    return { concerns: tx.context.app.catalogue.find(input.operation), taken: taken.length > 0 };
  },
  authorize: (may) => may.create('create', 'ApprovalPolicy'),
  decide: ({ concerns, taken }, input, { newId }) => {
    if (taken) refuse('APPROVAL_POLICY_TAKEN', 'There is a policy of that name.');
    const terms = { ...USUAL, ...termsIn(input) };
    const policy = { id: newId(), operation: input.operation, name: input.name, ...terms } as ApprovalPolicy;
    assertHolds(policy, concerns);
    return { policy, terms };
  },
  save: (tx, { policy }) => tx.insert(ApprovalPolicy, policy),
  record: ({ policy, terms }, _state, { reason }) => ({
    action: 'approvalPolicy.created',
    subjectId: policy.id,
    changes: [
      { path: 'operation', before: null, after: policy.operation },
      { path: 'name', before: null, after: policy.name },
      ...changesOf({}, terms).filter(({ after }) => after !== null),
    ],
    reason,
  }),
  facts: () => ({ accountId: null, risk: 'HIGH' }),
});
