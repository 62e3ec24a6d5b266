import { Column, PrimaryColumn } from 'typeorm';
import type { TaxCategory } from '../taxes/tax.rules';
import { minorUnits } from './minor-units';

/** What a document says of one tax. */
export abstract class TaxTotalRow {
  @PrimaryColumn('uuid')
  id!: string;

  /** 1, 2, 3 … */
  @Column('integer')
  place!: number;

  @Column('text')
  name!: string;

  /** UNCL5305. */
  @Column('text')
  category!: TaxCategory;

  @Column({ type: 'numeric', precision: 7, scale: 4 })
  percent!: string;

  @Column('text')
  currency!: string;

  /** Net amounts of the lines that it is due on. */
  @Column({ type: 'bigint', transformer: minorUnits })
  taxableMinor!: bigint;

  @Column({ type: 'bigint', transformer: minorUnits })
  taxMinor!: bigint;

  @Column({ type: 'text', nullable: true })
  exemptionReason!: string | null;
}
