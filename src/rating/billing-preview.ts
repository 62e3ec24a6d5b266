import { mayOf } from '../access/permissions';
import { Account } from '../accounts/account.entity';
import type { Context } from '../platform/context';
import { isId } from '../platform/ids';
import { notFound } from '../platform/transaction';
import { shownMoney, totalsOf } from '../billing/invoice.rules';
import { formatMinor } from '../platform/money';
import { startOfDay } from '../platform/business-time';
import { billOf } from './bill-account';
import type { BillingPreview, PreviewedInvoice } from './billing-preview.type';
import type { Figures } from './billing-run.entity';
import type { Draft } from './draft.rules';
import type { AccountTerms } from './account-terms';
import { taxedDraft } from './line-tax.rules';
import { assertPeriod } from './run-billing';

/** What a run would draft of an account. Refuses with NOT_FOUND, FORBIDDEN and BILLING_PERIOD_INVALID. */
export async function previewBilling(
  { app, actor }: Context,
  { accountId, ...period }: { accountId: string; from: string; until: string },
): Promise<BillingPreview> {
  const account = isId(accountId) ? await app.database.orm.manager.findOneBy(Account, { id: accountId }) : null;
  if (!account || !actor) return notFound('Account');
  const may = mayOf(actor);
  may('read', account);
  may.create('run', 'BillingRun', { accountId: account.id });
  assertPeriod(period);
  const now = new Date(Math.max(app.clock().getTime(), startOfDay(period.until, account.timeZone).getTime()));
  const { terms, drafts, figures, heldBack, unratedCalls } = await billOf(app, account.id, { period, now });
  return {
    invoices: drafts.map((draft, place) => previewed(draft, terms, figures[place]!)),
    unratedCalls,
    heldBackCycles: heldBack.length,
  };
}

function previewed(draft: Draft, terms: AccountTerms, figures: Figures): PreviewedInvoice {
  const { currency, from, until } = draft;
  const { lines } = taxedDraft(draft, terms);
  const money = (minor: bigint) => shownMoney(minor, currency);
  const { subtotalMinor, taxMinor, totalMinor } = totalsOf(lines);
  return {
    periodFrom: from,
    periodUntil: until,
    subtotal: money(subtotalMinor),
    tax: money(taxMinor),
    total: money(totalMinor),
    lines: lines.map((line) => ({
      lineNumber: line.lineNumber,
      kind: line.kind,
      description: line.description,
      quantity: line.quantity,
      unitPrice: line.unitPrice,
      amount: money(line.amountMinor),
      tax: money(line.taxMinor),
      total: money(line.totalMinor),
      detail: [...line.detail],
    })),
    figures: {
      periodFrom: from,
      periodUntil: until,
      currency,
      subtotal: formatMinor(BigInt(figures.subtotalMinor), currency),
      lines: figures.lines,
      usualSubtotal: figures.usualMinor === null ? null : formatMinor(BigInt(figures.usualMinor), currency),
      usualLines: figures.usualLines,
      blown: figures.blown,
    },
  };
}
