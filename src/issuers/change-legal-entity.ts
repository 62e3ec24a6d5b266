import { IsOptional, Min } from 'class-validator';
import { Field, ID, InputType, Int } from 'type-graphql';
import { refuse } from '../platform/errors';
import { operation } from '../platform/operation';
import { Text } from '../platform/text';
import { isZoneInDatabase } from '../platform/zone-in-database';
import { assertLegalEntity, LegalEntityFields, saidIn } from './legal-entity-fields';
import { LegalEntity } from './legal-entity.entity';
import { numbersLike } from './numbers-like';
import { assertFormatFree, type DocumentType } from './number-format.rules';

@InputType({ description: 'What to change in a legal entity. What is left out stays as it is.' })
export class ChangeLegalEntityInput extends LegalEntityFields {
  @Field(() => ID, { description: 'Id of the legal entity.' })
  legalEntityId!: string;

  @IsOptional()
  @Text(200)
  @Field(() => String, { nullable: true, description: 'Name as registered.' })
  legalName?: string | null;

  @IsOptional()
  @Min(1)
  @Field(() => Int, {
    nullable: true,
    description: 'The version that you saw; if the row has moved on, nothing is done (VERSION_CONFLICT).',
  })
  expectedVersion?: number | null;

  @Text(500)
  @Field({ description: 'Why, for the approver and the trail.' })
  reason!: string;
}

const FORMATS: [DocumentType, 'invoiceNumberFormat' | 'creditNoteNumberFormat'][] = [
  ['INVOICE', 'invoiceNumberFormat'],
  ['CREDIT_NOTE', 'creditNoteNumberFormat'],
];

/** Changes what it says of itself from now on. What was issued stays as it was issued; a series goes on under another format where it was. */
export const changeLegalEntity = operation({
  name: 'legalEntity.change',
  subject: 'LegalEntity',
  summary: 'Change a legal entity',
  twoPeople: true,
  lock: async (tx, input: ChangeLegalEntityInput) => {
    const entity = await tx.lock(LegalEntity, input.legalEntityId);
    const given = [];
    for (const [documentType, field] of FORMATS)
      if (input[field] != null && input[field] !== entity[field])
        given.push({ documentType, format: input[field], numbers: await numbersLike(tx, entity, input[field]) });
    return { entity, given, zoneInDatabase: input.timeZone == null || (await isZoneInDatabase(tx, input.timeZone)) };
  },
  authorize: (may, { entity }) => may('change', entity),
  decide: ({ entity, given, zoneInDatabase }, input) => {
    const changed = Object.fromEntries(
      Object.entries(saidIn(input)).filter(([field, value]) => value !== entity[field as keyof LegalEntity]),
    );
    if (Object.keys(changed).length === 0) refuse('NOTHING_TO_CHANGE', 'Nothing was asked to be changed.');
    assertLegalEntity(Object.assign({}, entity, changed), zoneInDatabase);
    for (const { documentType, format, numbers } of given) assertFormatFree(documentType, format, numbers);
    return changed;
  },
  save: (tx, changed, { entity }) => tx.update(entity, changed),
  record: (changed, { entity }, { reason }) => ({
    action: 'legalEntity.changed',
    subjectId: entity.id,
    changes: Object.entries(changed).map(([path, after]) => ({
      path,
      before: entity[path as keyof LegalEntity],
      after,
    })),
    reason,
  }),
  facts: () => ({ accountId: null, risk: 'HIGH' }),
});
