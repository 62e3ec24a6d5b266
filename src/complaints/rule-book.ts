import type { Transaction } from '../platform/transaction';
import { ComplaintRule } from './complaint-rule.entity';
import type { RuleBook } from './complaint.rules';

/** Two days before, so that it holds in every zone. */
const CALENDARS = `SELECT c.code, c.calendar_version AS version, c.weekend,
    ARRAY(SELECT h.day::text FROM holiday h WHERE h.calendar_code = c.code AND h.calendar_version = c.calendar_version
      AND h.day >= ($2::timestamptz - interval '2 days')::date) AS holidays
  FROM (SELECT DISTINCT ON (code) * FROM business_calendar ORDER BY code, calendar_version DESC) c
  WHERE c.code = ANY($1::text[])`;

interface FoundCalendar {
  code: string;
  version: number;
  weekend: number[];
  holidays: string[];
}

/** The rules, and their calendars with the holidays from an instant on. */
export async function ruleBook(tx: Transaction, from: Date): Promise<RuleBook> {
  const rules = await tx.find(ComplaintRule, {});
  const calendars = await tx.query<FoundCalendar>(CALENDARS, [rules.map(({ calendarCode }) => calendarCode), from]);
  return { rules, calendars: calendars.map((calendar) => ({ ...calendar, holidays: new Set(calendar.holidays) })) };
}
