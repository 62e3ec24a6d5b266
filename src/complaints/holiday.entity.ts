import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { BusinessCalendar } from './business-calendar.entity';

/** A day on which nobody works, by one version of a calendar. */
@Entity('holiday')
export class Holiday {
  @PrimaryColumn('text')
  calendarCode!: string;

  @PrimaryColumn('integer')
  calendarVersion!: number;

  @ManyToOne(() => BusinessCalendar)
  @JoinColumn([
    { name: 'calendar_code', referencedColumnName: 'code', foreignKeyConstraintName: 'holiday_of_calendar' },
    {
      name: 'calendar_version',
      referencedColumnName: 'calendarVersion',
      foreignKeyConstraintName: 'holiday_of_calendar',
    },
  ])
  calendar?: BusinessCalendar;

  @PrimaryColumn('date')
  day!: string;

  @Column('text')
  name!: string;
}
