import { setImmediate } from 'node:timers/promises';
import type { DocumentLine, InvoiceDocument, Party } from './invoice-document';
import { ACCENT, FAINT, INK, PAGE, RULE, Sheet, WIDE } from './sheet';
import { addressOf, amountInWords, dayInWords, grouped, periodInWords, shortDecimal, titleOf, UNITS } from './wording';

/** Columns of the lines: left edge and width, in points. */
const NUMBER = { x: PAGE.left, width: 22 };
const WHAT = { x: PAGE.left + 26, width: 232 };
const QUANTITY = { x: PAGE.left + 264, width: 70 };
const PRICE = { x: PAGE.left + 338, width: 66 };
const TAX = { x: PAGE.left + 408, width: 30 };
const AMOUNT = { x: PAGE.left + 440, width: WIDE - 440 };

const SMALL = { size: 7.5, colour: FAINT } as const;
const GAP = 5;

/** Lines that are drawn before somebody else has a turn. */
const AT_ONCE = 20;
/** Lines that stay with the totals at least, so that no page has those alone. */
const KEPT = 3;

/** An invoice or a credit note for people, as PDF: to the byte the same for the same document. */
export async function invoicePdf(document: InvoiceDocument): Promise<Buffer> {
  const title = titleOf(document);
  const asOf = new Date(`${document.issuedOn ?? '2000-01-01'}T00:00:00Z`);
  const sheet = await Sheet.open({ title, author: document.seller.name, asOf });
  stamp(sheet, document);
  head(sheet, document);
  columns(sheet, document);
  for (const [index, line] of document.lines.entries()) {
    lineOf(sheet, document, line);
    // Others are served meanwhile.
    if (index % AT_ONCE === AT_ONCE - 1) await setImmediate();
  }
  if (document.lines.length === 0)
    sheet.y += sheet.text('Nothing is billed.', WHAT.x, sheet.y, WHAT.width, { colour: FAINT }) + GAP;
  totals(sheet, document);
  ending(sheet, document);
  return sheet.finish((page, pages) => foot(sheet, document, page, pages));
}

/** What it is not says so across every page. */
function stamp(sheet: Sheet, { number, voided }: InvoiceDocument): void {
  if (voided) sheet.stamp('VOIDED');
  else if (number === null) sheet.stamp('DRAFT');
}

function head(sheet: Sheet, document: InvoiceDocument): void {
  const { number, voided, seller, buyer } = document;
  const left = WIDE * 0.56;
  const state = voided ? ' (VOIDED)' : number === null ? ' – DRAFT' : '';
  const heading = `${document.kind === 'INVOICE' ? 'Invoice' : 'Credit note'}${state}`;
  const tall = sheet.text(seller.name, PAGE.left, sheet.y, left, {
    size: 13,
    weight: 'bold',
    colour: ACCENT,
    align: 'left',
  });
  sheet.figure(heading, PAGE.left + left, sheet.y - 3, WIDE - left, { size: 18, weight: 'bold' });
  sheet.y += Math.max(tall, 26) + 2;
  const top = sheet.y;
  let under = sheet.y + party(sheet, { ...seller, name: '' }, PAGE.left, sheet.y, left - 20);
  under += 18;
  under += sheet.text('Bill to', PAGE.left, under, left, { ...SMALL, weight: 'bold' }) + 1;
  under += party(sheet, buyer, PAGE.left, under, left - 20);
  const facts = factsUnder(sheet, document, top);
  sheet.y = Math.max(under, facts) + 20;
}

/** A party's name and whatever is known of it. Returns the height. */
function party(sheet: Sheet, of: Party, x: number, y: number, width: number): number {
  let at = y;
  if (of.name) at += sheet.text(of.name, x, at, width, { size: 10.5, weight: 'bold', align: 'left' }) + 1;
  const known = [...addressOf(of), of.taxId && `Tax id ${of.taxId}`, of.email];
  for (const line of known) if (line) at += sheet.text(line, x, at, width, { size: 8.5, align: 'left' });
  return at - y;
}

