import { IsOptional, MaxLength } from 'class-validator';
import { Field, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { ChangeRequest } from './change-request.entity';
import { assertMakerActive, assertRetryable, assertSeen, assertStanding } from './change-request.rules';
import { actorNow } from './decider';
import { assertStillFresh } from './freshness';
import { SeenRequestInput } from './seen-request.type';
import { standingOf } from './standing';

@InputType({ description: 'Which change request is to wait again, exactly as it was seen.' })
export class RetryChangeRequestInput extends SeenRequestInput {
  @IsOptional()
  @MaxLength(2000)
  @Field(() => String, { nullable: true, description: 'Why it might succeed now, for the trail.' })
  reason?: string | null;
}

/**
 * What failed waits again, unchanged, by its maker or by somebody who may decide it. Yeses that were said before still count; the last one failed together with the
 * change and has to be said anew. What has moved since stays FAILED: a yes to yesterday's rows is no yes to today's.
 */
export const retryChangeRequest = operation({
  name: 'changeRequest.retry',
  subject: 'ChangeRequest',
  summary: 'Have a change request that failed wait again',
  lock: async (tx, input: RetryChangeRequestInput) => {
    const changeRequest = await tx.lock(ChangeRequest, input.id);
    return {
      changeRequest,
      maker: await actorNow(tx, changeRequest.makerId),
      standing: await standingOf(tx, changeRequest, tx.actorId),
    };
  },
  authorize: (may, { changeRequest }) => may('retry', changeRequest),
  decide: ({ changeRequest, maker, standing }, { revision, digest }, { now, actorId }) => {
    assertRetryable(changeRequest, now);
    if (changeRequest.makerId !== actorId) assertStanding(changeRequest, standing, true);
    assertSeen(changeRequest, { revision, digest });
    return assertMakerActive(maker);
  },
  save: async (tx, maker, { changeRequest }) => {
    await assertStillFresh(tx, changeRequest, maker);
    await tx.update(changeRequest, { status: 'PENDING', closedAt: null, failureCode: null });
  },
  record: (_maker, { changeRequest }, { reason }) => ({
    action: 'changeRequest.retried',
    subjectId: changeRequest.id,
    changes: [{ path: 'status', before: changeRequest.status, after: 'PENDING' }],
    reason: reason ?? null,
    changeRequestId: changeRequest.id,
  }),
  facts: (_maker, { changeRequest }) => ({ accountId: changeRequest.accountId }),
});
