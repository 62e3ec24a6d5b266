import { Account } from '../accounts/account.entity';
import { issuedAs } from '../billing/issued-as';
import { taxRowsOf } from '../billing/tax-total';
import { LegalEntity } from '../issuers/legal-entity.entity';
import { fiscalYearOf } from '../issuers/number-format.rules';
import { takeNumber } from '../issuers/take-number';
import { localDateOf } from '../platform/business-time';
import type { Transaction } from '../platform/transaction';
import { CreditNote, CreditNoteLine, CreditNoteTax } from './credit-note.entity';
import type { DraftedCreditNote } from './credit-note.rules';

/** Issues a credit note: at the very end of a transaction, since its series is locked from here on. The invoice is the caller's to change. */
export async function saveCreditNote(
  tx: Transaction,
  { creditNote, lines, taxes }: DraftedCreditNote,
): Promise<{ creditNote: string; number: string }> {
  const { id, legalEntityId, currency } = creditNote;
  const [issuer] = await tx.find(LegalEntity, { id: legalEntityId });
  const today = localDateOf(tx.now, issuer!.timeZone ?? tx.context.app.config.businessTimeZone);
  const [account] = await tx.find(Account, { id: creditNote.accountId });
  const as = issuedAs(issuer!, account!, localDateOf(tx.now, account!.timeZone));
  const fiscalYear = fiscalYearOf(today, issuer!.fiscalYearStartMonth);
  const taken = await takeNumber(tx, { legalEntityId, fiscalYear }, { creditNoteId: id }, async (number) => {
    await tx.insert(CreditNote, { ...creditNote, ...number, fiscalYear, issuedAs: as } as CreditNote);
    await tx.insert(CreditNoteLine, lines as CreditNoteLine[]);
    await tx.insert(
      CreditNoteTax,
      taxRowsOf(taxes, currency, tx.newId).map((tax) => ({ ...tax, creditNoteId: id })),
    );
  });
  return { creditNote: id, number: taken.number };
}
