/**
 * An invoice or a credit note as it is written down, whatever it is written as. It is all that a PDF or an XML knows: the same
 * document makes the same bytes.
 */
export interface InvoiceDocument {
  kind: 'INVOICE' | 'CREDIT_NOTE';
  /** Null: a draft. */
  number: string | null;
  /** It was voided after it was issued. */
  voided: boolean;
  /** YYYY-MM-DD; null: a draft. */
  issuedOn: string | null;
  /** YYYY-MM-DD. */
  dueOn: string | null;
  /** ISO 4217 code of every amount. */
  currency: string;
  period: Period | null;
  seller: Party;
  buyer: Party;
  /** What the buyer asked to be quoted (BT-10). */
  buyerReference: string | null;
  /** Where to pay. */
  payment: { iban: string; bic: string | null } | null;
  /** What a credit note is about. */
  precedes: { number: string; issuedOn: string | null } | null;
  lines: readonly DocumentLine[];
  /** By category and percentage. */
  taxes: readonly DocumentTax[];
  subtotalMinor: bigint;
  taxMinor: bigint;
  totalMinor: bigint;
  notes: readonly string[];
}

/** Local dates, YYYY-MM-DD. */
export interface Period {
  from: string;
  /** The first day that is not of it any more. */
  until: string;
}

export interface Party {
  name: string;
  taxId: string | null;
  street: string | null;
  city: string | null;
  postalCode: string | null;
  subdivision: string | null;
  /** ISO 3166-1 alpha-2. */
  country: string | null;
  email: string | null;
}

export interface DocumentLine {
  lineNumber: number;
  description: string;
  lobName: string | null;
  /** Decimal text. */
  quantity: string;
  /** UN/ECE Recommendation 20. */
  unit: Unit;
  /** Decimal text, in the document's currency. */
  unitPrice: string;
  /** Without tax; below zero where it corrects. */
  amountMinor: bigint;
  /** Decimal text. */
  taxPercent: string;
  taxCategory: TaxCategory;
  period: Period | null;
  /** The invoice that it corrects. */
  correctsInvoiceNumber: string | null;
  /** What it is made of: tiers, a minimum, discounts. Told, and added up nowhere. */
  detail: readonly LineDetail[];
}

/** Texts as they are to be shown. */
export interface LineDetail {
  label: string;
  quantity: string | null;
  unitPrice: string | null;
  amount: string;
}

export interface DocumentTax {
  /** `VAT 20 %` */
  name: string;
  category: TaxCategory;
  /** Decimal text. */
  percent: string;
  taxableMinor: bigint;
  taxMinor: bigint;
  exemptionReason: string | null;
}

/** One, second, minute, hour, month, day: UN/ECE Recommendation 20. */
export type Unit = 'C62' | 'SEC' | 'MIN' | 'HUR' | 'MON' | 'DAY';

/** UNCL 5305, as far as EN 16931 takes it: standard, zero, exempt, reverse charge, intra-community, export, not subject to tax. */
export type TaxCategory = 'S' | 'Z' | 'E' | 'AE' | 'K' | 'G' | 'O';
