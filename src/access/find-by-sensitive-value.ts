import { Length } from 'class-validator';
import { Field, InputType } from 'type-graphql';
import { In } from 'typeorm';
import { fieldDigests } from '../platform/class-keys';
import { refuse } from '../platform/errors';
import { checkSensitive } from '../platform/masks';
import { lookupForm, NORMAL_FORMS } from '../platform/normal-forms';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import type { Row } from '../platform/row';
import { Text } from '../platform/text';
import { notFound, type Transaction } from '../platform/transaction';
import { allowanceDrawn, assertWithin, purposeAmong } from './reveal.rules';
import { drawn, quotaOf } from './reveal-quota';
import { lookupName, type SensitiveField, sensitiveFieldsOf } from './sensitive-fields';

@InputType({ description: 'A sensitive value to look for, and why.' })
export class FindBySensitiveValueInput extends Input {
  @Text(100)
  @Field({ description: 'Type of what is looked for: `Account`, `Complaint`.' })
  type!: string;

  @Text(100)
  @Field({ description: 'The field, with dots into its parts: `bankAccountNumber`, `customer.email`.' })
  field!: string;

  @Length(1, 254)
  @Field({ description: 'The whole value, however it is written. It is kept nowhere.' })
  value!: string;

  @Text(500)
  @Field({ description: 'Why you look for it. Kept in the trail.' })
  reason!: string;

  @Text(100)
  @Field(() => String, { nullable: true, description: 'What you will use it for, as with revealSensitiveValue.' })
  purpose?: string | null;
}

/** So many are found at most. */
const MOST = 100;

/**
 * Which rows have exactly this value, by a keyed digest of it: nothing is opened. Whoever may look something up can guess, so each look counts like a
 * value that was seen, and the trail has it with the digest alone.
 */
export const findBySensitiveValue = operation({
  name: 'sensitiveValue.find',
  subject: 'SensitiveValue',
  summary: 'Look for what has a sensitive value',
  mutation: 'findBySensitiveValue',
  ephemeral: true,
  lock: async (tx, { type, field: path, value }: FindBySensitiveValueInput) => {
    const { app } = tx.context;
    const field = sensitiveFieldsOf(app, type).find((each) => each.path === path) ?? notFound('sensitive field');
    const normal = NORMAL_FORMS[field.kind](value.trim());
    const digests =
      normal === null ? [] : fieldDigests(app.keys, lookupName(type, path), lookupForm(field.kind, normal));
    const ids = await idsWith(tx, field, digests);
    return { kind: field.kind, digests, ids, quota: await quotaOf(tx), purposes: app.config.revealPurposes };
  },
  authorize: (may, _state, { type }) => may.create('find', type),
  decide: ({ kind, digests: [digest], ids, quota, purposes }, { value, purpose }) => {
    const among = purposeAmong(purposes, purpose);
    assertWithin(quota);
    checkSensitive(kind, value);
    if (!digest) return refuse('SENSITIVE_VALUE_INVALID', 'The value is not valid for its kind.', { kind });
    return { ids, digest: digest.toString('hex'), purpose: among };
  },
  save: async (tx, { ids }, { quota }) => {
    await drawn(tx, quota);
    return { ids };
  },
  record: ({ ids, digest, purpose }, { quota }, { type, field, reason }) => ({
    action: 'sensitiveValue.sought',
    subjectType: type,
    subjectId: null,
    changes: [
      { path: field, before: null, after: digest },
      { path: 'found', before: null, after: ids },
      { path: 'purpose', before: null, after: purpose },
      ...allowanceDrawn(quota),
    ],
    lookedAt: true,
    reason,
  }),
  facts: () => ({ accountId: null }),
});

/** Of those that have it, the ones that the actor may see. */
async function idsWith(tx: Transaction, { entity, columns }: SensitiveField, digests: Buffer[]): Promise<string[]> {
  const found = await tx.query<{ id: string }>(
    `SELECT id FROM ${entity.tableName} WHERE ${columns}_digest = ANY ($1) ORDER BY id LIMIT ${MOST}`,
    [digests],
  );
  if (found.length === 0) return [];
  const rows = await tx.find<Row>(entity.target as typeof Row & { name: string }, {
    id: In(found.map(({ id }) => id)),
  });
  return rows
    .filter((row) => tx.context.actor?.ability.can('read', row))
    .map(({ id }) => id)
    .toSorted();
}
