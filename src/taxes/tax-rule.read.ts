import { accountRead } from '../accounts/account.read';
import { legalEntityRead } from '../issuers/legal-entity.read';
import { column, CREATED_AT, declareRead, elements, equals, instant, one, plains } from '../platform/read';
import { sql } from '../platform/sql';

export const taxRuleRead = declareRead('TaxRule', {
  table: 'tax_rule',
  fields: {
    ...plains('id', 'country', 'subdivision', 'validFrom', 'validUntil', 'version'),
    legalEntity: one(() => legalEntityRead, 'legal_entity_id'),
    account: one(() => accountRead, 'account_id'),
    components: elements((row) => column(row, 'components')),
    createdAt: instant('created_at'),
  },
  filters: {
    legalEntityId: equals('legal_entity_id', 'uuid'),
    accountId: equals('account_id', 'uuid'),
    country: equals('country', 'text'),
    holdingOn: (row, day) =>
      sql`daterange(${column(row, 'valid_from')}, ${column(row, 'valid_until')}) @> ${day}::date`,
  },
  orders: { CREATED_AT },
});
