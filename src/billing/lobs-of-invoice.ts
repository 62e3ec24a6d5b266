import type { Transaction } from '../platform/transaction';
import type { Invoice } from './invoice.entity';

const LOBS = 'SELECT DISTINCT lob_id AS id FROM invoice_line WHERE invoice_id = $1 AND lob_id IS NOT NULL';

/** The lines of business that an invoice bills. Its lines never change once it is drafted: they need no lock. */
export const lobsOf = async (tx: Transaction, { id }: Pick<Invoice, 'id'>): Promise<string[]> =>
  (await tx.query<{ id: string }>(LOBS, [id])).map((lob) => lob.id);
