import { subject } from '@casl/ability';
import { Field, ID, InputType } from 'type-graphql';
import { findSealed } from '../audit/sealed-changes';
import type { Transaction } from '../platform/transaction';
import { notFound } from '../platform/transaction';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { refuse } from '../platform/errors';
import { Text } from '../platform/text';
import type { Row } from '../platform/row';
import { unsealText } from '../platform/sealed-text';
import { allowanceDrawn, assertWithin, purposeAmong } from './reveal.rules';
import { drawn, quotaOf } from './reveal-quota';
import { sensitiveFieldsOf, valueAt } from './sensitive-fields';
import { SensitiveValue } from './sensitive-value';

@InputType({ description: 'Which sensitive value to see, and why.' })
export class RevealSensitiveValueInput extends Input {
  @Text(100)
  @Field({ description: 'Type of what it belongs to: `Account`, `Complaint`, `AuditEvent`.' })
  type!: string;

  @Field(() => ID, { description: 'Id of what it belongs to.' })
  id!: string;

  @Text(100)
  @Field({
    description:
      'The field, with dots into its parts: `bankAccountNumber`, `customer.email`; of an event a path of its changes with the side: `name.after`.',
  })
  field!: string;

  @Text(500)
  @Field({ description: 'Why you need to see it. Kept in the trail.' })
  reason!: string;

  @Text(100)
  @Field(() => String, {
    nullable: true,
    description:
      'What you will use it for, in a word or two: one of REVEAL_PURPOSES, where that is set and in production.',
  })
  purpose?: string | null;
}

/**
 * Shows one sensitive value to one person, once, and the trail says so in the same transaction: no event, no value. The
 * value is in the answer alone; a repeat is a new look and a new event. So many a day (REVEALS_PER_DAY), and beyond those what two people allowed.
 */
export const revealSensitiveValue = operation({
  name: 'sensitiveValue.reveal',
  subject: 'SensitiveValue',
  summary: 'See a sensitive value',
  ephemeral: true,
  stepUp: () => true,
  about: ({ type, id }: RevealSensitiveValueInput) => ({ subjectType: type, subjectId: id }),
  lock: async (tx, input: RevealSensitiveValueInput) => {
    const { of, open } = await (input.type === 'AuditEvent' ? findInTrail : findInRow)(tx, input);
    return { of, open, quota: await quotaOf(tx), purposes: tx.context.app.config.revealPurposes };
  },
  authorize: (may, { of }) => may('reveal', of),
  decide: ({ open, quota, purposes }, { purpose }) => {
    const among = purposeAmong(purposes, purpose);
    assertWithin(quota);
    return { value: open(), purpose: among };
  },
  save: async (tx, { value }, { quota }) => {
    await drawn(tx, quota);
    return { value };
  },
  record: ({ purpose }, { of, quota }, { type, field, reason }) => ({
    action: 'sensitiveValue.revealed',
    subjectType: type,
    subjectId: of.id,
    changes: [{ path: field, before: null, after: purpose }, ...allowanceDrawn(quota)],
    lookedAt: true,
    reason,
  }),
  facts: () => ({ accountId: null }),
});

/** Where a value is sealed to. */
export const placeOf = (type: string, id: string, field: string): string => `${type}/${id}/${field}`;

/** What a value belongs to, and what opens it: nothing is said of the value before it is known that it may be asked for. */
interface Revealable {
  of: { id: string };
  open: () => string;
}

/** Any entity may have sensitive values: whichever are embedded in it can be asked for, and nothing else. */
async function findInRow(tx: Transaction, { type, id, field }: RevealSensitiveValueInput): Promise<Revealable> {
  const { app } = tx.context;
  const revealable = sensitiveFieldsOf(app, type);
  if (revealable.length === 0) return notFound('sensitive field');
  const row = await tx.lock<Row>(revealable[0]!.entity.target as typeof Row & { name: string }, id);
  const value = revealable.some(({ path }) => path === field) ? valueAt(row, field) : undefined;
  const open = () => {
    if (!(value instanceof SensitiveValue)) return notFound('sensitive field');
    if (!value.sealed) return refuse('SENSITIVE_VALUE_ABSENT', 'There is no value there.', { type, field });
    return unsealText(app.keys, value.sealed, placeOf(type, row.id, field));
  };
  return { of: row, open };
}

/** What an event keeps of a person under seal. */
const findInTrail = async (tx: Transaction, { id, field }: RevealSensitiveValueInput): Promise<Revealable> => ({
  open: await findSealed(tx, id, field),
  of: subject('AuditEvent', { id }),
});
