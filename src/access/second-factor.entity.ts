import { Check, Column, Entity, Index, JoinColumn, ManyToOne } from 'typeorm';
import { Row } from '../platform/row';
import { User } from './user.entity';

/**
 * An authenticator app of a user (TOTP, RFC 6238), and the codes for when it is lost. One that is drawn waits until its user has shown that it works; only then
 * does it take the place of an earlier one. A removed one keeps no secret.
 */
@Entity('second_factor')
@Index('second_factor_taken', ['userId'], {
  unique: true,
  where: 'removed_at IS NULL AND confirmed_at IS NOT NULL',
})
@Index('second_factor_waiting_taken', ['userId'], {
  unique: true,
  where: 'removed_at IS NULL AND confirmed_at IS NULL',
})
@Check('second_factor_removed', '(secret_sealed IS NULL) = (removed_at IS NOT NULL)')
export class SecondFactor extends Row {
  @Column('uuid')
  userId!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'second_factor_of_user' })
  user?: User;

  @Column({ type: 'bytea', nullable: true })
  secretSealed!: Buffer | null;

  /** The time step of the last code that was taken: neither it nor an earlier one is taken again. */
  @Column({ type: 'integer', default: 0 })
  lastStep!: number;

  /** SHA-256 of each recovery code that was not used yet. */
  @Column('text', { array: true })
  recoveryHashes!: string[];

  @Column({ type: 'timestamptz', nullable: true })
  confirmedAt!: Date | null;

  @Column({ type: 'timestamptz', nullable: true })
  removedAt!: Date | null;
}
