import { Field, ID, InputType } from 'type-graphql';
import { User } from '../access/user.entity';
import { Agent } from '../accounts/agent.entity';
import { runningAssignments } from '../accounts/running-assignments';
import { ChangeRequest } from '../approvals/change-request.entity';
import { destroyKeys, findKeys, type Subject } from '../audit/subject-keys';
import { Complaint } from '../complaints/complaint.entity';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { erasedParts } from '../platform/personal';
import type { Row } from '../platform/row';
import { Text } from '../platform/text';
import { notFound, type Transaction } from '../platform/transaction';
import { assertErasable, type ErasableType, isErasable } from './erasure.rules';
import { erasureChanges, forgetRequests, heldRequests, heldRevisions, pendingOver, subjectsOf } from './held-requests';

@InputType({ description: 'Whose personal data to erase for good, and why.' })
export class ErasePersonalDataInput extends Input {
  @Text(100)
  @Field({
    description:
      'Type of what it is about: `User`, `Agent`, `Complaint`, or `ChangeRequest` for one that never made what it asked for.',
  })
  subjectType!: string;

  @Field(() => ID, { description: 'Id of what it is about.' })
  subjectId!: string;

  @Text(500)
  @Field({ description: 'Why, for the approver and the trail. It stays: name nobody in it.' })
  reason!: string;
}

const ENTITIES = { User, Agent, Complaint, ChangeRequest } satisfies Record<ErasableType, object>;

/**
 * Destroys the keys under which the trail keeps what it says of somebody, and empties the row and what requests keep of it. Events, their
 * bytes and their proofs stay. It cannot be taken back, so it always takes two people.
 */
export const erasePersonalData = operation({
  name: 'personalData.erase',
  subject: 'PersonalData',
  summary: 'Erase the personal data of somebody',
  twoPeople: true,
  about: ({ subjectType, subjectId }: ErasePersonalDataInput) => ({ subjectType, subjectId }),
  lock: async (tx, { subjectType, subjectId }: ErasePersonalDataInput) => {
    const type = isErasable(subjectType) ? subjectType : notFound('personal data');
    const subject = await tx.lock<Row>(ENTITIES[type], subjectId);
    const requests = subject instanceof ChangeRequest ? [subject] : await heldRequests(tx, subject);
    const subjects = subjectsOf(type, subject, requests);
    const revisions = await heldRevisions(tx, requests);
    return { type, subject, requests, revisions, subjects, known: await circumstances(tx, type, subject.id, subjects) };
  },
  authorize: (may, { subject }) => may('erase', subject),
  decide: ({ type, subject, known }, _input, { now }) => {
    assertErasable(type, subject, known, now);
    return erasedParts(subject);
  },
  save: async (tx, row, { subject, requests, revisions, subjects }) => {
    await destroyKeys(tx, subjects);
    if (!(subject instanceof ChangeRequest)) await tx.update(subject, row);
    await forgetRequests(tx, requests, revisions);
  },
  record: (_decision, { type, subject, requests, known }, { reason }) => ({
    action: 'personalData.erased',
    subjectType: type,
    subjectId: subject.id,
    changes: erasureChanges(type, requests.length, known.keys),
    reason,
  }),
  facts: (_decision, { subject }) => ({ accountId: subject instanceof Complaint ? subject.accountId : null }),
});

async function circumstances(tx: Transaction, type: ErasableType, id: string, subjects: readonly Subject[]) {
  const keys = await findKeys(tx, subjects);
  return {
    erased: keys.some((key) => key.id === id && key.destroyed),
    keys: keys.filter(({ destroyed }) => !destroyed).length,
    pending: await pendingOver(tx, type, id),
    assigned: type === 'Agent' ? await runningAssignments(tx, id) : 0,
  };
}
