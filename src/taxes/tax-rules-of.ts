import type { Askable } from '../platform/pooled';
import type { TaxRuleTerms } from './tax.rules';

const RULES = `SELECT legal_entity_id AS "legalEntityId", account_id AS "accountId", country, subdivision, valid_from::text AS "validFrom",
    valid_until::text AS "validUntil", components
  FROM tax_rule WHERE legal_entity_id = $1`;

/** Every rule of a legal entity, for `taxesFor` to choose from. They need no lock: they never change but for their end. */
export const taxRulesOf = (ask: Askable, legalEntityId: string): Promise<TaxRuleTerms[]> =>
  ask.query<TaxRuleTerms>(RULES, [legalEntityId]);
