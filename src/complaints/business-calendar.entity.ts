import { Column, Entity, Unique } from 'typeorm';
import { Row } from '../platform/row';

/** A version of the days on which nobody works. Never changed: corrections are a new version. */
@Entity('business_calendar')
@Unique('business_calendar_version', ['code', 'calendarVersion'])
export class BusinessCalendar extends Row {
  @Column('text')
  code!: string;

  @Column('integer')
  calendarVersion!: number;

  /** ISO weekdays, 1 (Monday) to 7 (Sunday). */
  @Column('integer', { array: true })
  weekend!: number[];

  /** Where the holidays come from. */
  @Column('text')
  source!: string;
}
