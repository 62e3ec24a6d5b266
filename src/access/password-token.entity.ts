import { Column, Entity, Index, JoinColumn, ManyToOne, Unique } from 'typeorm';
import { Row } from '../platform/row';
import { User } from './user.entity';

/** Lets somebody who has no password choose one, once. The token itself is nowhere: only its hash is kept. */
@Entity('password_token')
@Unique('password_token_hash', ['tokenHash'])
@Index('password_token_taken', ['userId'], { unique: true, where: 'ended_at IS NULL' })
export class PasswordToken extends Row {
  @Column('uuid')
  userId!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'password_token_of_user' })
  user?: User;

  /** Who drew it, and handed it on. */
  @Column('uuid')
  drawnById!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'drawn_by_id', foreignKeyConstraintName: 'password_token_drawn_by' })
  drawnBy?: User;

  /** SHA-256 of the token. */
  @Column('bytea')
  tokenHash!: Buffer;

  @Column('timestamptz')
  expiresAt!: Date;

  /** When it was used, or another was drawn in its place. */
  @Column({ type: 'timestamptz', nullable: true })
  endedAt!: Date | null;
}
