import { Check, Column, Entity, Index, JoinColumn, ManyToOne } from 'typeorm';
import { Row } from '../platform/row';
import type { RoleName } from './permissions';
import { User } from './user.entity';

/** A role that somebody holds or held. Never deleted: who could do what on a day is in here. */
@Entity('role_grant')
// NULLS NOT DISTINCT, which TypeORM cannot say.
@Index('role_grant_taken', ['userId', 'role', 'accountId', 'lobId'], { unique: true, where: 'revoked_at IS NULL' })
@Index('role_grant_ends', ['endsAt'], { where: 'revoked_at IS NULL AND ends_at IS NOT NULL' })
@Check(
  'role_grant_account',
  `CASE role WHEN 'client' THEN account_id IS NOT NULL WHEN 'admin' THEN account_id IS NULL ELSE true END`,
)
@Check('role_grant_lob', 'lob_id IS NULL OR account_id IS NOT NULL')
@Check('role_grant_by_same_person', 'granted_by_id IS DISTINCT FROM user_id')
export class RoleGrant extends Row {
  @Column('uuid')
  userId!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'role_grant_user' })
  user?: User;

  @Column('text')
  role!: RoleName;

  /** It holds over this account alone; null: over all of them. */
  @Column({ type: 'uuid', nullable: true })
  accountId!: string | null;

  @ManyToOne('Account')
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'role_grant_of_account' })
  account?: unknown;

  /** It holds over this LOB of the account alone. */
  @Column({ type: 'uuid', nullable: true })
  lobId!: string | null;

  @ManyToOne('Lob')
  @JoinColumn([
    { name: 'lob_id', referencedColumnName: 'id', foreignKeyConstraintName: 'role_grant_lob_of_account' },
    { name: 'account_id', referencedColumnName: 'accountId', foreignKeyConstraintName: 'role_grant_lob_of_account' },
  ])
  lob?: unknown;

  /** The first instant at which it gives nothing any more; null: it lasts until it is revoked. */
  @Column({ type: 'timestamptz', nullable: true })
  endsAt!: Date | null;

  /** Null for the first users of an installation, whom nobody could have granted anything. */
  @Column({ type: 'uuid', nullable: true })
  grantedById!: string | null;

  @Column({ type: 'timestamptz', nullable: true })
  revokedAt!: Date | null;

  /** Null also when it ended by itself: then `revokedAt` is `endsAt`. */
  @Column({ type: 'uuid', nullable: true })
  revokedById!: string | null;
}
