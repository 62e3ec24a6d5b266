import { MinLength } from 'class-validator';
import { Field, InputType } from 'type-graphql';
import { record } from '../audit/record';
import { HOUR } from '../platform/durations';
import { operation } from '../platform/operation';
import { Text } from '../platform/text';
import { carryOut } from './carry-out-request';
import { assertMakerActive, assertMayBreakGlass, assertPending, assertSeen } from './change-request.rules';
import { closeIfOver } from './close-if-over';
import { actorNow, keepDecision, lockToDecide } from './decider';
import { Decision } from './decision.entity';
import { Finding } from './finding.entity';
import { SeenRequestInput } from './seen-request.type';
import { stepsNow } from './standing';

@InputType({ description: 'An emergency: exactly the revision and digest that were seen, and why it cannot wait.' })
export class BreakGlassInput extends SeenRequestInput {
  @Text(2000)
  @MinLength(20)
  @Field({ description: 'Why it cannot wait, 20 characters at least: for whoever reviews it, and for the trail.' })
  reason!: string;
}

/** How long a review may take. */
const REVIEW_HOURS = 24;

/**
 * Carries a waiting request out though steps are missing or limits exceeded. One other person still has to do it, who may approve such operations at all;
 * the finding that it leaves is written in the same transaction, so that there is no quiet way. Whatever else is asked of an approval is asked here.
 */
export const breakGlass = operation({
  name: 'changeRequest.breakGlass',
  subject: 'ChangeRequest',
  summary: 'Carry a change request out in an emergency',
  mutation: 'breakGlass',
  stepUp: () => true,
  lock: async (tx, input: BreakGlassInput) => {
    const { changeRequest, decider, standing } = await lockToDecide(tx, input.id);
    const { id: changeRequestId, revision } = changeRequest;
    const said = await tx.find(Decision, { changeRequestId, revision, decidedById: decider.id, verdict: 'APPROVED' });
    const steps = await stepsNow(tx, changeRequest);
    return {
      changeRequest,
      maker: await actorNow(tx, changeRequest.makerId),
      decider,
      saidYes: said.length > 0,
      standing,
      openStep: steps.find(({ open }) => open)?.step ?? 1,
      concerns: tx.context.app.catalogue.find(changeRequest.operation),
    };
  },
  authorize: (may, { changeRequest }) => may('breakGlass', changeRequest),
  decide: (state, { revision, digest, reason }, { now, newId }) => {
    const { changeRequest, maker, decider, saidYes, standing, openStep, concerns } = state;
    assertPending(changeRequest, now);
    assertMayBreakGlass(standing, saidYes, concerns);
    assertSeen(changeRequest, { revision, digest });
    const step = standing.onBehalfOfId === null ? (standing.step ?? openStep) : openStep;
    const said = { verdict: 'APPROVED' as const, decidedById: decider.id, onBehalfOfId: null, step, comment: reason };
    return {
      decision: saidYes ? null : { id: newId(), ...said },
      finding: {
        id: newId(),
        kind: 'BREAK_GLASS' as const,
        changeRequestId: changeRequest.id,
        revision: changeRequest.revision,
        raisedById: decider.id,
        reason,
        dueAt: new Date(now.getTime() + REVIEW_HOURS * HOUR),
      },
      maker: assertMakerActive(maker),
      closedAt: now,
    };
  },
  save: async (tx, { decision, finding, maker, closedAt }, { changeRequest }) => {
    if (decision) await keepDecision(tx, changeRequest, decision);
    await tx.insert(Finding, finding as Finding);
    await record(tx, {
      action: 'finding.raised',
      outcome: 'DONE',
      subjectType: 'Finding',
      subjectId: finding.id,
      changes: [
        { path: 'kind', before: null, after: finding.kind },
        { path: 'dueAt', before: null, after: finding.dueAt.toISOString() },
      ],
      reason: finding.reason,
      changeRequestId: changeRequest.id,
    });
    const result = await carryOut(tx, changeRequest, maker);
    await tx.update(changeRequest, { status: 'EXECUTED', approvedById: finding.raisedById, closedAt, result });
    return { ...result, finding: finding.id };
  },
  record: (_decision, { changeRequest }, { reason }) => ({
    action: 'changeRequest.glassBroken',
    subjectId: changeRequest.id,
    changes: [{ path: 'status', before: changeRequest.status, after: 'EXECUTED' }],
    reason,
    changeRequestId: changeRequest.id,
  }),
  facts: (_decision, { changeRequest }) => ({ accountId: changeRequest.accountId }),
  refused: (tx, { id }, error) => closeIfOver(tx, id, error),
});
