import { Check, Column, Entity, JoinColumn, ManyToOne, Unique } from 'typeorm';
import { Lob } from '../accounts/lob.entity';
import { Row } from '../platform/row';
import { AgreementVersion } from './agreement-version.entity';
import type { Charge } from './charge.rules';
import type { Measure, Window } from './rate.rules';

/** What a version of an agreement asks for one measure. Never changed. */
@Entity('agreement_rate')
@Unique('agreement_rate_number', ['agreementVersionId', 'lineNumber'])
@Check(
  'agreement_rate_measure',
  `measure IN ('HANDLED_CALLS','TALK_TIME','WAIT_TIME','AGENT_HOURS','SEATS','RESOLVED_CONTACTS','COLLECTED_AMOUNT','FIXED_FEE')`,
)
@Check(
  'agreement_rate_increments',
  '(initial_seconds IS NULL) = (increment_seconds IS NULL) AND increment_seconds > 0 AND initial_seconds >= 0',
)
export class AgreementRate extends Row {
  @Column('uuid')
  agreementVersionId!: string;

  @ManyToOne(() => AgreementVersion)
  @JoinColumn({ name: 'agreement_version_id', foreignKeyConstraintName: 'agreement_rate_of_version' })
  agreementVersion?: AgreementVersion;

  /** 1, 2, 3 … */
  @Column('integer')
  lineNumber!: number;

  /** As it stands on the invoice. */
  @Column('text')
  name!: string;

  /** Null: all lines of business that the agreement is about, and that have no rate of their own for this measure. */
  @Column({ type: 'uuid', nullable: true })
  lobId!: string | null;

  @ManyToOne(() => Lob)
  @JoinColumn({ name: 'lob_id', foreignKeyConstraintName: 'agreement_rate_for_lob' })
  lob?: Lob;

  /** The service that calls were asked for, as their source names it. Null: whichever. */
  @Column({ type: 'text', nullable: true })
  service!: string | null;

  @Column('text')
  measure!: Measure;

  @Column('jsonb')
  charge!: Charge;

  /** Of talk or wait time: what of a call is billed at least, and in steps of what then. */
  @Column({ type: 'integer', nullable: true })
  initialSeconds!: number | null;

  @Column({ type: 'integer', nullable: true })
  incrementSeconds!: number | null;

  /** When calls begin that it is for, in the account's zone. Null: whenever no other rate is for. */
  @Column({ type: 'jsonb', nullable: true })
  windows!: Window[] | null;
}
