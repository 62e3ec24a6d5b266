import { Column, Entity, JoinColumn, ManyToOne, Unique } from 'typeorm';
import { User } from '../access/user.entity';
import { Row } from '../platform/row';

/** Somebody outside who is told what happens to change requests. */
@Entity('webhook')
@Unique('webhook_name_taken', ['name'])
export class Webhook extends Row {
  @Column('text')
  name!: string;

  @Column('text')
  url!: string;

  /** Kinds of messages that it wants. */
  @Column('text', { array: true })
  events!: string[];

  /** One that is not is told nothing; what waited for it before waits until it is again. */
  @Column('boolean')
  active!: boolean;

  /** What messages to it are signed with. Null until somebody has drawn one: until then it is told nothing. */
  @Column({ type: 'bytea', nullable: true })
  secretSealed!: Buffer | null;

  @Column({ type: 'timestamptz', nullable: true })
  secretDrawnAt!: Date | null;

  @Column('uuid')
  createdById!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'created_by_id', foreignKeyConstraintName: 'webhook_created_by' })
  createdBy?: User;
}
