import { Check, Column, Entity, Index, JoinColumn, ManyToOne, Unique } from 'typeorm';
import { InvoiceLine } from '../billing/invoice-line.entity';
import { Invoice } from '../billing/invoice.entity';
import { minorUnits } from '../billing/minor-units';
import { Plain, Row } from '../platform/row';

/** A client's disagreement with lines of an invoice. */
@Entity('dispute')
@Plain('dispute', 'currency')
@Index('dispute_of_invoice', ['invoiceId', 'createdAt', 'id'])
@Index('dispute_of_account', ['accountId', 'createdAt', 'id'])
@Index('dispute_created', ['createdAt', 'id'])
@Check('dispute_status', `status IN ('OPEN','RESOLVED','WITHDRAWN')`)
@Check(
  'dispute_resolution',
  `(status = 'RESOLVED') = (resolution IS NOT NULL) AND (status = 'RESOLVED') = (resolved_by_id IS NOT NULL) AND (resolution IS NULL OR resolution IN ('ACCEPTED','PARTLY_ACCEPTED','REJECTED'))`,
)
@Check('dispute_resolved_by_same_person', 'resolved_by_id <> opened_by_id')
@Check('dispute_claim_exceeded', 'claimed_minor > 0 AND accepted_minor BETWEEN 0 AND claimed_minor')
export class Dispute extends Row {
  @Column('uuid')
  invoiceId!: string;

  @ManyToOne(() => Invoice)
  @JoinColumn({ name: 'invoice_id', foreignKeyConstraintName: 'dispute_invoice' })
  invoice?: Invoice;

  /** The invoice's account. */
  @Column('uuid')
  accountId!: string;

  @Column('text')
  status!: 'OPEN' | 'RESOLVED' | 'WITHDRAWN';

  @Column({ type: 'text', nullable: true })
  resolution!: 'ACCEPTED' | 'PARTLY_ACCEPTED' | 'REJECTED' | null;

  @Column('text')
  reasonCode!: string;

  @Column({ type: 'text', nullable: true })
  note!: string | null;

  @Column('text')
  currency!: string;

  @Column({ type: 'bigint', transformer: minorUnits })
  claimedMinor!: bigint;

  @Column({ type: 'bigint', transformer: minorUnits })
  acceptedMinor!: bigint;

  @Column('uuid')
  openedById!: string;

  @Column({ type: 'uuid', nullable: true })
  resolvedById!: string | null;

  /** When it was resolved or withdrawn. */
  @Column({ type: 'timestamptz', nullable: true })
  closedAt!: Date | null;

  @Column({ type: 'text', nullable: true })
  resolutionNote!: string | null;
}

/** What a dispute claims of one line. */
@Entity('dispute_item')
@Plain('dispute_item', 'currency')
@Unique('dispute_item_repeated', ['disputeId', 'lineId'])
@Index('dispute_item_line', ['lineId'])
@Check('dispute_item_exceeded', 'amount_minor > 0 AND accepted_minor BETWEEN 0 AND amount_minor')
export class DisputeItem extends Row {
  @Column('uuid')
  disputeId!: string;

  @ManyToOne(() => Dispute)
  @JoinColumn({ name: 'dispute_id', foreignKeyConstraintName: 'dispute_item_of_dispute' })
  dispute?: Dispute;

  @Column('uuid')
  lineId!: string;

  @ManyToOne(() => InvoiceLine)
  @JoinColumn({ name: 'line_id', foreignKeyConstraintName: 'dispute_item_of_line' })
  line?: InvoiceLine;

  @Column('text')
  currency!: string;

  @Column({ type: 'bigint', transformer: minorUnits })
  amountMinor!: bigint;

  /** Null until the dispute is resolved. */
  @Column({ type: 'bigint', nullable: true, transformer: minorUnits })
  acceptedMinor!: bigint | null;
}
