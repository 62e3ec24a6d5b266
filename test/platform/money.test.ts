import fc from 'fast-check';
import {
  currencies,
  exponentOf,
  formatMinor,
  isCurrency,
  isPlainDecimal,
  lineAmountMinor,
  parseMinor,
  percentOfMinor,
} from '../../src/platform/money';
import type { Rounding } from '../../src/platform/exact';
import { codeOf, refusal } from '../support/refusal';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);

describe('currencies', () => {
  it('has the minor units of ISO 4217', () => {
    expect(exponentOf('JPY')).toBe(0);
    expect(exponentOf('USD')).toBe(2);
    expect(exponentOf('INR')).toBe(2);
    expect(exponentOf('KWD')).toBe(3);
    expect(exponentOf('CLF')).toBe(4);
    expect(currencies().length).toBeGreaterThan(150);
    expect(currencies().every(isCurrency)).toBe(true);
    expect(currencies()).toEqual([...currencies()].toSorted());
  });

  it.each(['', 'usd', 'US', 'USDD', ' USD', 'XAU', 'XXX', 'XTS', '840', 'constructor', '__proto__', 'ＵＳＤ'])(
    'does not know %p',
    (code) => {
      expect(isCurrency(code)).toBe(false);
      expect(codeOf(() => exponentOf(code))).toBe('CURRENCY_UNKNOWN');
      expect(codeOf(() => parseMinor('1', code))).toBe('CURRENCY_UNKNOWN');
      expect(codeOf(() => formatMinor(1n, code))).toBe('CURRENCY_UNKNOWN');
      expect(codeOf(() => lineAmountMinor('1', '1', code))).toBe('CURRENCY_UNKNOWN');
    },
  );
});

