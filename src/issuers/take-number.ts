import type { Transaction } from '../platform/transaction';
import { DocumentNumber } from './document-number.entity';
import type { LegalEntity } from './legal-entity.entity';
import { type DocumentType, numberOf } from './number-format.rules';

/** Formats do not change while a number is written by them. */
const FORMATS = `SELECT invoice_number_format AS "INVOICE", credit_note_number_format AS "CREDIT_NOTE" FROM legal_entity WHERE id = $1 FOR SHARE`;

const NEXT = `INSERT INTO number_series (legal_entity_id, document_type, fiscal_year, last_number) VALUES ($1, $2, $3, 1)
  ON CONFLICT (legal_entity_id, document_type, fiscal_year) DO UPDATE SET last_number = number_series.last_number + 1 RETURNING last_number`;

/**
 * The next number of a series, for a document, and its line in the ledger. To be called at the very end of a transaction: the series is
 * locked from here on. `made`: makes the document, where it begins with its number. Refuses with NUMBER_SERIES_EXCEEDED beyond the largest number.
 */
export async function takeNumber(
  tx: Transaction,
  { legalEntityId, fiscalYear }: { legalEntityId: LegalEntity['id']; fiscalYear: number },
  document: { invoiceId: string } | { creditNoteId: string },
  made?: (taken: { number: string; numberInSeries: number }) => Promise<void>,
): Promise<{ number: string; numberInSeries: number }> {
  const documentType: DocumentType = 'invoiceId' in document ? 'INVOICE' : 'CREDIT_NOTE';
  const [formats] = await tx.query<Record<DocumentType, string>>(FORMATS, [legalEntityId]);
  const [next] = await tx.write<{ last_number: number }>(NEXT, [legalEntityId, documentType, fiscalYear]);
  const numberInSeries = next!.last_number;
  const number = numberOf(formats![documentType], fiscalYear, numberInSeries);
  await made?.({ number, numberInSeries });
  await tx.insert(DocumentNumber, {
    id: tx.newId(),
    legalEntityId,
    documentType,
    fiscalYear,
    number,
    lastNumber: number,
    firstInSeries: numberInSeries,
    lastInSeries: numberInSeries,
    state: 'USED',
    reason: null,
    givenAt: tx.now,
    endedAt: null,
    invoiceId: null,
    creditNoteId: null,
    ...document,
  });
  return { number, numberInSeries };
}
