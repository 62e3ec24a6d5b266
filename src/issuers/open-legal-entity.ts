import { Field, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { Code, Text } from '../platform/text';
import { isZoneInDatabase } from '../platform/zone-in-database';
import { assertLegalEntity, LegalEntityFields, saidIn } from './legal-entity-fields';
import { LegalEntity } from './legal-entity.entity';

@InputType({
  description: 'Who issues invoices. Where its country is India, numbers have at most 16 characters (GST, rule 46).',
})
export class OpenLegalEntityInput extends LegalEntityFields {
  @Code()
  @Field({ description: 'Short code, unique: letters, digits, and `-`, `_` or `.` behind the first; at most 40.' })
  code!: string;

  @Text(200)
  @Field({ description: 'Name as registered.' })
  legalName!: string;

  @Text(500)
  @Field({ description: 'Why, for the approver and the trail.' })
  reason!: string;
}

const UNLESS_TOLD = {
  taxId: null,
  street: null,
  city: null,
  postalCode: null,
  subdivision: null,
  country: null,
  email: null,
  iban: null,
  bic: null,
  timeZone: null,
  fiscalYearStartMonth: 1,
  invoiceNumberFormat: 'INV-{FY}-{N:6}',
  creditNoteNumberFormat: 'CN-{FY}-{N:6}',
};

export const openLegalEntity = operation({
  name: 'legalEntity.open',
  subject: 'LegalEntity',
  summary: 'Open a legal entity that issues invoices',
  twoPeople: true,
  lock: async (tx, { timeZone }: OpenLegalEntityInput) => ({
    zoneInDatabase: timeZone == null || (await isZoneInDatabase(tx, timeZone)),
  }),
  authorize: (may) => may.create('open', 'LegalEntity'),
  decide: ({ zoneInDatabase }, input, { newId }) => {
    const said = { ...UNLESS_TOLD, ...saidIn(input), legalName: input.legalName.trim() };
    assertLegalEntity(said, zoneInDatabase);
    return { id: newId(), code: input.code, ...said };
  },
  save: (tx, entity) => tx.insert(LegalEntity, entity as LegalEntity),
  record: ({ id, ...said }, _state, { reason }) => ({
    action: 'legalEntity.opened',
    subjectId: id,
    changes: Object.entries(said).map(([path, after]) => ({ path, before: null, after })),
    reason,
  }),
  facts: () => ({ accountId: null, risk: 'HIGH' }),
});
