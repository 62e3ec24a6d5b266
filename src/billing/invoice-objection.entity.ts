import { Column, Entity, Index, JoinColumn, ManyToOne } from 'typeorm';
import { User } from '../access/user.entity';
import { Row } from '../platform/row';
import { Invoice } from './invoice.entity';

/** What a client said against an invoice that they were shown. Kept for good. */
@Entity('invoice_objection')
@Index('invoice_objection_of_invoice', ['invoiceId', 'objectedAt'])
export class InvoiceObjection extends Row {
  @Column('uuid')
  invoiceId!: string;

  @ManyToOne(() => Invoice)
  @JoinColumn({ name: 'invoice_id', foreignKeyConstraintName: 'invoice_objection_to' })
  invoice?: Invoice;

  @Column('uuid')
  objectedById!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'objected_by_id', foreignKeyConstraintName: 'invoice_objection_by' })
  objectedBy?: User;

  @Column('timestamptz')
  objectedAt!: Date;

  @Column('text')
  reason!: string;
}
