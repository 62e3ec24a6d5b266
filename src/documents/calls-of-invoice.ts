import type { Invoice } from '../billing/invoice.entity';
import type { App } from '../platform/context';
import type { CallsAsked } from './calls-that-count';
import type { Period } from './invoice-document';

/** The calls that an invoice stands on, and the days that they are of. */
export interface CallsOfInvoice {
  asked: CallsAsked;
  period: Period;
}

/**
 * The calls behind an invoice; null: it stands on none. So far lines are written by hand and no invoice does: rating puts
 * its cuts in here, and the CSV and the performance page of an invoice follow.
 */
export const callsOfInvoice = (_app: App, _invoice: Invoice): Promise<CallsOfInvoice | null> => Promise.resolve(null);
