import holidays from './data/holidays.json';

type Query = (sql: string, values?: unknown[]) => Promise<unknown>;

/**
 * The weekends of the calendars. They have changed: the Emirates rested on Friday and Saturday until 2021, Saudi Arabia
 * on Thursday and Friday until June 2013. Version 1 holds what is so today, for all years; business days before that are
 * a new version's to tell.
 */
const FRIDAY_AND_SATURDAY = [5, 6];
const SATURDAY_AND_SUNDAY = [6, 7];
const WEEKENDS: Record<string, number[]> = { SA: FRIDAY_AND_SATURDAY, IL: FRIDAY_AND_SATURDAY };

const RULES = [
  {
    code: 'default',
    channel: null,
    acknowledge: [5, 'BUSINESS'],
    resolve: [15, 'CALENDAR'],
    source:
      'Resolving: CFPB company portal, a response is timely within 15 calendar days. Acknowledging: after 12 CFR 1024.35(d), 5 business days.',
  },
  {
    code: 'phone',
    channel: 'PHONE',
    acknowledge: [2, 'BUSINESS'],
    resolve: [10, 'BUSINESS'],
    source: 'House rule: whoever has called us is answered sooner.',
  },
] as const;

const INSERT_CALENDARS = `INSERT INTO business_calendar (id, code, calendar_version, weekend, source)
  SELECT gen_random_uuid(), code, 1, string_to_array(weekend, ',')::int[], $3 FROM unnest($1::text[], $2::text[]) AS c (code, weekend)
  ON CONFLICT DO NOTHING`;

const INSERT_HOLIDAYS = `INSERT INTO holiday (calendar_code, calendar_version, day, name)
  SELECT code, 1, day, name FROM unnest($1::text[], $2::date[], $3::text[]) AS h (code, day, name)
  ON CONFLICT DO NOTHING`;

const INSERT_RULES = `INSERT INTO complaint_rule (id, code, rule_version, effective_from, channel, calendar_code,
    acknowledge_days, acknowledge_kind, resolve_days, resolve_kind, source)
  SELECT gen_random_uuid(), code, 1, date '2000-01-01', channel, 'US', acknowledge_days, acknowledge_kind, resolve_days, resolve_kind, source
  FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::int[], $6::text[], $7::text[])
    AS r (code, channel, acknowledge_days, acknowledge_kind, resolve_days, resolve_kind, source)
  ON CONFLICT DO NOTHING`;

/** Puts the calendars and the default rules there, version 1 of each. What is there already stays. For a migration. */
export async function seedComplaintData(query: Query): Promise<void> {
  const calendars = Object.entries(holidays.calendars);
  const codes = calendars.map(([code]) => code);
  await query(INSERT_CALENDARS, [
    codes,
    codes.map((code) => (WEEKENDS[code] ?? SATURDAY_AND_SUNDAY).join()),
    holidays.source,
  ]);
  const days = calendars.flatMap(([code, of]) => of.map(([day, name]) => ({ code, day, name })));
  await query(INSERT_HOLIDAYS, [
    days.map(({ code }) => code),
    days.map(({ day }) => day),
    days.map(({ name }) => name),
  ]);
  await query(INSERT_RULES, [
    RULES.map(({ code }) => code),
    RULES.map(({ channel }) => channel),
    RULES.map(({ acknowledge }) => acknowledge[0]),
    RULES.map(({ acknowledge }) => acknowledge[1]),
    RULES.map(({ resolve }) => resolve[0]),
    RULES.map(({ resolve }) => resolve[1]),
    RULES.map(({ source }) => source),
  ]);
}
