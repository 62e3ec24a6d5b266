import { Check, Column, Entity, Unique } from 'typeorm';
import { Plain, Row } from '../platform/row';

/** How much is at stake, as an operation says of itself. */
export type Risk = 'LOW' | 'MEDIUM' | 'HIGH';

/** ROW: any change of a row that it is about makes a request stale. FIELDS: only one of what it would change. */
export type Freshness = 'ROW' | 'FIELDS';

/** Who has to say yes: so many of them. */
export interface ApprovalStep {
  /** Steps of one stage are open together, the next stage when all of them are done. */
  stage: number;
  name?: string | null;
  /** Holders of any of these roles. */
  roles: string[];
  /** Ids of users, whatever their roles. */
  people: string[];
  quorum: number;
}

/**
 * When an operation needs other people, and whom. Data, so that it can be changed without a release; changed by operations
 * that themselves always need a second person.
 */
@Entity('approval_policy')
@Plain('approval_policy', 'when_currency')
@Unique('approval_policy_taken', ['operation', 'name'])
@Check('approval_policy_freshness', `freshness IN ('ROW','FIELDS')`)
@Check('approval_policy_risk', `when_risk_at_least IN ('LOW','MEDIUM','HIGH')`)
@Check('approval_policy_escalates', '(escalate_after_hours IS NULL) = (escalate_to_roles IS NULL)')
export class ApprovalPolicy extends Row {
  /** Name of the operation. */
  @Column('text')
  operation!: string;

  /** Which of the operation's policies; each has a `standard` one. */
  @Column('text', { default: 'standard' })
  name!: string;

  @Column('boolean')
  active!: boolean;

  /** Policies with a tier chain: the steps of the lowest that match come first. Null: it stands for itself. */
  @Column({ type: 'integer', nullable: true })
  tier!: number | null;

  @Column('jsonb')
  steps!: ApprovalStep[];

  /** Only when one of these fields would change; null: whichever. */
  @Column('text', { array: true, nullable: true })
  whenFields!: string[] | null;

  /** Only above this amount, in minor units; null: whatever the amount. */
  @Column({ type: 'bigint', nullable: true })
  whenAmountAboveMinor!: string | null;

  /** The currency of that amount. Null: the bare number counts, whatever the currency. An amount in another one is converted. */
  @Column({ type: 'text', nullable: true })
  whenCurrency!: string | null;

  /** Only about one of these accounts; null: whichever. */
  @Column('uuid', { array: true, nullable: true })
  whenAccountIds!: string[] | null;

  /** Only about one of these lines of business; null: whichever. */
  @Column('uuid', { array: true, nullable: true })
  whenLobIds!: string[] | null;

  /** Only of one of these categories; null: whichever. */
  @Column('text', { array: true, nullable: true })
  whenCategories!: string[] | null;

  /** Only at this risk or a higher one; null: whatever the risk. */
  @Column({ type: 'text', nullable: true })
  whenRiskAtLeast!: Risk | null;

  @Column('text', { default: 'ROW' })
  freshness!: Freshness;

  /** How long a request waits before it expires, in hours. */
  @Column('integer')
  expiresAfterHours!: number;

  /** How often those who may decide are reminded, in hours; null: never. */
  @Column({ type: 'integer', nullable: true })
  remindAfterHours!: number | null;

  /** After how many hours others may decide, too; null: never. */
  @Column({ type: 'integer', nullable: true })
  escalateAfterHours!: number | null;

  /** Those others: holders of any of these roles. */
  @Column('text', { array: true, nullable: true })
  escalateToRoles!: string[] | null;
}
