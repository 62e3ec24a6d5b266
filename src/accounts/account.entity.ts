import { Check, Column, Entity, Index, JoinColumn, ManyToOne, Unique } from 'typeorm';
import { SensitiveValue } from '../access/sensitive-value';
import { LegalEntity, MAIN_LEGAL_ENTITY_ID } from '../issuers/legal-entity.entity';
import { Plain, Row } from '../platform/row';

/** A client company. */
@Entity('account')
@Plain('account', 'code', 'currency')
@Unique('account_code_taken', ['code'])
@Index('account_tax_id_digest', ['taxId.digest'], { where: 'tax_id_digest IS NOT NULL' })
@Index('account_bank_account_number_digest', ['bankAccountNumber.digest'], {
  where: 'bank_account_number_digest IS NOT NULL',
})
@Index('account_email_digest', ['email.digest'], { where: 'email_digest IS NOT NULL' })
@Check('account_place', `country ~ '^[A-Z]{2}$' AND (subdivision IS NULL OR starts_with(subdivision, country || '-'))`)
@Check('account_status', `status IN ('OPEN','CLOSED')`)
export class Account extends Row {
  /** Short, upper case, for people. */
  @Column('text')
  code!: string;

  @Column('text')
  legalName!: string;

  @Column('text')
  status!: 'OPEN' | 'CLOSED';

  /** ISO 4217 code that it is billed in. */
  @Column('text')
  currency!: string;

  /** IANA zone that its business dates belong to. */
  @Column('text')
  timeZone!: string;

  /** Who bills it. */
  @Column({ type: 'uuid', default: MAIN_LEGAL_ENTITY_ID })
  legalEntityId!: string;

  @ManyToOne(() => LegalEntity)
  @JoinColumn({ name: 'legal_entity_id', foreignKeyConstraintName: 'account_legal_entity' })
  legalEntity?: LegalEntity;

  @Column({ type: 'text', nullable: true })
  street!: string | null;

  @Column({ type: 'text', nullable: true })
  city!: string | null;

  @Column({ type: 'text', nullable: true })
  postalCode!: string | null;

  /** ISO 3166-2, within the country. */
  @Column({ type: 'text', nullable: true })
  subdivision!: string | null;

  /** ISO 3166-1 alpha-2. */
  @Column({ type: 'text', nullable: true })
  country!: string | null;

  /** What the client wants to read on its invoices (EN 16931, BT-10). */
  @Column({ type: 'text', nullable: true })
  buyerReference!: string | null;

  /** Where its invoices go to. */
  @Column(() => SensitiveValue)
  email!: SensitiveValue;

  @Column(() => SensitiveValue)
  taxId!: SensitiveValue;

  @Column(() => SensitiveValue)
  bankAccountNumber!: SensitiveValue;

  @Column({ type: 'timestamptz', nullable: true })
  closedAt!: Date | null;
}
