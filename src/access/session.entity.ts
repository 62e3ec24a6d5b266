import { Check, Column, Entity, Index, JoinColumn, ManyToOne, Unique } from 'typeorm';
import { Row } from '../platform/row';
import { User } from './user.entity';

/** How its bearer got in. */
export type SessionKind = 'PASSWORD' | 'OPENID' | 'API_KEY';

/**
 * Somebody who is let in: with a password, with a token of another issuer, or as a system with a key. The token itself is nowhere: only its
 * hash is kept. One of a key has the key's id.
 */
@Entity('session')
@Unique('session_token', ['tokenHash'])
@Index('session_opened', ['userId', 'createdAt'])
@Unique('session_assertion', ['assertionDigest'])
@Check('session_kind', `kind IN ('PASSWORD','OPENID','API_KEY')`)
@Check('session_of_assertion', `(kind = 'OPENID') = (assertion_digest IS NOT NULL)`)
@Check('session_strong', `strong_until IS NULL OR kind = 'OPENID'`)
@Check('session_of_key', `(kind = 'API_KEY') = (scopes IS NOT NULL)`)
@Index('session_user', ['userId'], { where: 'ended_at IS NULL' })
export class Session extends Row {
  /** A trigger raises the version, too, when what its user may do changes. */
  static readonly versionMoves = true;

  /** Moved by whoever answers its requests: see session-uses.ts. */
  static readonly movesUntold = ['lastSeenAt', 'idleUntil'];

  @Column('uuid')
  userId!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'session_of_user' })
  user?: User;

  @Column('text', { default: 'PASSWORD' })
  kind?: SessionKind;

  /** SHA-256 of the token. */
  @Column('bytea')
  tokenHash!: Buffer;

  /** SHA-256 of what is signed of another issuer's token: one that ended does not come back under another signature. */
  @Column({ type: 'bytea', nullable: true })
  assertionDigest?: Buffer | null;

  /** The roles that count in it, of those that its user holds; null: all of them. */
  @Column('text', { array: true, nullable: true })
  roles?: string[] | null;

  /** Until when it counts that a token of another issuer told of two factors; null: it told of no such thing. */
  @Column({ type: 'timestamptz', nullable: true })
  strongUntil?: Date | null;

  /** Its token lacks the scope for anything but reading. */
  @Column('boolean', { default: false })
  readsOnly?: boolean;

  /** What a key may be used for, of what its user may; null: no key. */
  @Column('text', { array: true, nullable: true })
  scopes?: string[] | null;

  @Column('timestamptz')
  expiresAt!: Date;

  /** When its user last gave a one-time code in it. */
  @Column({ type: 'timestamptz', nullable: true })
  secondFactorAt?: Date | null;

  @Column({ type: 'timestamptz', nullable: true })
  lastSeenAt?: Date | null;

  /** Over at this instant unless it is used before. Null: it may rest as long as it lasts. */
  @Column({ type: 'timestamptz', nullable: true })
  idleUntil?: Date | null;

  @Column({ type: 'timestamptz', nullable: true })
  endedAt!: Date | null;
}