/** Number, dates and references, at the right. Returns where they end. */
function factsUnder(sheet: Sheet, document: InvoiceDocument, top: number): number {
  const { number, issuedOn, dueOn, period, precedes, buyerReference, currency } = document;
  const facts: [string, string | null][] = [
    ['Number', number ?? 'none: a draft'],
    ['Date', issuedOn && dayInWords(issuedOn)],
    ['Due', dueOn && dayInWords(dueOn)],
    ['Period', period && periodInWords(period)],
    ['Your reference', buyerReference],
    [
      document.kind === 'CREDIT_NOTE' ? 'Credits invoice' : 'Corrects invoice',
      precedes && `${precedes.number}${precedes.issuedOn ? ` of ${dayInWords(precedes.issuedOn)}` : ''}`,
    ],
    ['Currency', currency],
  ];
  const x = PAGE.left + WIDE * 0.58;
  let y = top;
  for (const [name, value] of facts) {
    if (!value) continue;
    const lines = sheet.lines(value, 132);
    sheet.text(name, x, y, 74, { colour: FAINT });
    sheet.draw(lines, PAGE.right - 132, y, 132, { align: 'right' });
    y += sheet.heightOf(lines) + 2.5;
  }
  return y;
}

/** The head of the lines, on each page anew. */
function columns(sheet: Sheet, { currency }: InvoiceDocument): void {
  const style = { size: 7.5, weight: 'bold', colour: FAINT } as const;
  sheet.text('#', NUMBER.x, sheet.y, NUMBER.width, style);
  sheet.text('Description', WHAT.x, sheet.y, WHAT.width, style);
  sheet.figure('Quantity', QUANTITY.x, sheet.y, QUANTITY.width, style);
  sheet.figure('Unit price', PRICE.x, sheet.y, PRICE.width, style);
  sheet.figure('Tax %', TAX.x, sheet.y, TAX.width, style);
  sheet.figure(`Amount ${currency}`, AMOUNT.x, sheet.y, AMOUNT.width, style);
  sheet.y += 13;
  sheet.rule(sheet.y, { colour: INK, width: 0.9 });
  sheet.y += GAP;
}

function turn(sheet: Sheet, document: InvoiceDocument): void {
  sheet.addPage();
  stamp(sheet, document);
  sheet.text(`${titleOf(document)}, continued`, PAGE.left, sheet.y, WIDE, SMALL);
  sheet.y += 18;
}

/** A line's texts, broken. */
function brokenLine(sheet: Sheet, line: DocumentLine) {
  const what = sheet.lines(line.description, WHAT.width);
  const about = [
    line.lobName,
    line.period && periodInWords(line.period),
    line.correctsInvoiceNumber && `corrects ${line.correctsInvoiceNumber}`,
  ].filter(Boolean);
  const under = about.length > 0 ? sheet.lines(about.join(' · '), WHAT.width, SMALL) : [];
  const details = line.detail.map((each) => ({ ...each, lines: sheet.lines(each.label, WHAT.width - 10, SMALL) }));
  const height =
    sheet.heightOf(what) +
    sheet.heightOf(under, SMALL) +
    details.reduce((sum, { lines }) => sum + sheet.heightOf(lines, SMALL), 0) +
    2 * GAP;
  return { what, under, details, height };
}

/** Points that must be there to begin a line: of the last ones, all that stays together. */
function roomFor(sheet: Sheet, document: InvoiceDocument, line: DocumentLine, height: number): number {
  const index = document.lines.indexOf(line);
  if (index < document.lines.length - KEPT) return height;
  const rest = document.lines.slice(index + 1).reduce((sum, each) => sum + brokenLine(sheet, each).height, 0);
  return height + rest + totalsHeight(document);
}

/** Points of a page that lines may fill. */
const BODY = PAGE.bottom - PAGE.top - 40;

