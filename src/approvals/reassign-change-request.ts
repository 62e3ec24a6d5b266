import { IsOptional, Min } from 'class-validator';
import { Field, ID, InputType, Int } from 'type-graphql';
import { User } from '../access/user.entity';
import { refuse } from '../platform/errors';
import { isId } from '../platform/ids';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { Text } from '../platform/text';
import { notFound, type Transaction } from '../platform/transaction';
import type { ChangeRequest } from './change-request.entity';
import { assertPending, assertSeen, assertStanding, isOnItsSide } from './change-request.rules';
import { closeIfOver } from './close-if-over';
import { actorNow, lockToDecide } from './decider';
import { type Standing, standingAlone } from './standing';

@InputType({ description: 'Whose turn it is alone, from now on.' })
export class ReassignChangeRequestInput extends Input {
  @Field(() => ID, { description: 'Id of the change request.' })
  id!: string;

  @Min(1)
  @Field(() => Int, { description: 'The revision that you saw.' })
  revision!: number;

  @IsOptional()
  @Field(() => ID, { nullable: true, description: 'Id of the user. Null: anybody who may decide it.' })
  assigneeId?: string | null;

  @Text(500)
  @Field({ description: 'Why, for the trail.' })
  reason!: string;
}

/**
 * Makes it the turn of one person alone, or of whoever stands in for them; or gives it back to all. Whoever may decide it now does so, its present assignee,
 * and those who oversee. It holds until the next decision, a revision, or until they could decide it no more.
 */
export const reassignChangeRequest = operation({
  name: 'changeRequest.reassign',
  subject: 'ChangeRequest',
  summary: 'Reassign a change request',
  lock: async (tx, { id, assigneeId }: ReassignChangeRequestInput) => {
    const { changeRequest, decider, standing } = await lockToDecide(tx, id);
    return {
      changeRequest,
      oversees: decider.ability.can('reassign', changeRequest),
      standing,
      assignee: assigneeId == null ? null : await candidate(tx, changeRequest, assigneeId),
    };
  },
  authorize: (may, { changeRequest, oversees }) => may(oversees ? 'reassign' : 'approve', changeRequest),
  decide: ({ changeRequest, oversees, standing, assignee }, { revision }, { now, actorId }) => {
    assertPending(changeRequest, now);
    const mayPassOn = oversees || changeRequest.assigneeId === actorId;
    if (!mayPassOn || isOnItsSide(standing)) assertStanding(changeRequest, standing, true);
    assertSeen(changeRequest, { revision, digest: changeRequest.digest });
    if (assignee && !assignee.found) notFound(User.name);
    if ((assignee?.id ?? null) === changeRequest.assigneeId) refuse('NOTHING_TO_CHANGE', 'It is their turn already.');
    if (assignee && assignee.code !== null)
      refuse('ASSIGNEE_UNFIT', 'This user could not decide it.', { code: assignee.code });
    return { assigneeId: assignee?.id ?? null };
  },
  save: (tx, patch, { changeRequest }) => tx.update(changeRequest, patch),
  record: ({ assigneeId }, { changeRequest }, { reason }) => ({
    action: 'changeRequest.reassigned',
    subjectId: changeRequest.id,
    changes: [{ path: 'assignee', before: changeRequest.assigneeId, after: assigneeId }],
    reason,
    changeRequestId: changeRequest.id,
  }),
  facts: (_patch, { changeRequest }) => ({ accountId: changeRequest.accountId }),
  refused: (tx, { id }, error) => closeIfOver(tx, id, error),
});

/** Somebody whose turn it might become: why they could not decide it, if they could not. */
async function candidate(
  tx: Transaction,
  request: ChangeRequest,
  given: string,
): Promise<{ id: string; found: boolean; code: string | null }> {
  const id = given.toLowerCase();
  const [user] = isId(id) ? await tx.find(User, { id }) : [];
  if (!user) return { id, found: false, code: null };
  const actor = await actorNow(tx, id);
  const code = actor ? unfit(await standingAlone(tx, request, id)) : 'NOT_AN_APPROVER';
  return { id, found: true, code: code ?? (actor!.ability.can('approve', request) ? null : 'NOT_AN_APPROVER') };
}

/** Somebody who could decide only for another has no turn of their own. */
const unfit = ({ code, onBehalfOfId }: Standing): string | null =>
  code ?? (onBehalfOfId === null ? null : 'NOT_AN_APPROVER');
