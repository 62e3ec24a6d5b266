import type { Account } from '../accounts/account.entity';
import type { LegalEntity } from '../issuers/legal-entity.entity';

/** Somebody on a document. Tax ids of clients are sensitive and stand on none. */
export interface IssuedParty {
  readonly name: string;
  readonly taxId: string | null;
  readonly street: string | null;
  readonly city: string | null;
  readonly postalCode: string | null;
  readonly subdivision: string | null;
  readonly country: string | null;
  readonly email: string | null;
}

/** Who issued a document to whom, on which day of the client's zone, as both were then: what becomes of them later changes no document. */
export interface IssuedAs {
  readonly issuedOn: string;
  readonly seller: IssuedParty;
  readonly buyer: IssuedParty;
  readonly buyerReference: string | null;
  readonly payment: { readonly iban: string; readonly bic: string | null } | null;
}

type Place = Pick<LegalEntity, 'street' | 'city' | 'postalCode' | 'subdivision' | 'country'>;

const placed = ({ street, city, postalCode, subdivision, country }: Place): Place => ({
  street,
  city,
  postalCode,
  subdivision,
  country,
});

export const issuedAs = (
  issuer: LegalEntity,
  account: Pick<Account, 'legalName' | 'buyerReference' | keyof Place>,
  issuedOn: string,
): IssuedAs => ({
  issuedOn,
  seller: { name: issuer.legalName, taxId: issuer.taxId, ...placed(issuer), email: issuer.email },
  buyer: { name: account.legalName, taxId: null, ...placed(account), email: null },
  buyerReference: account.buyerReference,
  payment: issuer.iban === null ? null : { iban: issuer.iban, bic: issuer.bic },
});
