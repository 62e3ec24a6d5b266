import type { App } from '../platform/context';
import { snakeCase } from '../platform/database';
import { ask } from '../platform/pooled';
import { fieldsOf } from './erase-by-calendar';
import { erasedAt, type KeptType, OVER_SINCE } from './retention.rules';

/** What there is of a kind of value, and when the first of it goes. */
export interface RetentionStatus {
  /** `Complaint.customer.cardNumber` */
  field: string;
  /** 0: for good. */
  days: number;
  /** How many there are, and of how many what they were kept for is over. */
  kept: number;
  over: number;
  /** When the next of them is erased. */
  next: Date | null;
}

/** Of every sensitive field, what will be erased when, for people. */
export const retentionStatus = (app: App): Promise<RetentionStatus[]> =>
  Promise.all(
    (Object.keys(OVER_SINCE) as KeptType[]).flatMap((type) =>
      fieldsOf(app, type).map(async ({ entity, path, kind, columns }): Promise<RetentionStatus> => {
        const since = snakeCase(OVER_SINCE[type]);
        const text = `SELECT count(*)::int AS kept, count(${since})::int AS over, min(${since}) AS first FROM ${entity.tableName}
          WHERE ${columns}_sealed IS NOT NULL`;
        const [found] = await ask<{ kept: number; over: number; first: Date | null }>(app, { text, values: [] });
        const days = app.config.retentionDays[kind];
        const { kept, over, first } = found!;
        return { field: `${type}.${path}`, days, kept, over, next: erasedAt(days, first && new Date(first)) };
      }),
    ),
  );
