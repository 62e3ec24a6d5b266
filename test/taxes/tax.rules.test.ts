import fc from 'fast-check';
import { shareOf, taxed, taxesFor, type TaxComponent, taxOf, UNTAXED } from '../../src/taxes/tax.rules';
import { sumOf } from '../../src/platform/money';

const s = (name: string, percent: string): TaxComponent => ({ name, category: 'S', percent, exemptionReason: null });
const GST = [s('CGST', '9'), s('SGST', '9')];
const entity = 'e';
const rule = (more: object, components: TaxComponent[]) => ({
  legalEntityId: entity,
  accountId: null,
  country: null,
  subdivision: null,
  validFrom: '2026-01-01',
  validUntil: null,
  components,
  ...more,
});

describe('the taxes that are due', () => {
  const rules = [
    rule({ country: 'IN' }, [s('IGST', '18')]),
    rule({ country: 'IN', subdivision: 'IN-KA' }, GST),
    rule({ accountId: 'sez' }, [{ name: 'IGST', category: 'Z', percent: '0', exemptionReason: null }]),
    rule({ country: 'DE', validUntil: '2026-07-01' }, [s('USt', '19')]),
    rule({ legalEntityId: 'other', country: 'FR' }, [s('TVA', '20')]),
  ];
  const due = (accountId: string, country: string | null, subdivision: string | null, on = '2026-06-30') =>
    taxesFor(rules, { legalEntityId: entity, accountId, country, subdivision, on }).map(({ name, percent }) => [
      name,
      percent,
    ]);
  it.each([
    [
      'within the state',
      ['a', 'IN', 'IN-KA'],
      [
        ['CGST', '9'],
        ['SGST', '9'],
      ],
    ],
    ['in another state', ['a', 'IN', 'IN-MH'], [['IGST', '18']]],
    ['in a state that nobody knows', ['a', 'IN', null], [['IGST', '18']]],
    ['of the account, wherever it is', ['sez', 'IN', 'IN-KA'], [['IGST', '0']]],
    ['on the last day', ['a', 'DE', null], [['USt', '19']]],
    ['on the day after', ['a', 'DE', null, '2026-07-01'], [['Tax', '0']]],
    ['before', ['a', 'IN', null, '2025-12-31'], [['Tax', '0']]],
    ['of another legal entity', ['a', 'FR', null], [['Tax', '0']]],
    ['nowhere', ['a', null, null], [['Tax', '0']]],
  ] as [string, [string, string | null, string | null, string?], string[][]][])('%s', (_what, where, expected) =>
    expect(due(...where)).toEqual(expected),
  );
});

describe('lines with their taxes', () => {
  it('round a tax once for all lines, and spread it: three times 0.5 is 1.5, and 2', () => {
    const { lines, taxes } = taxed([10n, 10n, 10n].map((amountMinor) => ({ amountMinor, components: taxOf('5') })));
    expect(taxes).toEqual([{ ...taxOf('5')[0], taxableMinor: 30n, taxMinor: 2n }]);
    expect(lines.map(({ taxMinor }) => taxMinor)).toEqual([0n, 1n, 1n]);
  });

  it('take the tax out of what holds it, and keep the total', () => {
    const { lines, taxes } = taxed([{ amountMinor: 11_800n, components: GST, taxInclusive: true }]);
    expect(lines[0]).toMatchObject({ amountMinor: 10_000n, taxMinor: 1_800n, totalMinor: 11_800n, taxRate: '18' });
    expect(taxes.map(({ name, taxableMinor, taxMinor }) => [name, taxableMinor, taxMinor])).toEqual([
      ['CGST', 10_000n, 900n],
      ['SGST', 10_000n, 900n],
    ]);
  });

  const SETS = [UNTAXED, taxOf('18'), GST, taxOf('8.875'), [s('A', '0.0001'), s('B', '33.3333')]];
  const line = fc.record({
    amountMinor: fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }),
    components: fc.constantFrom(...SETS),
    taxInclusive: fc.boolean(),
  });
  /** Ten thousandths of a percent, half-even, by integers alone. */
  const percentOf = (minor: bigint, percent: string): bigint => {
    const [whole, places = ''] = percent.split('.');
    const scaled = minor * BigInt(whole! + places.padEnd(4, '0'));
    const [size, sign] = scaled < 0n ? [-scaled, -1n] : [scaled, 1n];
    const [down, rest] = [size / 1_000_000n, size % 1_000_000n];
    return sign * (rest * 2n > 1_000_000n || (rest * 2n === 1_000_000n && down % 2n === 1n) ? down + 1n : down);
  };

  it('add up, whatever they are: lines to the invoice, parts to the line', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 20 }), (lines) => {
        const { lines: done, taxes } = taxed(lines);
        expect(sumOf(taxes.map(({ taxMinor }) => taxMinor))).toBe(sumOf(done.map(({ taxMinor }) => taxMinor)));
        done.forEach((each, index) => {
          expect(each.totalMinor).toBe(each.amountMinor + each.taxMinor);
          expect(sumOf(each.taxes.map(({ taxMinor }) => taxMinor))).toBe(each.taxMinor);
          if (lines[index]!.taxInclusive) expect(each.totalMinor).toBe(lines[index]!.amountMinor);
          else expect(each.amountMinor).toBe(lines[index]!.amountMinor);
        });
        if (lines.every(({ taxInclusive }) => !taxInclusive))
          for (const { taxableMinor, taxMinor, percent } of taxes)
            expect(taxMinor).toBe(percentOf(taxableMinor, percent));
      }),
      { numRuns: 500 },
    );
  });

  it('give back exactly what they say, in however many parts', () => {
    fc.assert(
      fc.property(line, fc.array(fc.bigInt({ min: 1n, max: 10n ** 11n }), { maxLength: 8 }), (given, wanted) => {
        const [one] = taxed([
          { ...given, amountMinor: given.amountMinor < 0n ? -given.amountMinor : given.amountMinor + 1n },
        ]).lines;
        let before = 0n;
        const parts: ReturnType<typeof shareOf>[] = [];
        for (const want of [...wanted, one!.totalMinor]) {
          const rest = one!.totalMinor - before;
          if (rest === 0n) break;
          const part = shareOf(one!, before, want < rest ? want : rest);
          expect(part.totalMinor).toBe(part.amountMinor + part.taxMinor);
          parts.push(part);
          before += part.totalMinor;
        }
        expect(sumOf(parts.map(({ amountMinor }) => amountMinor))).toBe(one!.amountMinor);
        one!.taxes.forEach(({ taxMinor }, nth) =>
          expect(sumOf(parts.map(({ taxes }) => taxes[nth]!.taxMinor))).toBe(taxMinor),
        );
      }),
      { numRuns: 500 },
    );
  });
});
