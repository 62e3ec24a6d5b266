import { Column, Entity, Unique } from 'typeorm';
import { Plain, Row } from '../platform/row';

/**
 * When an operation needs a second person. Data, so that it can be changed without a release; changed by an operation
 * that itself always needs a second person.
 */
@Entity('approval_policy')
@Plain('approval_policy', 'when_currency')
@Unique('approval_policy_taken', ['operation'])
export class ApprovalPolicy extends Row {
  /** Name of the operation. */
  @Column('text')
  operation!: string;

  @Column('boolean')
  active!: boolean;

  /** Holders of any of these roles may decide. */
  @Column('text', { array: true })
  approverRoles!: string[];

  /** Only when one of these fields would change; null: whichever. */
  @Column('text', { array: true, nullable: true })
  whenFields!: string[] | null;

  /** Only above this amount, in minor units; null: whatever the amount. */
  @Column({ type: 'bigint', nullable: true })
  whenAmountAboveMinor!: string | null;

  /** The currency of that amount. Null: the bare number counts, whatever the currency. An amount in another one counts as above. */
  @Column({ type: 'text', nullable: true })
  whenCurrency!: string | null;

  /** How long a request waits before it expires, in hours. */
  @Column('integer')
  expiresAfterHours!: number;
}
