import type { Transaction } from '../platform/transaction';
import type { LegalEntity } from './legal-entity.entity';
import { type GivenNumber, patternOf } from './number-format.rules';

const LIKE = `SELECT document_type AS "documentType", fiscal_year AS "fiscalYear", first_in_series AS "firstInSeries", last_in_series AS "lastInSeries",
    number, last_number AS "lastNumber"
  FROM document_number WHERE legal_entity_id = $1 AND (number ~ $2 OR last_number ~ $2)`;

/** The numbers of a legal entity that look like those of a format. */
export const numbersLike = (tx: Transaction, { id }: Pick<LegalEntity, 'id'>, format: string): Promise<GivenNumber[]> =>
  tx.query<GivenNumber>(LIKE, [id, patternOf(format)]);
