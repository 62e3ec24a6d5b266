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
  @Field(() => String, { nullable: true, description: 'What you will use it for, in a word or two.' })
  purpose?: string | null;
}

/**
 * Shows one sensitive value to one person, once, and the trail says so in the same transaction: no event, no value. The
 * value is in the answer alone; a repeat is a new look and a new event. So many a day (REVEALS_PER_DAY), and no more.
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
    return { of, open, revealed: await revealedToday(tx), limit: tx.context.app.config.revealsPerDay };
  },
  authorize: (may, { of }) => may('reveal', of),
  decide: ({ open, revealed, limit }) => {
    if (revealed >= limit)
      refuse('REVEAL_LIMIT_REACHED', 'You have seen as many values as anybody may in a day.', { limit });
    return { value: open() };
  },
  save: async (_tx, { value }) => ({ value }),
  record: (_decision, { of }, { type, field, reason, purpose }) => ({
    action: 'sensitiveValue.revealed',
    subjectType: type,
    subjectId: of.id,
    changes: [{ path: field, before: null, after: purpose ?? null }],
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
  const { database, keys } = tx.context.app;
  const entity = database.orm.entityMetadatas.find((each) => each.name === type);
  const revealable = entity?.allEmbeddeds.filter((each) => each.type === SensitiveValue) ?? [];
  if (!entity || revealable.length === 0) return notFound('sensitive field');
  const row = await tx.lock<Row>(entity.target as typeof Row & { name: string }, id);
  const value = revealable.some(({ propertyPath }) => propertyPath === field) ? at(row, field.split('.')) : undefined;
  const open = () => {
    if (!(value instanceof SensitiveValue)) return notFound('sensitive field');
    if (!value.sealed) return refuse('SENSITIVE_VALUE_ABSENT', 'There is no value there.', { type, field });
    return unsealText(keys, value.sealed, placeOf(type, row.id, field));
  };
  return { of: row, open };
}

/** What an event keeps of a person under seal. */
const findInTrail = async (tx: Transaction, { id, field }: RevealSensitiveValueInput): Promise<Revealable> => ({
  open: await findSealed(tx, id, field),
  of: subject('AuditEvent', { id }),
});

const at = (value: unknown, [key, ...rest]: string[]): unknown =>
  key === undefined ? value : at((value as Record<string, unknown> | null)?.[key], rest);

const REVEALED = `SELECT count(*)::int AS count FROM audit.event
  WHERE actor_id = $1 AND at > $2 AND action = 'sensitiveValue.revealed'`;

/** How many values the actor saw in the last 24 hours, by the trail itself; one after another, so that none slips by. */
async function revealedToday(tx: Transaction): Promise<number> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('countersign reveals'), hashtext($1))`, [tx.actorId]);
  const dayAgo = new Date(tx.now.getTime() - 86_400_000);
  const [seen] = await tx.query<{ count: number }>(REVEALED, [tx.actorId, dayAgo]);
  return seen!.count;
}
