import { Check, Column, Entity, Index, JoinColumn, ManyToOne, Unique } from 'typeorm';
import { Plain, Row } from '../platform/row';
import { Account } from './account.entity';

/** A line of business: a service that is run for an account. */
@Entity('lob')
@Plain('lob', 'code')
@Unique('lob_code_taken', ['accountId', 'code'])
@Unique('lob_of_its_account', ['id', 'accountId'])
@Index('lob_of_account', ['accountId', 'id'])
@Check('lob_status', `status IN ('OPEN','CLOSED')`)
export class Lob extends Row {
  @Column('uuid')
  accountId!: string;

  @ManyToOne(() => Account)
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'lob_account' })
  account?: Account;

  @Column('text')
  code!: string;

  @Column('text')
  name!: string;

  @Column('text')
  status!: 'OPEN' | 'CLOSED';

  @Column({ type: 'timestamptz', nullable: true })
  closedAt!: Date | null;
}
