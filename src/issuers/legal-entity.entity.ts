import { Check, Column, Entity, Unique } from 'typeorm';
import { Plain, Row } from '../platform/row';

/** The one that everything belongs to unless told; a migration made it. */
export const MAIN_LEGAL_ENTITY_ID = '0193a000-0000-7000-8000-000000000001';

/** Who issues invoices and credit notes. What it says of itself stands on each of them: nothing of it is masked. */
@Entity('legal_entity')
@Plain('legal_entity', 'code')
@Unique('legal_entity_code_taken', ['code'])
@Check(
  'legal_entity_place',
  `country ~ '^[A-Z]{2}$' AND (subdivision IS NULL OR starts_with(subdivision, country || '-'))`,
)
@Check('legal_entity_fiscal_year', 'fiscal_year_start_month BETWEEN 1 AND 12')
export class LegalEntity extends Row {
  @Column('text')
  code!: string;

  @Column('text')
  legalName!: string;

  @Column({ type: 'text', nullable: true })
  taxId!: string | null;

  @Column({ type: 'text', nullable: true })
  street!: string | null;

  @Column({ type: 'text', nullable: true })
  city!: string | null;

  @Column({ type: 'text', nullable: true })
  postalCode!: string | null;

  /** ISO 3166-2: `IN-KA`. */
  @Column({ type: 'text', nullable: true })
  subdivision!: string | null;

  /** ISO 3166-1 alpha-2. Null until somebody says, for the one that was always there. */
  @Column({ type: 'text', nullable: true })
  country!: string | null;

  @Column({ type: 'text', nullable: true })
  email!: string | null;

  @Column({ type: 'text', nullable: true })
  iban!: string | null;

  @Column({ type: 'text', nullable: true })
  bic!: string | null;

  /** IANA zone of its books; that of the installation unless told. */
  @Column({ type: 'text', nullable: true })
  timeZone!: string | null;

  /** 1 to 12. A fiscal year is named after the calendar year in which it begins. */
  @Column('integer')
  fiscalYearStartMonth!: number;

  @Column('text')
  invoiceNumberFormat!: string;

  @Column('text')
  creditNoteNumberFormat!: string;
}
