import { Field, ID, InputType } from 'type-graphql';
import type { Transaction } from '../platform/transaction';
import { notFound } from '../platform/transaction';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { refuse } from '../platform/errors';
import { Text } from '../platform/text';
import type { Row } from '../platform/row';
import { SensitiveValue, unsealText } from './sensitive-value';

@InputType({ description: 'Which sensitive value to see, and why.' })
export class RevealSensitiveValueInput extends Input {
  @Text(100)
  @Field({ description: 'Type of what it belongs to: `Account`, `Complaint`.' })
  type!: string;

  @Field(() => ID, { description: 'Id of what it belongs to.' })
  id!: string;

  @Text(100)
  @Field({ description: 'The field, with dots into its parts: `bankAccountNumber`, `customer.email`.' })
  field!: string;

  @Text(500)
  @Field({ description: 'Why you need to see it. Kept in the trail.' })
  reason!: string;

  @Text(100)
  @Field(() => String, { nullable: true, description: 'What you will use it for, in a word or two.' })
  purpose?: string | null;
}

/**
 * Shows one sensitive value to one person, once, and the trail says so in the same transaction: no event, no value. The
 * value is in the answer alone; a repeat is a new look and a new event.
 */
export const revealSensitiveValue = operation({
  name: 'sensitiveValue.reveal',
  subject: 'SensitiveValue',
  summary: 'See a sensitive value',
  ephemeral: true,
  about: ({ type, id }: RevealSensitiveValueInput) => ({ subjectType: type, subjectId: id }),
  lock: async (tx, input: RevealSensitiveValueInput) => {
    const { row, value } = await find(tx, input);
    return { row, value, keys: tx.context.app.keys };
  },
  authorize: (may, { row }) => may('reveal', row),
  decide: ({ row, value, keys }, { type, field }) => {
    if (!(value instanceof SensitiveValue)) return notFound('sensitive field');
    if (!value.sealed) return refuse('SENSITIVE_VALUE_ABSENT', 'There is no value there.', { type, field });
    return { value: unsealText(keys, value.sealed, placeOf(type, row.id, field)) };
  },
  save: async (_tx, { value }) => ({ value }),
  record: (_decision, { row }, { type, field, reason, purpose }) => ({
    action: 'sensitiveValue.revealed',
    subjectType: type,
    subjectId: row.id,
    changes: [{ path: field, before: null, after: purpose ?? null }],
    reason,
  }),
  facts: () => ({ accountId: null }),
});

/** Where a value is sealed to. */
export const placeOf = (type: string, id: string, field: string): string => `${type}/${id}/${field}`;

/** Any entity may have sensitive values: whichever are embedded in it can be asked for, and nothing else. */
async function find(
  tx: Transaction,
  { type, id, field }: RevealSensitiveValueInput,
): Promise<{ row: Row; value: unknown }> {
  const entity = tx.context.app.database.orm.entityMetadatas.find((each) => each.name === type);
  const revealable = entity?.allEmbeddeds.filter((each) => each.type === SensitiveValue) ?? [];
  if (!entity || revealable.length === 0) return notFound('sensitive field');
  const row = await tx.lock<Row>(entity.target as typeof Row & { name: string }, id);
  const value = revealable.some(({ propertyPath }) => propertyPath === field) ? at(row, field.split('.')) : undefined;
  return { row, value };
}

const at = (value: unknown, [key, ...rest]: string[]): unknown =>
  key === undefined ? value : at((value as Record<string, unknown> | null)?.[key], rest);
