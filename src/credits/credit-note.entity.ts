import { Check, Column, Entity, Index, JoinColumn, ManyToOne, Unique } from 'typeorm';
import { User } from '../access/user.entity';
import { Account } from '../accounts/account.entity';
import { InvoiceLine } from '../billing/invoice-line.entity';
import { Invoice } from '../billing/invoice.entity';
import type { IssuedAs } from '../billing/issued-as';
import { minorUnits } from '../billing/minor-units';
import type { KeptTax } from '../billing/tax-total';
import { TaxTotalRow } from '../billing/tax-total.entity';
import { LegalEntity } from '../issuers/legal-entity.entity';
import { Plain, Row } from '../platform/row';
import type { CreditReason } from './credit-note.rules';

/** What is given back of an invoice. It is issued as it is made, and never changed. */
@Entity('credit_note')
@Plain('credit_note', 'currency')
@Unique('credit_note_number', ['legalEntityId', 'number'])
@Unique('credit_note_place_in_series', ['legalEntityId', 'fiscalYear', 'numberInSeries'])
@Index('credit_note_of_an_invoice', ['invoiceId', 'createdAt', 'id'])
@Index('credit_note_of_an_account', ['accountId', 'createdAt', 'id'])
@Index('credit_note_created', ['createdAt', 'id'])
@Check('credit_note_total', 'total_minor = subtotal_minor + tax_minor AND total_minor > 0')
@Check(
  'credit_note_reason',
  `reason_code IN ('BILLED_TWICE','WRONG_RATE','WRONG_QUANTITY','SERVICE_FAILURE','GOODWILL','DISPUTE_CONCEDED','OTHER')`,
)
export class CreditNote extends Row {
  @Column('uuid')
  invoiceId!: string;

  @ManyToOne(() => Invoice)
  @JoinColumn({ name: 'invoice_id', foreignKeyConstraintName: 'credit_note_of_invoice' })
  invoice?: Invoice;

  /** The invoice's account. */
  @Column('uuid')
  accountId!: string;

  @ManyToOne(() => Account)
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'credit_note_account' })
  account?: Account;

  /** Who issued the invoice. */
  @Column('uuid')
  legalEntityId!: string;

  @ManyToOne(() => LegalEntity)
  @JoinColumn({ name: 'legal_entity_id', foreignKeyConstraintName: 'credit_note_legal_entity' })
  legalEntity?: LegalEntity;

  @Column('text')
  reasonCode!: CreditReason;

  @Column({ type: 'text', nullable: true })
  note!: string | null;

  @Column('text')
  currency!: string;

  @Column({ type: 'bigint', transformer: minorUnits })
  subtotalMinor!: bigint;

  @Column({ type: 'bigint', transformer: minorUnits })
  taxMinor!: bigint;

  @Column({ type: 'bigint', transformer: minorUnits })
  totalMinor!: bigint;

  @Column('text')
  number!: string;

  @Column('integer')
  fiscalYear!: number;

  @Column('integer')
  numberInSeries!: number;

  @Column('timestamptz')
  issuedAt!: Date;

  @Column('uuid')
  issuedById!: string;

  /** Null of what was issued before this was kept. */
  @Column({ type: 'jsonb', nullable: true })
  issuedAs!: IssuedAs | null;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'issued_by_id', foreignKeyConstraintName: 'credit_note_issued_by' })
  issuedBy?: User;
}

/** What a credit note gives back of one line. */
@Entity('credit_note_line')
@Plain('credit_note_line', 'currency')
@Unique('credit_note_line_number', ['creditNoteId', 'lineNumber'])
@Unique('credit_note_line_repeated', ['creditNoteId', 'lineId'])
@Index('credit_note_line_of_a_line', ['lineId'])
@Check('credit_note_line_total', 'total_minor = amount_minor + tax_minor AND total_minor > 0')
export class CreditNoteLine extends Row {
  @Column('uuid')
  creditNoteId!: string;

  @ManyToOne(() => CreditNote)
  @JoinColumn({ name: 'credit_note_id', foreignKeyConstraintName: 'credit_note_line_of_note' })
  creditNote?: CreditNote;

  /** 1, 2, 3 … */
  @Column('integer')
  lineNumber!: number;

  /** The line of the invoice. */
  @Column('uuid')
  lineId!: string;

  @ManyToOne(() => InvoiceLine)
  @JoinColumn({ name: 'line_id', foreignKeyConstraintName: 'credit_note_line_of_line' })
  line?: InvoiceLine;

  @Column('text')
  currency!: string;

  /** Without tax. */
  @Column({ type: 'bigint', transformer: minorUnits })
  amountMinor!: bigint;

  @Column({ type: 'bigint', transformer: minorUnits })
  taxMinor!: bigint;

  @Column({ type: 'bigint', transformer: minorUnits })
  totalMinor!: bigint;

  @Column('jsonb')
  taxes!: KeptTax[];
}

/** What a credit note says of one tax: the sums over its lines. Never changed. */
@Entity('credit_note_tax')
@Plain('credit_note_tax', 'currency')
@Unique('credit_note_tax_place', ['creditNoteId', 'place'])
@Check('credit_note_tax_category', `category IN ('S','Z','E','AE','K','G','O','L','M') AND percent BETWEEN 0 AND 100`)
export class CreditNoteTax extends TaxTotalRow {
  @Column('uuid')
  creditNoteId!: string;

  @ManyToOne(() => CreditNote)
  @JoinColumn({ name: 'credit_note_id', foreignKeyConstraintName: 'credit_note_tax_of_credit_note' })
  creditNote?: CreditNote;
}
