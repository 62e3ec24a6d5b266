import { Field, ID, Int, ObjectType } from 'type-graphql';
import { prepare } from '../access/carry-out';
import { actorStill } from '../access/identify';
import type { Context } from '../platform/context';
import { refuse } from '../platform/errors';
import { inTransaction } from '../platform/transaction';
import { ApprovalStep, ApproverWarning, type Warning } from './approval-step.type';
import { amountIn } from './content';
import { demandFor, termsOf } from './proposal';
import { approversOf } from './standing';

@ObjectType({ description: 'Whether something would wait for other people, and for whom.' })
export class ApprovalDemand {
  @Field({ description: 'Whether it would wait; else it would be carried out at once.' })
  required!: boolean;

  @Field(() => ID, { nullable: true, description: 'The policy that asks for it; of a chain, its highest tier.' })
  approvalPolicyId!: string | null;

  @Field(() => [ApprovalStep], { description: 'Whose yes it would need.' })
  steps!: ApprovalStep[];

  @Field(() => [String], { description: 'Holders of any of these roles could decide first.' })
  approverRoles!: string[];

  @Field(() => Int, {
    description:
      'How many people could decide first, without you. Where it is required and there is none, it would wait in vain.',
  })
  approvers!: number;

  @Field(() => [ApproverWarning], { description: 'What is amiss with those who could decide.' })
  warnings!: Warning[];

  @Field(() => Int, { nullable: true, description: 'How many hours it would wait before it expires.' })
  expiresAfterHours!: number | null;
}

/** Looks at an operation as if it were submitted now, and does nothing. Refuses whatever that would be refused with. */
export async function approvalDemandOf(context: Context, operation: string, json: object): Promise<ApprovalDemand> {
  const found = context.app.catalogue.find(operation);
  const input = await context.app.inputOf(context, operation, json);
  return inTransaction(context, async (tx) => {
    const actor = (await actorStill(tx, context, tx.now)) ?? refuse('UNAUTHENTICATED', 'Sign in first.');
    tx.actAs(actor);
    const prepared = await prepare(tx, found, input, actor);
    const demand = await demandFor(tx, prepared);
    if (!demand) return NOBODY;
    const { accountId, lobId = null } = prepared.facts;
    const terms = termsOf(demand, tx.now);
    const { able, warnings } = await approversOf(tx, {
      ...terms,
      id: tx.newId(),
      makerId: actor.id,
      revision: 1,
      operation,
      accountId,
      lobId,
      ...amountIn(prepared.facts),
    });
    return {
      required: true,
      approvalPolicyId: demand.policyId,
      steps: demand.steps.map((step) => ({ ...step, name: step.name ?? null })),
      approverRoles: terms.approverRoles,
      approvers: able,
      warnings,
      expiresAfterHours: demand.expiresAfterHours,
    };
  });
}

const NOBODY: ApprovalDemand = {
  required: false,
  approvalPolicyId: null,
  steps: [],
  approverRoles: [],
  approvers: 0,
  warnings: [],
  expiresAfterHours: null,
};
