import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import { LegalEntity } from './legal-entity.entity';
import type { DocumentType } from './number-format.rules';

/**
 * The ledger of numbers: each that was given, to which document, and what became of it. Rows are added where the series stands and never
 * taken away; all that ever changes of one is that the document's voiding burns it, which a trigger does.
 */
@Entity('document_number')
@Unique('document_number_taken', ['legalEntityId', 'number'])
@Unique('document_number_first', ['legalEntityId', 'documentType', 'fiscalYear', 'firstInSeries'])
@Unique('document_number_last', ['legalEntityId', 'documentType', 'fiscalYear', 'lastInSeries'])
@Unique('document_number_one_invoice', ['invoiceId'])
@Unique('document_number_one_credit_note', ['creditNoteId'])
@Index('document_number_given', ['givenAt', 'id'])
@Check(
  'document_number_type',
  `document_type IN ('INVOICE','CREDIT_NOTE') AND (invoice_id IS NULL OR document_type = 'INVOICE') AND (credit_note_id IS NULL OR document_type = 'CREDIT_NOTE')`,
)
@Check(
  'document_number_explained',
  `state IN ('USED','VOIDED','BURNED') AND (state = 'BURNED') = (num_nonnulls(invoice_id, credit_note_id) = 0) AND (state = 'USED') = (ended_at IS NULL) AND (state = 'USED' OR reason IS NOT NULL)`,
)
@Check(
  'document_number_range',
  `first_in_series <= last_in_series AND (state = 'BURNED' OR first_in_series = last_in_series)`,
)
@Check('document_number_length', 'length(number) <= 40 AND length(last_number) <= 40')
export class DocumentNumber {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid')
  legalEntityId!: string;

  @ManyToOne(() => LegalEntity)
  @JoinColumn({ name: 'legal_entity_id', foreignKeyConstraintName: 'document_number_of_entity' })
  legalEntity?: LegalEntity;

  @Column('text')
  documentType!: DocumentType;

  @Column('integer')
  fiscalYear!: number;

  /** Several in one row are numbers that were burned at once. */
  @Column('integer')
  firstInSeries!: number;

  @Column('integer')
  lastInSeries!: number;

  /** The first of them as it is written. */
  @Column('text')
  number!: string;

  @Column('text')
  lastNumber!: string;

  @Column('text')
  state!: 'USED' | 'VOIDED' | 'BURNED';

  /** Why it was burned, by voiding or on purpose. */
  @Column({ type: 'text', nullable: true })
  reason!: string | null;

  @Column('timestamptz')
  givenAt!: Date;

  /** When it was burned. */
  @Column({ type: 'timestamptz', nullable: true })
  endedAt!: Date | null;

  @Column({ type: 'uuid', nullable: true })
  invoiceId!: string | null;

  // By name: invoices and credit notes come later in the house.
  @ManyToOne('Invoice')
  @JoinColumn({ name: 'invoice_id', foreignKeyConstraintName: 'document_number_of_invoice' })
  invoice?: unknown;

  @Column({ type: 'uuid', nullable: true })
  creditNoteId!: string | null;

  @ManyToOne('CreditNote')
  @JoinColumn({ name: 'credit_note_id', foreignKeyConstraintName: 'document_number_of_credit_note' })
  creditNote?: unknown;
}
