import { Check, Column, Entity, Exclusion, Index, JoinColumn, ManyToOne } from 'typeorm';
import { Row } from '../platform/row';
import { Agent } from './agent.entity';
import { Lob } from './lob.entity';

/**
 * An agent's work on a LOB, from a date until another. Kept as history; no two of one agent overlap. `endsOn` is the
 * first date that does not belong to it any more: one that ends on the date it starts never took effect.
 */
@Entity('assignment')
@Index('assignment_agent', ['agentId', 'id'])
@Index('assignment_lob', ['lobId', 'id'])
@Check('assignment_dates', 'ends_on IS NULL OR ends_on >= starts_on')
@Exclusion('assignment_overlaps', `USING gist (agent_id WITH =, daterange(starts_on, ends_on) WITH &&)`)
export class Assignment extends Row {
  @Column('uuid')
  agentId!: string;

  @ManyToOne(() => Agent)
  @JoinColumn({ name: 'agent_id', foreignKeyConstraintName: 'assignment_of_agent' })
  agent?: Agent;

  @Column('uuid')
  lobId!: string;

  @ManyToOne(() => Lob)
  @JoinColumn({ name: 'lob_id', foreignKeyConstraintName: 'assignment_to_lob' })
  lob?: Lob;

  @Column('date')
  startsOn!: string;

  @Column({ type: 'date', nullable: true })
  endsOn!: string | null;

  @Column({ type: 'text', nullable: true })
  endReason!: string | null;
}
