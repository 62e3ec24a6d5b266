import { MaxLength, IsOptional, Length, Min } from 'class-validator';
import { Field, ID, InputType, Int } from 'type-graphql';
import { refuse } from '../platform/errors';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { carryOut } from './carry-out-request';
import { ChangeRequest } from './change-request.entity';
import { assertPending, assertSeen, assertStanding } from './change-request.rules';
import { closeIfOver } from './close-if-over';
import { actorNow, deciderOf, keepDecision } from './decider';
import { turnOf } from './proposal';
import { standingOf, stepsNow } from './standing';

@InputType({ description: 'A yes to exactly the revision and digest that were seen.' })
export class ApproveChangeRequestInput extends Input {
  @Field(() => ID, { description: 'Id of the change request.' })
  id!: string;

  @Min(1)
  @Field(() => Int, { description: 'The revision that you saw.' })
  revision!: number;

  @Length(64, 64)
  @Field({ description: 'The digest that you saw.' })
  digest!: string;

  @IsOptional()
  @MaxLength(2000)
  @Field(() => String, { nullable: true, description: 'For the maker and the trail.' })
  comment?: string | null;
}

/**
 * Says yes and, if it was the last yes that was needed, carries the change out in one transaction: either both or neither. The maker and everybody
 * who said yes are looked up again in it, with the roles that they have now; the rows must be those that the maker saw.
 */
export const approveChangeRequest = operation({
  name: 'changeRequest.approve',
  subject: 'ChangeRequest',
  summary: 'Approve a change request',
  lock: async (tx, input: ApproveChangeRequestInput) => {
    const changeRequest = await tx.lock(ChangeRequest, input.id);
    const approver = await deciderOf(tx);
    return {
      changeRequest,
      maker: await actorNow(tx, changeRequest.makerId),
      approver,
      standing: await standingOf(tx, changeRequest, approver.id),
    };
  },
  authorize: (may, { changeRequest }) => may('approve', changeRequest),
  decide: ({ changeRequest, maker, approver, standing }, { revision, digest, comment }, { now, newId }) => {
    assertPending(changeRequest, now);
    const right = assertStanding(changeRequest, standing);
    assertSeen(changeRequest, { revision, digest });
    const said = { verdict: 'APPROVED' as const, comment: comment ?? null };
    return {
      decision: { id: newId(), decidedById: approver.id, ...right, ...said },
      maker: maker ?? refuse('MAKER_NOT_ACTIVE', 'Whoever proposed this cannot sign in any more.'),
      closedAt: now,
    };
  },
  save: async (tx, { decision, maker, closedAt }, { changeRequest }) => {
    await keepDecision(tx, changeRequest, decision);
    const steps = await stepsNow(tx, changeRequest);
    if (steps.some(({ approvals, quorum }) => approvals < quorum)) {
      await tx.update(changeRequest, turnOf(steps.filter(({ open }) => open)));
      return { outcome: 'AWAITING_APPROVAL' };
    }
    const result = await carryOut(tx, changeRequest, maker);
    await tx.update(changeRequest, { status: 'EXECUTED', approvedById: decision.decidedById, closedAt, result });
    return result;
  },
  record: ({ decision }, { changeRequest }, _input, saved) => ({
    action: 'changeRequest.approved',
    subjectId: changeRequest.id,
    changes:
      saved?.outcome === 'AWAITING_APPROVAL'
        ? [{ path: `steps.${decision.step}`, before: null, after: 'APPROVED' }]
        : [{ path: 'status', before: changeRequest.status, after: 'EXECUTED' }],
    reason: decision.comment,
    changeRequestId: changeRequest.id,
  }),
  facts: (_decision, { changeRequest }) => ({ accountId: changeRequest.accountId }),
  refused: (tx, { id }, error) => closeIfOver(tx, id, error),
});
