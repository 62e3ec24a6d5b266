import { DateTime } from 'luxon';
import type { ToInstant } from './call-times.rules';

/** Clocks change at whole quarters of an hour. */
const QUARTER = 900_000;
const REMEMBERED = 10_000;

/**
 * Which instant a local time is in a zone, both in ms. Where clocks go back, one of the two that it may be, always the same; where they go forward, what
 * is skipped lies as far behind the change as it would have. Calls come about in the order of time, so an offset serves many of them.
 */
export function zoneClock(zone: string): ToInstant {
  const offsets = new Map<number, number>();
  return (local) => {
    const quarter = Math.floor(local / QUARTER);
    let offset = offsets.get(quarter);
    if (offset === undefined) {
      if (offsets.size >= REMEMBERED) offsets.clear();
      offset = local - DateTime.fromMillis(local, { zone: 'UTC' }).setZone(zone, { keepLocalTime: true }).toMillis();
      offsets.set(quarter, offset);
    }
    return local - offset;
  };
}
