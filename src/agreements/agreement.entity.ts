import { Column, Entity, Index, JoinColumn, ManyToOne, Unique } from 'typeorm';
import { Account } from '../accounts/account.entity';
import { Plain, Row } from '../platform/row';

/** What was agreed with a client. What it says is in its versions; here is what no amendment changes. */
@Entity('agreement')
@Plain('agreement', 'code', 'currency')
@Unique('agreement_code_taken', ['accountId', 'code'])
@Index('agreement_of_account', ['accountId', 'id'])
export class Agreement extends Row {
  @Column('uuid')
  accountId!: string;

  @ManyToOne(() => Account)
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'agreement_account' })
  account?: Account;

  @Column('text')
  code!: string;

  @Column('text')
  name!: string;

  /** ISO 4217 code of all of its rates. */
  @Column('text')
  currency!: string;

  /** The first day on which it holds no more, in the account's zone. */
  @Column({ type: 'date', nullable: true })
  endsOn!: string | null;

  @Column('integer', { default: 1 })
  latestVersion!: number;
}
