import { everything, type Node } from './xml-tree';

/**
 * What UBL 2.1 says of the elements that we write, as a table: of each aggregate its parts in the order of the schema, with those
 * that may be there several times marked `*` and those that must be there `!`. What is not in the table must not be written.
 */
const NAMESPACE = 'urn:oasis:names:specification:ubl:schema:xsd';
const BASIC = `${NAMESPACE}:CommonBasicComponents-2`;
const AGGREGATE = `${NAMESPACE}:CommonAggregateComponents-2`;

const PARTS: Record<string, string> = {
  Invoice:
    'CustomizationID ProfileID ID! IssueDate! DueDate InvoiceTypeCode Note* DocumentCurrencyCode BuyerReference InvoicePeriod* BillingReference* ' +
    'AccountingSupplierParty! AccountingCustomerParty! Delivery* PaymentMeans* PaymentTerms* TaxTotal* LegalMonetaryTotal! InvoiceLine*!',
  CreditNote:
    'CustomizationID ProfileID ID! IssueDate! CreditNoteTypeCode Note* DocumentCurrencyCode BuyerReference InvoicePeriod* BillingReference* ' +
    'AccountingSupplierParty! AccountingCustomerParty! Delivery* PaymentMeans* PaymentTerms* TaxTotal* LegalMonetaryTotal! CreditNoteLine*!',
  InvoicePeriod: 'StartDate EndDate',
  BillingReference: 'InvoiceDocumentReference',
  InvoiceDocumentReference: 'ID! IssueDate',
  AccountingSupplierParty: 'Party',
  AccountingCustomerParty: 'Party',
  Party: 'EndpointID PartyIdentification* PartyName* PostalAddress PartyTaxScheme* PartyLegalEntity*',
  PartyIdentification: 'ID!',
  PostalAddress: 'StreetName CityName PostalZone CountrySubentity Country',
  Address: 'StreetName CityName PostalZone CountrySubentity Country',
  Country: 'IdentificationCode Name',
  PartyTaxScheme: 'CompanyID TaxScheme!',
  TaxScheme: 'ID Name',
  PartyLegalEntity: 'RegistrationName CompanyID',
  Delivery: 'ActualDeliveryDate DeliveryLocation',
  DeliveryLocation: 'Address',
  PaymentMeans: 'PaymentMeansCode! PaymentDueDate PaymentID* PayeeFinancialAccount',
  PayeeFinancialAccount: 'ID Name FinancialInstitutionBranch',
  FinancialInstitutionBranch: 'ID',
  PaymentTerms: 'Note*',
  TaxTotal: 'TaxAmount! TaxSubtotal*',
  TaxSubtotal: 'TaxableAmount TaxAmount! TaxCategory!',
  TaxCategory: 'ID Percent TaxExemptionReasonCode TaxExemptionReason* TaxScheme!',
  ClassifiedTaxCategory: 'ID Percent TaxExemptionReasonCode TaxExemptionReason* TaxScheme!',
  LegalMonetaryTotal: 'LineExtensionAmount TaxExclusiveAmount TaxInclusiveAmount PayableAmount!',
  InvoiceLine: 'ID! Note* InvoicedQuantity LineExtensionAmount! InvoicePeriod* Item! Price',
  CreditNoteLine: 'ID! Note* CreditedQuantity LineExtensionAmount InvoicePeriod* Item Price',
  Item: 'Description* Name ClassifiedTaxCategory*',
  Price: 'PriceAmount! BaseQuantity',
};

/** Everything that the schema would not let be, in words. */
export function schemaFaults(root: Node): string[] {
  const faults = everything(root).flatMap((node) => faultsOf(node, node === root));
  return root.namespace === `${NAMESPACE}:${root.name}-2` ? faults : [...faults, `${root.name}: namespace`];
}

function faultsOf(node: Node, isRoot: boolean): string[] {
  const parts = PARTS[node.name]?.split(' ').map((part) => ({
    name: part.replace(/[*!]+$/, ''),
    many: part.includes('*'),
    must: part.includes('!'),
  }));
  const faults: string[] = [];
  if (!isRoot && node.namespace !== (parts ? AGGREGATE : BASIC)) faults.push(`${node.name}: namespace`);
  if (!parts)
    return node.children.length > 0 ? [...faults, `${node.name}: has parts`] : [...faults, ...textFaults(node)];
  let at = 0;
  for (const child of node.children) {
    const place = parts.findIndex(({ name }) => name === child.name);
    if (place < 0) faults.push(`${node.name}: ${child.name} does not belong there`);
    else if (place < at) faults.push(`${node.name}: ${child.name} is out of order`);
    at = Math.max(at, place);
  }
  for (const { name, many, must } of parts) {
    const count = node.children.filter((child) => child.name === name).length;
    if (count > 1 && !many) faults.push(`${node.name}: ${name} twice`);
    if (count === 0 && must) faults.push(`${node.name}: ${name} is missing`);
  }
  return faults;
}

/** Types of the schema, by how its names end: dates, amounts with their currency, decimals. */
function textFaults({ name, text, attributes }: Node): string[] {
  const decimal = /^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(text);
  if (name.endsWith('Date') && !/^\d{4}-\d\d-\d\d$/.test(text)) return [`${name}: no date`];
  if (name.endsWith('Amount') && (!decimal || !attributes.currencyID)) return [`${name}: no amount`];
  if ((name.endsWith('Quantity') || name === 'Percent') && !decimal) return [`${name}: no number`];
  return [];
}
