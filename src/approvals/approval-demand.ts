import { Field, ID, Int, ObjectType } from 'type-graphql';
import { prepare } from '../access/carry-out';
import { actorStill } from '../access/identify';
import type { Context } from '../platform/context';
import { refuse } from '../platform/errors';
import { inTransaction } from '../platform/transaction';
import { policyFor } from './proposal';

@ObjectType({ description: 'Whether something would wait for a second person, and for whom.' })
export class ApprovalDemand {
  @Field({ description: 'Whether it would wait; else it would be carried out at once.' })
  required!: boolean;

  @Field(() => ID, { nullable: true, description: 'The policy that asks for it.' })
  approvalPolicyId!: string | null;

  @Field(() => [String], { description: 'Holders of any of these roles could decide.' })
  approverRoles!: string[];

  @Field(() => Int, {
    description:
      'How many people could decide now, without you. Where it is required and there is none, it would wait in vain.',
  })
  approvers!: number;

  @Field(() => Int, { nullable: true, description: 'How many hours it would wait before it expires.' })
  expiresAfterHours!: number | null;
}

const APPROVERS = `SELECT count(DISTINCT g.user_id)::int AS count FROM role_grant g JOIN app_user u ON u.id = g.user_id
  WHERE g.role = ANY($1) AND g.revoked_at IS NULL AND u.deactivated_at IS NULL AND u.password_set_by_id IS NULL AND g.user_id <> $2`;

/** Looks at an operation as if it were submitted now, and does nothing. Refuses whatever that would be refused with. */
export async function demandFor(context: Context, operation: string, json: object): Promise<ApprovalDemand> {
  const found = context.app.catalogue.find(operation);
  const input = await context.app.inputOf(context, operation, json);
  return inTransaction(context, async (tx) => {
    const actor = (await actorStill(tx, context, tx.now)) ?? refuse('UNAUTHENTICATED', 'Sign in first.');
    tx.actAs(actor);
    const policy = await policyFor(tx, await prepare(tx, found, input, actor));
    const approverRoles = policy?.approverRoles ?? [];
    const [approvers] = await tx.query<{ count: number }>(APPROVERS, [approverRoles, actor.id]);
    return {
      required: policy !== null,
      approvalPolicyId: policy?.id ?? null,
      approverRoles,
      approvers: approvers!.count,
      expiresAfterHours: policy?.expiresAfterHours ?? null,
    };
  });
}
