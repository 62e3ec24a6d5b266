import { Check, Column, Entity, JoinColumn, ManyToOne } from 'typeorm';
import { Row } from '../platform/row';
import { User } from './user.entity';

/** A key of a system. Its secret is nowhere: the session of its id holds the hash, and says whether it is let in. */
@Entity('api_key')
@Check('api_key_drawn', '(prefix IS NULL) = (drawn_at IS NULL)')
@Check('api_key_overlap', '(replaces_id IS NULL) = (overlap_hours IS NULL)')
@Check('api_key_lasts', `expires_at <= created_at + interval '366 days'`)
export class ApiKey extends Row {
  @Column('text')
  name!: string;

  /** The system's user: whose grants it acts with. A key that replaces another has the same. */
  @Column('uuid')
  userId!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'api_key_of_user' })
  user?: User;

  @Column('text', { array: true })
  scopes!: string[];

  @Column('timestamptz')
  expiresAt!: Date;

  @Column('uuid')
  createdById!: string;

  @ManyToOne(() => User)
  @JoinColumn({ name: 'created_by_id', foreignKeyConstraintName: 'api_key_created_by' })
  createdBy?: User;

  /** The key in whose place it comes, and for how long both work. */
  @Column({ type: 'uuid', nullable: true })
  replacesId!: string | null;

  @ManyToOne(() => ApiKey)
  @JoinColumn({ name: 'replaces_id', foreignKeyConstraintName: 'api_key_replaces' })
  replaces?: ApiKey;

  @Column({ type: 'integer', nullable: true })
  overlapHours!: number | null;

  /** How its secret begins; null until somebody has drawn it. */
  @Column({ type: 'text', nullable: true })
  prefix!: string | null;

  @Column({ type: 'timestamptz', nullable: true })
  drawnAt!: Date | null;

  @Column({ type: 'timestamptz', nullable: true })
  revokedAt!: Date | null;
}
