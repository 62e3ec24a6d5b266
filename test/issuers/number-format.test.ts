import { assertFormatFree, assertFormats, fiscalYearOf, numberOf } from '../../src/issuers/number-format.rules';
import { codeOf } from '../support/refusal';

const letIn = (work: () => void) => expect(work).not.toThrow();

const formats =
  (invoice: string, credit = 'CN-{FY}-{N:6}', country: string | null = null) =>
  () =>
    assertFormats({ country, invoiceNumberFormat: invoice, creditNoteNumberFormat: credit });

describe('numbers', () => {
  it.each([
    ['INV-{FY}-{N:6}', 2026, 42, 'INV-2026-000042'],
    ['INV-{FY}-{N:6}', 2026, 1234567, 'INV-2026-1234567'],
    ['{FYFY}/{N}', 2026, 7, '2627/7'],
    ['A{FY2}-{N:4}', 2099, 7, 'A99-0007'],
    ['{FYFY}/{N}', 2099, 7, '9900/7'],
  ])('%s of %i, %i', (format, year, place, expected) => expect(numberOf(format, year, place)).toBe(expected));

  it.each([
    ['2027-03-31', 4, 2026],
    ['2027-04-01', 4, 2027],
    ['2027-01-01', 1, 2027],
    ['2026-12-31', 12, 2026],
  ])('of %s belong, where years begin in month %i, to %i', (day, month, year) =>
    expect(fiscalYearOf(day, month)).toBe(year),
  );
});

describe('formats', () => {
  it.each([
    ['the usual', 'INV-{FY}-{N:6}', undefined, null],
    ['the usual, in India: 16 characters at their largest', 'INV-{FY}-{N:6}', undefined, 'IN'],
    ['both years', 'A/{FYFY}/{N}', 'C/{FYFY}/{N}', 'IN'],
  ])('let in: %s', (_what, invoice, credit, country) => letIn(formats(invoice, credit, country)));

  it.each([
    ['no year', 'INV-{N:6}', undefined, null],
    ['two years', '{FY}{FY2}-{N}', undefined, null],
    ['no number', 'INV-{FY}', undefined, null],
    ['two numbers', '{FY}-{N}-{N}', undefined, null],
    ['an unknown token', '{FY}-{M}-{N}', undefined, null],
    ['eight digits', '{FY}-{N:8}', undefined, null],
    ['a blank', 'INV {FY}-{N}', undefined, null],
    ['a dot, in India', 'A.{FY}{N}', undefined, 'IN'],
    ['17 characters at their largest, in India', 'INVO-{FY}-{N:6}', undefined, 'IN'],
    ['41 characters', `${'X'.repeat(30)}{FY}{N}`, undefined, null],
    ['both alike', 'X-{FY}-{N}', 'X-{FY}-{N}', null],
    ['both meeting by their digits', '{FY}{N:5}', '{FY2}{N:7}', null],
    ['a literal that a number can be', '1{FY}{N}', '{FY}{N}', null],
  ])('refuse: %s', (_what, invoice, credit, country) =>
    expect(codeOf(formats(invoice, credit, country))).toBe('NUMBER_FORMAT_INVALID'),
  );

  const given = (documentType: 'INVOICE' | 'CREDIT_NOTE', fiscalYear: number, place: number, number: string) => [
    { documentType, fiscalYear, firstInSeries: place, lastInSeries: place, number, lastNumber: number },
  ];
  it('come back for the same documents, and go to no others', () => {
    const invoice = given('INVOICE', 2026, 42, 'INV-2026-000042');
    letIn(() => assertFormatFree('INVOICE', 'INV-{FY}-{N:6}', invoice));
    expect(codeOf(() => assertFormatFree('CREDIT_NOTE', 'INV-{FY}-{N:6}', invoice))).toBe('NUMBER_FORMAT_TAKEN');
    // With fewer zeros nothing comes to that number.
    letIn(() => assertFormatFree('INVOICE', 'INV-{FY}-{N:5}', invoice));
    expect(
      codeOf(() => assertFormatFree('INVOICE', 'INV-{FY}-{N:5}', given('INVOICE', 2026, 42, 'INV-2026-123456'))),
    ).toBe('NUMBER_FORMAT_TAKEN');
  });
});