function lineOf(sheet: Sheet, document: InvoiceDocument, line: DocumentLine): void {
  const { what, under, details, height } = brokenLine(sheet, line);
  const together = roomFor(sheet, document, line, height);
  const needTurn = () => {
    turn(sheet, document);
    columns(sheet, document);
  };
  if (!sheet.hasRoom(together <= BODY ? together : Math.min(height, BODY / 3))) needTurn();
  const { y } = sheet;
  sheet.text(String(line.lineNumber), NUMBER.x, y, NUMBER.width, { colour: FAINT });
  sheet.figure(
    `${grouped(shortDecimal(line.quantity))}${UNITS[line.unit] && ` ${UNITS[line.unit]}`}`,
    QUANTITY.x,
    y,
    QUANTITY.width,
  );
  sheet.figure(grouped(shortDecimal(line.unitPrice)), PRICE.x, y, PRICE.width);
  sheet.figure(shortDecimal(line.taxPercent), TAX.x, y, TAX.width, { colour: FAINT });
  sheet.figure(amountInWords(line.amountMinor, document.currency), AMOUNT.x, y, AMOUNT.width);
  for (const each of what) {
    if (!sheet.hasRoom(sheet.heightOf([each]))) needTurn();
    sheet.y += sheet.draw([each], WHAT.x, sheet.y, WHAT.width);
  }
  sheet.y += sheet.draw(under, WHAT.x, sheet.y, WHAT.width, SMALL);
  for (const { lines, quantity, unitPrice, amount } of details) {
    if (!sheet.hasRoom(sheet.heightOf(lines, SMALL))) needTurn();
    if (quantity) sheet.figure(quantity, QUANTITY.x, sheet.y, QUANTITY.width, SMALL);
    if (unitPrice) sheet.figure(unitPrice, PRICE.x, sheet.y, PRICE.width, SMALL);
    sheet.figure(amount, AMOUNT.x, sheet.y, AMOUNT.width, SMALL);
    sheet.y += sheet.draw(lines, WHAT.x + 10, sheet.y, WHAT.width - 10, SMALL);
  }
  sheet.y += GAP - 1;
  sheet.rule(sheet.y);
  sheet.y += GAP;
}

const ROW = 15;

/** Points that subtotal, taxes, total and what follows them take at least. */
const totalsHeight = ({ taxes }: InvoiceDocument): number => 110 + Math.min(taxes.length, 12) * ROW;

function totals(sheet: Sheet, document: InvoiceDocument): void {
  const { currency, taxes, subtotalMinor, taxMinor, totalMinor } = document;
  if (!sheet.hasRoom(totalsHeight(document))) turn(sheet, document);
  const x = PAGE.left + WIDE * 0.46;
  const width = WIDE * 0.54;
  const row = (name: string, minor: bigint, strong = false) => {
    if (!sheet.hasRoom(ROW)) turn(sheet, document);
    const style = strong ? ({ size: 11, weight: 'bold' } as const) : {};
    const lines = sheet.lines(name, width - 112, style);
    sheet.draw(lines, x, sheet.y, width - 112, style);
    sheet.figure(amountInWords(minor, currency), PAGE.right - 108, sheet.y, 108, style);
    sheet.y += Math.max(ROW, sheet.heightOf(lines, style) + 3);
  };
  sheet.y += 3;
  row('Subtotal', subtotalMinor);
  for (const tax of taxes) {
    row(`${tax.name} on ${amountInWords(tax.taxableMinor, currency)}`, tax.taxMinor);
    if (tax.exemptionReason) sheet.y += sheet.text(tax.exemptionReason, x, sheet.y - 2, width - 112, SMALL) + 2;
  }
  if (taxes.length === 0 && taxMinor !== 0n) row('Tax', taxMinor);
  sheet.rule(sheet.y - 1, { colour: INK, from: x, width: 0.9 });
  sheet.y += 4;
  row(`Total ${currency}`, totalMinor, true);
}

function ending(sheet: Sheet, { dueOn, payment, notes, number, kind, ...document }: InvoiceDocument): void {
  const parts = [
    number !== null && kind === 'INVOICE' && dueOn && `Please pay by ${dayInWords(dueOn)}, and quote ${number}.`,
    payment && `IBAN ${payment.iban.replaceAll(/(.{4})(?=.)/g, '$1 ')}${payment.bic ? ` · BIC ${payment.bic}` : ''}`,
    ...notes,
  ];
  sheet.y += 14;
  for (const part of parts) {
    if (!part) continue;
    for (const line of sheet.lines(part, WIDE)) {
      if (!sheet.hasRoom(13)) turn(sheet, { dueOn, payment, notes, number, kind, ...document });
      sheet.y += sheet.draw([line], PAGE.left, sheet.y, WIDE);
    }
    sheet.y += 2;
  }
}

function foot(sheet: Sheet, document: InvoiceDocument, page: number, pages: number): void {
  const y = PAGE.bottom + 10;
  sheet.rule(y - 4, { colour: RULE });
  const [name] = sheet.lines(`${document.seller.name} · ${titleOf(document)}`, WIDE - 80, SMALL);
  sheet.draw([name!], PAGE.left, y, WIDE - 80, { ...SMALL, align: 'left' });
  sheet.figure(`Page ${page} of ${pages}`, PAGE.right - 80, y, 80, SMALL);
}
