import { Check, Column, Entity, Index, JoinColumn, ManyToOne } from 'typeorm';
import { Row } from '../platform/row';
import { User } from './user.entity';

/** How many sensitive values somebody may see beyond those of every day, until an instant. It is drawn upon one by one. */
@Entity('reveal_allowance')
@Index('reveal_allowance_of_user', ['userId', 'expiresAt'])
@Check('reveal_allowance_exceeded', 'used >= 0 AND used <= reveals')
export class RevealAllowance extends Row {
  @Column('uuid')
  userId!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'reveal_allowance_user' })
  user?: User;

  @Column('integer')
  reveals!: number;

  @Column({ type: 'integer', default: 0 })
  used!: number;

  @Column('timestamptz')
  expiresAt!: Date;
}
