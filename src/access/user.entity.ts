import { Column, Entity, Unique } from 'typeorm';
import { Row } from '../platform/row';

/** Somebody who can sign in. What they may do is in their role grants. */
@Entity('app_user')
@Unique('user_email_taken', ['email'])
export class User extends Row {
  @Column('text')
  name!: string;

  /** In lower case. */
  @Column('text')
  email!: string;

  /** argon2id, in PHC form with its parameters. */
  @Column('text')
  passwordHash!: string;

  @Column({ type: 'timestamptz', nullable: true })
  deactivatedAt!: Date | null;
}
