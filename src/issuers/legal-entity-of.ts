import { isId } from '../platform/ids';
import { notFound, type Transaction } from '../platform/transaction';
import { LegalEntity } from './legal-entity.entity';

/** The id of a legal entity that there is. Refuses with NOT_FOUND. */
export async function legalEntityOf(tx: Transaction, id: string): Promise<string> {
  const [found] = isId(id) ? await tx.find(LegalEntity, { id }) : [];
  return found?.id ?? notFound('LegalEntity');
}
