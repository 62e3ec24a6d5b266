import { Check, Column, Entity, Index, JoinColumn, ManyToOne } from 'typeorm';
import { Row } from '../platform/row';
import type { RoleName } from './permissions';
import { User } from './user.entity';

/** A role that somebody holds or held. Never deleted: who could do what on a day is in here. */
@Entity('role_grant')
@Index('role_grant_taken', ['userId', 'role'], { unique: true, where: 'revoked_at IS NULL' })
@Check('role_grant_account', `(role = 'client') = (account_id IS NOT NULL)`)
@Check('role_grant_by_same_person', 'granted_by_id IS DISTINCT FROM user_id')
export class RoleGrant extends Row {
  @Column('uuid')
  userId!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'role_grant_user' })
  user?: User;

  @Column('text')
  role!: RoleName;

  @Column({ type: 'uuid', nullable: true })
  accountId!: string | null;

  @ManyToOne('Account')
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'role_grant_of_account' })
  account?: unknown;

  /** Null for the first users of an installation, whom nobody could have granted anything. */
  @Column({ type: 'uuid', nullable: true })
  grantedById!: string | null;

  @Column({ type: 'timestamptz', nullable: true })
  revokedAt!: Date | null;

  @Column({ type: 'uuid', nullable: true })
  revokedById!: string | null;
}
