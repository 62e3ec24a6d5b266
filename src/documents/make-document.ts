import { Readable } from 'node:stream';
import { subject } from '@casl/ability';
import { z } from 'zod';
import { forbid } from '../access/permissions';
import { Account } from '../accounts/account.entity';
import { Lob } from '../accounts/lob.entity';
import { Invoice } from '../billing/invoice.entity';
import { daysBetween, startOfDay } from '../platform/business-time';
import { canonicalBytes } from '../platform/canonical';
import type { Actor, App } from '../platform/context';
import { refuse } from '../platform/errors';
import { isId } from '../platform/ids';
import { pooled } from '../platform/pooled';
import { notFound } from '../platform/transaction';
import { sequenceNow } from '../rating/rate-account';
import { callsOfInvoice } from './calls-of-invoice';
import type { CallsAsked } from './calls-that-count';
import type { Period } from './invoice-document';
import { invoicePdf } from './invoice-pdf';
import { invoiceUbl } from './invoice-ubl';
import { SERVICE_LEVEL_SECONDS } from './kpi.rules';
import { CreditNote } from '../credits/credit-note.entity';
import { loadCreditNoteDocument, loadInvoiceDocument, withOneTaxALine } from './load-invoice-document';
import type { MadeDocument } from './made-document';
import { performanceOf } from './performance';
import { performancePdf } from './performance-pdf';
import { usageCsv } from './usage-csv';
import { usageRows } from './usage-rows';

/** What is asked for, as it stands in the address. */
export interface DocumentAsked {
  kind: string;
  id: string;
  file: string;
  query: unknown;
}

type Content = Pick<MadeDocument, 'type' | 'bytes'>;

const PDF = 'application/pdf';
const CSV = 'text/csv; charset=utf-8; header=present';

/**
 * Makes a document for somebody who may read what it tells of. Refuses with NOT_FOUND where there is no such document, and where they
 * may not know of it; with FORBIDDEN where they may read no calls.
 */
export async function makeDocument(app: App, actor: Actor, asked: DocumentAsked): Promise<MadeDocument> {
  if (asked.kind === 'invoices') return ofInvoice(app, actor, asked);
  if (asked.kind === 'credit-notes') return ofCreditNote(app, actor, asked);
  if (asked.kind === 'accounts') return ofAccount(app, actor, asked);
  return notFound('Document');
}

/** Letters of a name that any file may have. */
const asFileName = (text: string): string => text.replaceAll(/[^A-Za-z0-9.-]+/g, '-');

const whole = (type: string, body: Buffer): Content => ({ type, bytes: () => Readable.from([body]) });

async function ofInvoice(app: App, actor: Actor, { id, file }: DocumentAsked): Promise<MadeDocument> {
  const invoice = isId(id) ? await app.database.orm.manager.findOneBy(Invoice, { id }) : null;
  if (!invoice || !actor.ability.can('read', invoice)) return notFound('Invoice');
  const make = INVOICE_FILES.get(file) ?? notFound('Document');
  const content = await make(app, actor, invoice);
  const title = invoice.number ?? `draft-${invoice.id}`;
  return {
    ...content,
    fileName: asFileName(file.startsWith('invoice.') ? `${title}.${file.slice(8)}` : `${title}-${file}`),
    subject: { type: 'Invoice', id: invoice.id },
    what: file,
  };
}

/** By name, as the address has them: what any object has by itself is no file. */
function named<T>(files: Record<string, T>): ReadonlyMap<string, T> {
  return new Map(Object.entries(files));
}

const INVOICE_FILES = named<(app: App, actor: Actor, invoice: Invoice) => Promise<Content>>({
  'invoice.pdf': async (app, _actor, invoice) => whole(PDF, await invoicePdf(await loadInvoiceDocument(app, invoice))),
  'invoice.xml': async (app, _actor, invoice) =>
    whole('application/xml', invoiceUbl(withOneTaxALine(await loadInvoiceDocument(app, invoice)))),
  'usage.csv': async (app, actor, invoice) => {
    const { behind } = await standingOn(app, actor, invoice);
    return usageContent(app, behind);
  },
  'performance.pdf': async (app, actor, invoice) => {
    const { within, period } = await standingOn(app, actor, invoice);
    return performanceContent(app, within, period, SERVICE_LEVEL_SECONDS);
  },
});

/** The calls of an invoice, of all LOBs that its reader may read calls of. */
async function standingOn(app: App, actor: Actor, invoice: Invoice) {
  const calls = await callsOfInvoice(app, invoice);
  if (!calls) refuse('INVOICE_NOT_METERED', 'No calls stand behind this invoice.');
  const readable = await readableLobs(app, actor, invoice.accountId);
  const seen = (asked: CallsAsked): CallsAsked => ({
    ...asked,
    lobIds: readable === null ? asked.lobIds : readable.filter((id) => asked.lobIds?.includes(id) ?? true),
  });
  return { ...calls, behind: seen(calls.behind), within: seen(calls.within) };
}

