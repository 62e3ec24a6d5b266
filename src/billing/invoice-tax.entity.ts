import { Check, Column, Entity, JoinColumn, ManyToOne, Unique } from 'typeorm';
import { Plain } from '../platform/row';
import { Invoice } from './invoice.entity';
import { TaxTotalRow } from './tax-total.entity';

/** What an invoice says of one tax: the sums over its lines, which say the same. Never changed. */
@Entity('invoice_tax')
@Plain('invoice_tax', 'currency')
@Unique('invoice_tax_place', ['invoiceId', 'place'])
@Check('invoice_tax_category', `category IN ('S','Z','E','AE','K','G','O','L','M') AND percent BETWEEN 0 AND 100`)
export class InvoiceTax extends TaxTotalRow {
  @Column('uuid')
  invoiceId!: string;

  @ManyToOne(() => Invoice)
  @JoinColumn({ name: 'invoice_id', foreignKeyConstraintName: 'invoice_tax_of_invoice' })
  invoice?: Invoice;
}
