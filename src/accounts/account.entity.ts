import { Check, Column, Entity, Index, Unique } from 'typeorm';
import { SensitiveValue } from '../access/sensitive-value';
import { Plain, Row } from '../platform/row';

/** A client company. */
@Entity('account')
@Plain('account', 'code', 'currency')
@Unique('account_code_taken', ['code'])
@Index('account_tax_id_digest', ['taxId.digest'], { where: 'tax_id_digest IS NOT NULL' })
@Index('account_bank_account_number_digest', ['bankAccountNumber.digest'], {
  where: 'bank_account_number_digest IS NOT NULL',
})
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

  @Column(() => SensitiveValue)
  taxId!: SensitiveValue;

  @Column(() => SensitiveValue)
  bankAccountNumber!: SensitiveValue;

  @Column({ type: 'timestamptz', nullable: true })
  closedAt!: Date | null;
}
