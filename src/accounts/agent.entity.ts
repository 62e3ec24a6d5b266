import { Column, Entity, Unique } from 'typeorm';
import { ERASED, Personal } from '../platform/personal';
import { Plain, Row } from '../platform/row';

/** Somebody who handles calls. Where they work is in their assignments. */
@Entity('agent')
@Plain('agent', 'code')
@Unique('agent_code_taken', ['code'])
export class Agent extends Row {
  @Column('text')
  code!: string;

  @Personal(() => ERASED)
  @Column('text')
  name!: string;

  /** First business date at work. */
  @Column('date')
  hiredOn!: string;
}