describe('parseMinor and formatMinor', () => {
  it.each([
    ['12.3', 'USD', 1230n, '12.30'],
    ['12', 'USD', 1200n, '12.00'],
    ['-0.05', 'USD', -5n, '-0.05'],
    ['0', 'USD', 0n, '0.00'],
    ['12', 'JPY', 12n, '12'],
    ['1.234', 'KWD', 1234n, '1.234'],
    ['0.0001', 'CLF', 1n, '0.0001'],
    ['92233720368547758.07', 'USD', MAX, '92233720368547758.07'],
    ['-92233720368547758.08', 'USD', MIN, '-92233720368547758.08'],
    ['9223372036854775807', 'JPY', MAX, '9223372036854775807'],
  ])('reads %s %s', (amount, currency, minor, formatted) => {
    expect(parseMinor(amount, currency)).toBe(minor);
    expect(formatMinor(minor, currency)).toBe(formatted);
  });

  it.each(
    // prettier-ignore
    [
      '', ' ', '-', '.', '+1', ' 1', '1 ', '1\n', '1.', '.5', '-.5', '01', '00', '-01.5', '1e3', '1E3', '1_000',
      '1,000', '0x10', '0b1', 'NaN', 'Infinity', '-Infinity', '-0', '-0.00', '--1', '1.2.3', '12.345', '1.000',
      '١٢', '１２', '1n', '$1', '1 USD', 'null', '9'.repeat(100_000) + 'x',
    ],
  )('refuses %.20p', (amount) => {
    expect(codeOf(() => parseMinor(amount, 'USD'))).toBe('AMOUNT_INVALID');
  });

  it.each([1, 1n, null, undefined, {}, ['1'], true])('refuses %p, which is no string', (amount) => {
    expect(codeOf(() => parseMinor(amount as string, 'USD'))).toBe('AMOUNT_INVALID');
  });

  it('refuses decimals of a currency that has none', () => {
    expect(codeOf(() => parseMinor('12.0', 'JPY'))).toBe('AMOUNT_INVALID');
  });

  it.each(['92233720368547758.08', '-92233720368547758.09', '9'.repeat(19), '9'.repeat(1_000_000)])(
    'refuses %.30p, which does not fit',
    (amount) => {
      expect(codeOf(() => parseMinor(amount, 'USD'))).toBe('AMOUNT_OUT_OF_RANGE');
    },
  );

  it('never repeats the refused value', () => {
    for (const amount of ['4111111111111111x', '12.3456789', '4111111111111111111111']) {
      const { message, details } = refusal(() => parseMinor(amount, 'USD'));
      expect(message + JSON.stringify(details)).not.toContain(amount);
    }
  });

  it(`comes back as it went, in every currency (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.bigInt({ min: MIN, max: MAX }), fc.constantFrom(...currencies()), (minor, currency) => {
        const text = formatMinor(minor, currency);
        expect(parseMinor(text, currency)).toBe(minor);
        expect(text.split('.')[1]?.length ?? 0).toBe(exponentOf(currency));
      }),
      { seed },
    );
  });
});

/** An independent way: fractions of bigints, rounded by their remainder. */
function roundedFraction(numerator: bigint, denominator: bigint, rounding: Rounding): bigint {
  const negative = numerator < 0n;
  const magnitude = negative ? -numerator : numerator;
  const down = magnitude / denominator;
  const twice = (magnitude % denominator) * 2n;
  const up =
    twice !== 0n &&
    (rounding === 'UP' ||
      (rounding === 'HALF_UP' && twice >= denominator) ||
      (rounding === 'HALF_EVEN' && (twice > denominator || (twice === denominator && down % 2n === 1n))));
  const result = up ? down + 1n : down;
  return negative ? -result : result;
}

const ROUNDINGS: Rounding[] = ['HALF_EVEN', 'HALF_UP', 'DOWN', 'UP'];

/** A plain decimal beside its value in units of 10^-10. */
const decimals = (maxInteger: bigint) =>
  fc
    .tuple(fc.bigInt({ min: -maxInteger * 10n ** 10n, max: maxInteger * 10n ** 10n }), fc.integer({ min: 0, max: 10 }))
    .map(([units, places]) => {
      const scaled = (units / 10n ** BigInt(10 - places)) * 10n ** BigInt(10 - places);
      const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(11, '0');
      const fraction = digits.slice(-10, digits.length - 10 + places);
      const text = (scaled < 0n ? '-' : '') + digits.slice(0, -10) + (places === 0 ? '' : `.${fraction}`);
      return { text, units: scaled };
    });

describe('lineAmountMinor', () => {
  it.each<[string, string, string, Rounding, bigint]>([
    ['3', '0.105', 'USD', 'HALF_EVEN', 32n], // 31.5, the even neighbour
    ['1', '0.125', 'USD', 'HALF_EVEN', 12n], // 12.5, the even neighbour
    ['1', '0.125', 'USD', 'HALF_UP', 13n],
    ['-1', '0.125', 'USD', 'HALF_UP', -13n],
    ['1', '0.129', 'USD', 'DOWN', 12n],
    ['-1', '0.129', 'USD', 'DOWN', -12n],
    ['1', '0.121', 'USD', 'UP', 13n],
    ['-1', '0.121', 'USD', 'UP', -13n],
    ['-1', '0.001', 'USD', 'HALF_EVEN', 0n],
    ['1.005', '100', 'USD', 'HALF_EVEN', 10050n],
    ['0.1', '0.2', 'KWD', 'UP', 20n], // a float says 0.020000000000000004, which goes up to 21
    ['2.5', '1', 'JPY', 'HALF_EVEN', 2n],
    ['0.0000000001', '0.0000000001', 'USD', 'UP', 1n],
  ])('%s × %s %s, %s', (quantity, unitPrice, currency, rounding, minor) => {
    expect(lineAmountMinor(quantity, unitPrice, currency, rounding)).toBe(minor);
  });

  it('rounds half-even unless told otherwise', () => {
    expect(lineAmountMinor('1', '0.125', 'USD')).toBe(12n);
    expect(lineAmountMinor('1', '0.135', 'USD')).toBe(14n);
  });

  it('is exact where a float is not', () => {
    expect(lineAmountMinor('9007199254740993', '0.01', 'USD')).toBe(9007199254740993n);
    expect(lineAmountMinor('99999999999999999999', '0.0000000001', 'USD', 'DOWN')).toBe(999999999999n);
  });

  it('refuses what is no plain decimal, and what does not fit', () => {
    for (const bad of ['', '1e3', 'NaN', '-0', '0.00000000001', '1'.repeat(21), '0x10']) {
      expect(codeOf(() => lineAmountMinor(bad, '1', 'USD'))).toBe('AMOUNT_INVALID');
      expect(codeOf(() => lineAmountMinor('1', bad, 'USD'))).toBe('AMOUNT_INVALID');
      expect(codeOf(() => percentOfMinor(1n, bad))).toBe('AMOUNT_INVALID');
    }
    expect(codeOf(() => lineAmountMinor('92233720368547758.08', '1', 'USD'))).toBe('AMOUNT_OUT_OF_RANGE');
    expect(codeOf(() => lineAmountMinor('9'.repeat(20), '9'.repeat(20), 'USD'))).toBe('AMOUNT_OUT_OF_RANGE');
  });

  it(`equals the fraction of integers, rounded once (seed ${seed})`, () => {
    fc.assert(
      fc.property(
        decimals(10n ** 7n),
        decimals(10n ** 7n),
        fc.constantFrom('JPY', 'USD', 'KWD', 'CLF'),
        fc.constantFrom(...ROUNDINGS),
        (quantity, price, currency, rounding) => {
          fc.pre(isPlainDecimal(quantity.text) && isPlainDecimal(price.text));
          const numerator = quantity.units * price.units * 10n ** BigInt(exponentOf(currency));
          const expected = roundedFraction(numerator, 10n ** 20n, rounding);
          expect(lineAmountMinor(quantity.text, price.text, currency, rounding)).toBe(expected);
        },
      ),
      { seed, numRuns: 500 },
    );
  });
});

describe('percentOfMinor', () => {
  it.each<[bigint, string, Rounding, bigint]>([
    [1230n, '5', 'HALF_EVEN', 62n], // 61.5
    [1250n, '5', 'HALF_EVEN', 62n], // 62.5
    [1250n, '5', 'HALF_UP', 63n],
    [-1250n, '5', 'HALF_UP', -63n],
    [10_000n, '8.875', 'DOWN', 887n],
    [10_000n, '8.875', 'UP', 888n],
    [10_000n, '-2', 'HALF_EVEN', -200n],
    [MAX, '100', 'HALF_EVEN', MAX],
    [MIN, '100', 'HALF_EVEN', MIN],
  ])('%s, %s %%, %s', (minor, rate, rounding, expected) => {
    expect(percentOfMinor(minor, rate, rounding)).toBe(expected);
  });

  it('refuses what does not fit', () => {
    expect(codeOf(() => percentOfMinor(MAX, '100.0000000001'))).toBe('AMOUNT_OUT_OF_RANGE');
    expect(codeOf(() => percentOfMinor(MAX + 1n, '1'))).toBe('AMOUNT_OUT_OF_RANGE');
  });

  it(`equals the fraction of integers, rounded once (seed ${seed})`, () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
        decimals(1000n),
        fc.constantFrom(...ROUNDINGS),
        (minor, rate, rounding) => {
          fc.pre(isPlainDecimal(rate.text));
          expect(percentOfMinor(minor, rate.text, rounding)).toBe(
            roundedFraction(minor * rate.units, 10n ** 12n, rounding),
          );
        },
      ),
      { seed, numRuns: 500 },
    );
  });
});
