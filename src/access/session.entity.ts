import { Column, Entity, Index, JoinColumn, ManyToOne, Unique } from 'typeorm';
import { Row } from '../platform/row';
import { User } from './user.entity';

/** A signed-in session. The token itself is nowhere: only its hash is kept. */
@Entity('session')
@Unique('session_token', ['tokenHash'])
@Index('session_opened', ['userId', 'createdAt'])
@Index('session_user', ['userId'], { where: 'ended_at IS NULL' })
export class Session extends Row {
  /** A trigger raises the version, too, when what its user may do changes. */
  static readonly versionMoves = true;

  @Column('uuid')
  userId!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'session_of_user' })
  user?: User;

  /** SHA-256 of the token. */
  @Column('bytea')
  tokenHash!: Buffer;

  @Column('timestamptz')
  expiresAt!: Date;

  /** When its user last gave a one-time code in it. */
  @Column({ type: 'timestamptz', nullable: true })
  secondFactorAt?: Date | null;

  @Column({ type: 'timestamptz', nullable: true })
  endedAt!: Date | null;
}
