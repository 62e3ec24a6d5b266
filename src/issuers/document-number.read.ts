import { column, declareRead, equals, instant, one, plains } from '../platform/read';
import { sql } from '../platform/sql';
import { legalEntityRead } from './legal-entity.read';

export const documentNumberRead = declareRead('DocumentNumber', {
  table: 'document_number',
  fields: {
    ...plains('id', 'documentType', 'fiscalYear', 'firstInSeries', 'lastInSeries', 'number', 'lastNumber'),
    ...plains('state', 'reason'),
    legalEntity: one(() => legalEntityRead, 'legal_entity_id'),
    givenAt: instant('given_at'),
    endedAt: instant('ended_at'),
  },
  filters: {
    legalEntityId: equals('legal_entity_id', 'uuid'),
    documentType: equals('document_type', 'text'),
    fiscalYear: (row, year) => sql`${column(row, 'fiscal_year')} = ${year}::integer`,
    state: equals('state', 'text'),
    number: equals('number', 'text'),
  },
  orders: {
    GIVEN_AT: { column: 'given_at', type: 'timestamptz' },
    PLACE: { column: 'first_in_series', type: 'integer' },
  },
  defaultOrder: 'GIVEN_AT_DESC',
});
