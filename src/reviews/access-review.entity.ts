import { Check, Column, Entity, Index, JoinColumn, ManyToOne, Unique } from 'typeorm';
import { ApiKey } from '../access/api-key.entity';
import type { RoleName } from '../access/permissions';
import { RoleGrant } from '../access/role-grant.entity';
import { User } from '../access/user.entity';
import { Row } from '../platform/row';

/** A campaign: people look at who has what, each for a part of it, until an instant. */
@Entity('access_review')
@Index('access_review_due', ['dueAt'], { where: 'closed_at IS NULL' })
@Check('access_review_closed', 'num_nulls(closed_at, json_digest, csv_digest) IN (0, 3)')
export class AccessReview extends Row {
  @Column('text')
  name!: string;

  /** From this instant on nobody answers any more: no answer means revoke. */
  @Column('timestamptz')
  dueAt!: Date;

  /** Who started it, and makes the change requests that follow from it. */
  @Column('uuid')
  startedById!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'started_by_id', foreignKeyConstraintName: 'access_review_started_by' })
  startedBy?: User;

  @Column('text')
  reason!: string;

  @Column({ type: 'timestamptz', nullable: true })
  closedAt!: Date | null;

  /** SHA-256 of the evidence as JSON, in hex. */
  @Column({ type: 'text', nullable: true })
  jsonDigest!: string | null;

  /** The same as CSV. */
  @Column({ type: 'text', nullable: true })
  csvDigest!: string | null;
}

export type ReviewVerdict = 'KEEP' | 'REDUCE' | 'REVOKE';

/** A grant, or the key of a system, as it was when the campaign began, and what its reviewer said. */
@Entity('access_review_item')
@Unique('access_review_item_repeated', ['accessReviewId', 'roleGrantId'])
@Unique('access_review_item_key_repeated', ['accessReviewId', 'apiKeyId'])
@Index('access_review_item_by_reviewer', ['reviewerId', 'id'])
@Index('access_review_item_to_remedy', ['id'], { where: `remedied_at IS NULL AND verdict IN ('REDUCE','REVOKE')` })
@Check('access_review_item_verdict', `verdict IN ('KEEP','REDUCE','REVOKE')`)
@Check('access_review_item_decided', 'num_nulls(verdict, reason, decided_at) IN (0, 3)')
@Check('access_review_item_unanswered', `decided_by_id IS NOT NULL OR verdict IS NULL OR verdict = 'REVOKE'`)
@Check('access_review_item_remedied', `remedied_at IS NULL OR verdict IN ('REDUCE','REVOKE')`)
@Check(
  'access_review_item_of_grant_or_key',
  'num_nulls(role_grant_id, api_key_id) = 1 AND (role_grant_id IS NULL) = (role IS NULL) AND (api_key_id IS NULL) = (scopes IS NULL)',
)
@Check('access_review_item_key_kept_or_revoked', `api_key_id IS NULL OR verdict <> 'REDUCE'`)
@Check('access_review_item_reviewed_by_same_person', 'decided_by_id <> user_id AND reviewer_id <> user_id')
export class AccessReviewItem extends Row {
  @Column('uuid')
  accessReviewId!: string;

  @ManyToOne(() => AccessReview)
  @JoinColumn({ name: 'access_review_id', foreignKeyConstraintName: 'access_review_item_of_review' })
  accessReview?: AccessReview;

  @Column({ type: 'uuid', nullable: true })
  roleGrantId!: string | null;

  @ManyToOne(() => RoleGrant)
  @JoinColumn({ name: 'role_grant_id', foreignKeyConstraintName: 'access_review_item_grant' })
  roleGrant?: RoleGrant;

  @Column('uuid')
  userId!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'access_review_item_user' })
  user?: User;

  @Column({ type: 'text', nullable: true })
  role!: RoleName | null;

  @Column({ type: 'uuid', nullable: true })
  apiKeyId!: string | null;

  @ManyToOne(() => ApiKey)
  @JoinColumn({ name: 'api_key_id', foreignKeyConstraintName: 'access_review_item_api_key' })
  apiKey?: ApiKey;

  /** Of a key: what it may be used for. */
  @Column('text', { array: true, nullable: true })
  scopes!: string[] | null;

  @Column({ type: 'uuid', nullable: true })
  accountId!: string | null;

  @Column({ type: 'uuid', nullable: true })
  lobId!: string | null;

  @Column({ type: 'timestamptz', nullable: true })
  endsAt!: Date | null;

  @Column('timestamptz')
  grantedAt!: Date;

  /** Who proposed the grant, or made the key. */
  @Column({ type: 'uuid', nullable: true })
  grantedById!: string | null;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'granted_by_id', foreignKeyConstraintName: 'access_review_item_granted_by' })
  grantedBy?: User;

  /** When its user last did something or signed in since they have it, by the trail; of a key, when it was last used. Null: never. */
  @Column({ type: 'timestamptz', nullable: true })
  lastUsedAt!: Date | null;

  @Column('uuid')
  reviewerId!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'reviewer_id', foreignKeyConstraintName: 'access_review_item_reviewer' })
  reviewer?: User;

  @Column({ type: 'text', nullable: true })
  verdict!: ReviewVerdict | null;

  @Column({ type: 'text', nullable: true })
  reason!: string | null;

  @Column({ type: 'timestamptz', nullable: true })
  decidedAt!: Date | null;

  /** Null also where nobody answered in time. */
  @Column({ type: 'uuid', nullable: true })
  decidedById!: string | null;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'decided_by_id', foreignKeyConstraintName: 'access_review_item_decided_by' })
  decidedBy?: User;

  @Column({ type: 'uuid', nullable: true })
  reduceToAccountId!: string | null;

  @Column({ type: 'uuid', nullable: true })
  reduceToLobId!: string | null;

  @Column({ type: 'timestamptz', nullable: true })
  reduceToEndsAt!: Date | null;

  /** When what follows from it was proposed, or could not be. */
  @Column({ type: 'timestamptz', nullable: true })
  remediedAt!: Date | null;

  @Column('uuid', { array: true, nullable: true })
  changeRequestIds!: string[] | null;

  /** Why it could not be proposed: a refusal's code. */
  @Column({ type: 'text', nullable: true })
  remedyCode!: string | null;
}