async function ofCreditNote(app: App, actor: Actor, { id, file }: DocumentAsked): Promise<MadeDocument> {
  const note = isId(id) ? await app.database.orm.manager.findOneBy(CreditNote, { id }) : null;
  if (!note || !actor.ability.can('read', note)) return notFound('CreditNote');
  const make = CREDIT_NOTE_FILES.get(file) ?? notFound('Document');
  return {
    ...(await make(app, note)),
    fileName: asFileName(`${note.number}.${file.slice('credit-note.'.length)}`),
    subject: { type: 'CreditNote', id: note.id },
    what: file,
  };
}

const CREDIT_NOTE_FILES = named<(app: App, note: CreditNote) => Promise<Content>>({
  'credit-note.pdf': async (app, note) => whole(PDF, await invoicePdf(await loadCreditNoteDocument(app, note))),
  'credit-note.xml': async (app, note) =>
    whole('application/xml', invoiceUbl(withOneTaxALine(await loadCreditNoteDocument(app, note)))),
});

async function ofAccount(app: App, actor: Actor, { id, file, query }: DocumentAsked): Promise<MadeDocument> {
  const account = isId(id) ? await app.database.orm.manager.findOneBy(Account, { id }) : null;
  if (!account || !actor.ability.can('read', account)) return notFound('Account');
  const make = ACCOUNT_FILES.get(file) ?? notFound('Document');
  const { from, until, within } = periodIn(query);
  const asked: CallsAsked = {
    accountId: account.id,
    lobIds: await readableLobs(app, actor, account.id),
    from: startOfDay(from, account.timeZone),
    until: startOfDay(until, account.timeZone),
    // What comes later counts the next time: while a document is made, and sent, its calls stay the same.
    upTo: await sequenceNow(pooled(app), account.id),
    invoiceId: null,
  };
  return {
    ...(await make(app, asked, { from, until }, within)),
    fileName: asFileName(`${account.code}-${from}-${until}-${file}`),
    subject: { type: 'Account', id: account.id },
    what: `${file} ${from} ${until}`,
  };
}

const ACCOUNT_FILES = named<(app: App, asked: CallsAsked, period: Period, within: number) => Promise<Content>>({
  'usage.csv': (app, asked) => Promise.resolve(usageContent(app, asked)),
  'performance.pdf': performanceContent,
  'performance.json': async (app, asked, period, within) =>
    whole('application/json; charset=utf-8', canonicalBytes({ ...(await performed(app, asked, period, within)) })),
});

const usageContent = (app: App, asked: CallsAsked): Content => ({
  type: CSV,
  bytes: () => usageCsv(usageRows(app, asked)),
});

async function performanceContent(app: App, asked: CallsAsked, period: Period, within: number): Promise<Content> {
  return whole(PDF, await performancePdf(await performed(app, asked, period, within)));
}

async function performed(app: App, asked: CallsAsked, period: Period, serviceLevelSeconds: number) {
  const { legalName: accountName } = await app.database.orm.manager.findOneByOrFail(Account, { id: asked.accountId });
  return performanceOf(pooled(app), asked, { accountName, period, serviceLevelSeconds });
}

/** The LOBs whose calls somebody may read; null: all of the account's. Refuses with FORBIDDEN where there are none. */
async function readableLobs(app: App, actor: Actor, accountId: string): Promise<string[] | null> {
  const lobs = await app.database.orm.manager.findBy(Lob, { accountId });
  const may = (lobId: string | null) => actor.ability.can('read', subject('CallRecord', { accountId, lobId }));
  const readable = lobs.filter(({ id }) => may(id)).map(({ id }) => id);
  if (readable.length === 0 && !may(null)) forbid('read', 'CallRecord');
  return readable.length === lobs.length ? null : readable;
}

const day = z.iso.date();
const inAddress = z.object({
  from: day,
  until: day,
  within: z.coerce.number().int().min(1).max(3600).default(SERVICE_LEVEL_SECONDS),
});
const LONGEST_DAYS = 366;

/** Refuses with PERIOD_INVALID. */
function periodIn(query: unknown): z.infer<typeof inAddress> {
  const { data } = inAddress.safeParse(query);
  const days = data ? daysBetween(data.from, data.until) : 0;
  if (!data || days < 1 || days > LONGEST_DAYS || data.from < '2000-01-01')
    refuse('PERIOD_INVALID', 'Name `from` and `until`, two dates at most 366 days apart, and `within` in seconds.');
  return data;
}
