import { Max, Min } from 'class-validator';
import { Field, ID, InputType, Int } from 'type-graphql';
import { refuse } from '../platform/errors';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { Text } from '../platform/text';
import { DocumentNumber } from './document-number.entity';
import { DocumentTypeEnum } from './document-number.type';
import { LegalEntity } from './legal-entity.entity';
import { assertBurnable, type DocumentType, LARGEST_NUMBER, numberOf } from './number-format.rules';

@InputType({ description: 'Numbers that no document is to get: those up to one, from where the series stands.' })
export class BurnDocumentNumbersInput extends Input {
  @Field(() => ID, { description: 'Id of the legal entity.' })
  legalEntityId!: string;

  @Field(() => DocumentTypeEnum, { description: 'Of which documents.' })
  documentType!: DocumentType;

  @Min(1990)
  @Max(2100)
  @Field(() => Int, { description: 'The calendar year in which the fiscal year begins, 1990 to 2100.' })
  fiscalYear!: number;

  @Min(1)
  @Max(LARGEST_NUMBER)
  @Field(() => Int, { description: `The last of them, as a plain number: 1 to ${LARGEST_NUMBER}.` })
  upTo!: number;

  @Text(500)
  @Field({ description: 'Why, for the approver, the trail and the ledger: used in an earlier system.' })
  reason!: string;
}

const STANDS = `SELECT last_number FROM number_series WHERE legal_entity_id = $1 AND document_type = $2 AND fiscal_year = $3 FOR UPDATE`;

const MOVE = `INSERT INTO number_series (legal_entity_id, document_type, fiscal_year, last_number) VALUES ($1, $2, $3, $4)
  ON CONFLICT (legal_entity_id, document_type, fiscal_year) DO UPDATE SET last_number = $4 WHERE number_series.last_number = $5 RETURNING last_number`;

/** Burns numbers on purpose. They stand in the ledger with the reason, so that the series still has no gap. */
export const burnDocumentNumbers = operation({
  name: 'documentNumber.burn',
  subject: 'DocumentNumber',
  summary: 'Burn numbers of a series',
  mutation: 'burnDocumentNumbers',
  twoPeople: true,
  lock: async (tx, { legalEntityId, documentType, fiscalYear }: BurnDocumentNumbersInput) => {
    const entity = await tx.lock(LegalEntity, legalEntityId);
    const [series] = await tx.query<{ last_number: number }>(STANDS, [entity.id, documentType, fiscalYear]);
    return { entity, last: series?.last_number ?? 0 };
  },
  authorize: (may, { entity }) => {
    may('read', entity);
    may.create('burn', 'DocumentNumber');
  },
  decide: ({ entity, last }, { documentType, fiscalYear, upTo, reason }, { now, newId }) => {
    assertBurnable(last, upTo);
    const format = documentType === 'INVOICE' ? entity.invoiceNumberFormat : entity.creditNoteNumberFormat;
    return {
      id: newId(),
      legalEntityId: entity.id,
      documentType,
      fiscalYear,
      reason,
      firstInSeries: last + 1,
      lastInSeries: upTo,
      number: numberOf(format, fiscalYear, last + 1),
      lastNumber: numberOf(format, fiscalYear, upTo),
      state: 'BURNED' as const,
      givenAt: now,
      endedAt: now,
      invoiceId: null,
      creditNoteId: null,
    };
  },
  save: async (tx, burned, { last }) => {
    const { legalEntityId, documentType, fiscalYear, lastInSeries } = burned;
    const moved = await tx.write(MOVE, [legalEntityId, documentType, fiscalYear, lastInSeries, last]);
    if (moved.length === 0) refuse('VERSION_CONFLICT', 'Somebody else took a number meanwhile.');
    await tx.insert(DocumentNumber, burned);
  },
  record: (burned, { entity }, { reason }) => ({
    action: 'documentNumber.burned',
    subjectId: burned.id,
    changes: [
      { path: 'legalEntity', before: null, after: entity.id },
      ...(['documentType', 'fiscalYear', 'firstInSeries', 'lastInSeries', 'number', 'lastNumber'] as const).map(
        (path) => ({ path, before: null, after: burned[path] }),
      ),
    ],
    reason,
  }),
  facts: ({ documentType }) => ({ accountId: null, category: documentType, risk: 'HIGH' }),
});
