import { Check, Column, Entity, Index, JoinColumn, ManyToOne, Unique } from 'typeorm';
import { ERASED, Personal } from '../platform/personal';
import { Row } from '../platform/row';

/** Somebody who can sign in. What they may do is in their role grants. */
@Entity('app_user')
@Unique('user_email_taken', ['email'])
@Unique('oidc_subject_taken', ['oidcSubject'])
@Check('app_user_service_has_no_password', `NOT service OR password_hash = ''`)
@Check('app_user_former_passwords', 'cardinality(former_password_hashes) <= 4')
@Index('app_user_of_person', ['personId'], { where: 'person_id IS NOT NULL' })
export class User extends Row {
  @Personal(() => ERASED)
  @Column('text')
  name!: string;

  /** In lower case. Erased, it is one that can belong to nobody (RFC 2606), and no other's. */
  @Personal(({ id }) => `erased-${id}@invalid`)
  @Column('text')
  email!: string;

  /** argon2id, in PHC form with its parameters; empty while there is none: of who was invited, or is to choose another. Whoever is erased may use that password elsewhere. */
  @Personal(() => '')
  @Column('text')
  passwordHash!: string;

  /** Hashes of the passwords before it, the latest first: see former-passwords.ts. */
  @Personal()
  @Column('text', { array: true, nullable: true })
  formerPasswordHashes?: string[] | null;

  /** Who else knows the password, since they chose it: until the user has changed it, their roles give them nothing. */
  @Column({ type: 'uuid', nullable: true })
  passwordSetById!: string | null;

  /** When they set it. Null, where somebody else set it: when the user was made. */
  @Column({ type: 'timestamptz', nullable: true })
  passwordSetAt?: Date | null;

  /** Since when they have a second factor. */
  @Column({ type: 'timestamptz', nullable: true })
  secondFactorAt?: Date | null;

  /** When they were let in again, where they had been deactivated. */
  @Column({ type: 'timestamptz', nullable: true })
  activeSince?: Date | null;

  /** The first user of the same person, where somebody has several. Set once. */
  @Column({ type: 'uuid', nullable: true })
  personId?: string | null;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'person_id', foreignKeyConstraintName: 'app_user_person' })
  person?: User;

  /** A system's: made with its first API key, and without a password that it could sign in with. */
  @Column('boolean', { default: false })
  service?: boolean;

  /** Issuer and subject of the tokens by which they are known, in two words. */
  @Personal()
  @Column({ type: 'text', nullable: true })
  oidcSubject?: string | null;

  /** When somebody first said by which subject they are known, also if by none: since then no address makes anybody this user. Set once. */
  @Column({ type: 'timestamptz', nullable: true })
  oidcLinkedAt?: Date | null;

  @Column({ type: 'timestamptz', nullable: true })
  deactivatedAt!: Date | null;
}
