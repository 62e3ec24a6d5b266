import { MaxLength, IsOptional } from 'class-validator';
import { Field, InputType } from 'type-graphql';
import { assertApart } from '../access/duty.rules';
import { operation } from '../platform/operation';
import { carryOut } from './carry-out-request';
import { assertMakerActive, assertPending, assertSeen, assertStanding } from './change-request.rules';
import { closeIfOver } from './close-if-over';
import { actorNow, keepDecision, lockToDecide } from './decider';
import { turnOf } from './proposal';
import { SeenRequestInput } from './seen-request.type';
import { stepsNow } from './standing';
import { asksForCode } from './step-up-of-request';

@InputType({ description: 'A yes to exactly the revision and digest that were seen.' })
export class ApproveChangeRequestInput extends SeenRequestInput {
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
    const state = await lockToDecide(tx, input.id);
    const { changeRequest } = state;
    return { ...state, maker: await actorNow(tx, changeRequest.makerId), code: await asksForCode(tx, changeRequest) };
  },
  authorize: (may, { changeRequest }) => may('approve', changeRequest),
  stepUp: ({ code }) => code,
  decide: ({ changeRequest, maker, decider, standing, conflicts }, { revision, digest, comment }, { now, newId }) => {
    assertPending(changeRequest, now);
    const right = assertStanding(changeRequest, standing);
    assertApart(conflicts);
    assertSeen(changeRequest, { revision, digest });
    const said = { verdict: 'APPROVED' as const, comment: comment ?? null };
    return {
      decision: { id: newId(), decidedById: decider.id, ...right, ...said },
      maker: assertMakerActive(maker),
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
