import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { checkSensitive, maskOf, maskText, type SensitiveKind } from '../../src/platform/masks';
import { taxIdForm } from '../../src/platform/normal-forms';
import accounts from '../../src/demo/data/accounts.json';
import { refusal } from '../support/refusal';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const shared = path.resolve(__dirname, '../../../shared/data');

const KINDS: SensitiveKind[] = ['taxId', 'bankAccountNumber', 'email', 'phone', 'cardNumber'];
const DOTS = '••••••••';

const refusalOf = (kind: SensitiveKind, value: string) => refusal(() => checkSensitive(kind, value));

/** The digits and the check digit that makes them pass Luhn, the plain way. */
function withLuhn(digits: string): string {
  for (let check = 0; check <= 9; check++) {
    const all = Array.from(digits + check)
      .toReversed()
      .map(Number);
    const sum = all.reduce(
      (total, digit, at) => total + (at % 2 === 0 ? digit : [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][digit]!),
      0,
    );
    if (sum % 10 === 0) return digits + check;
  }
  throw new Error('No check digit.');
}

const digits = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...Array.from('0123456789')), minLength, maxLength });
const cards = digits(11, 18).map(withLuhn);

describe('maskOf', () => {
  it.each<[SensitiveKind, string, string]>([
    ['cardNumber', '4111111111111111', '411111••••••1111'],
    ['cardNumber', '4111 1111-1111 1111', '411111••••••1111'],
    ['cardNumber', '4222222222222', '422222•••2222'],
    ['cardNumber', '378282246310005', '378282•••••0005'],
    ['cardNumber', '501800000009', `${DOTS}0009`],
    ['cardNumber', '41111111111', DOTS],
    ['cardNumber', 'not a card', DOTS],
    ['bankAccountNumber', '000000001234', `${DOTS}1234`],
    ['bankAccountNumber', 'GB82WEST12345698765432', `${DOTS}5432`],
    ['bankAccountNumber', '123456789', `${DOTS}789`],
    ['bankAccountNumber', '12345678', `${DOTS}78`],
    ['bankAccountNumber', '1234567', DOTS],
    ['taxId', '12-3456789', `${DOTS}789`],
    ['taxId', '27AAPFU0939F1ZV', `${DOTS}F1ZV`],
    ['taxId', '1234567', DOTS],
    ['taxId', '2341 2341 2346', 'XXXX XXXX 2346'],
    ['taxId', '234123412346', 'XXXX XXXX 2346'],
    ['taxId', '234123412347', `${DOTS}2347`], // no Aadhaar
    ['taxId', 'ACUPA7085R', `${DOTS}85R`],
    ['email', 'asha.rao@example.com', `a${DOTS}@example.com`],
    ['email', 'ab@example.com', `${DOTS}@example.com`],
    ['email', '"a@b"@example.com', `"${DOTS}@example.com`],
    ['email', '@example.com', DOTS],
    ['email', 'nobody', DOTS],
    ['phone', '+1 (212) 555-0123', `${DOTS}23`],
    ['phone', '12345', DOTS],
    ['phone', '', DOTS],
  ])('%s %p is %s', (kind, value, masked) => expect(maskOf(kind, value)).toBe(masked));

  it(`shows at most a third, and does not tell the length (seed ${seed})`, () => {
    const kinds = fc.constantFrom<SensitiveKind>('taxId', 'bankAccountNumber', 'phone');
    const values = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      digits(0, 34),
    );
    fc.assert(
      fc.property(kinds, values, (kind, value) => {
        const masked = maskOf(kind, value);
        if (taxIdForm(value) === 'aadhaar') return;
        expect(masked.startsWith(DOTS)).toBe(true);
        const shown = Array.from(masked.slice(DOTS.length)).length;
        expect(shown).toBeLessThanOrEqual(Array.from(value).length / 3);
        expect(shown).toBeLessThanOrEqual(4);
      }),
      { seed, numRuns: 500 },
    );
  });

  it(`never shows the middle of a card, nor a value that is none (seed ${seed})`, () => {
    fc.assert(
      fc.property(cards, fc.string(), (card, other) => {
        const masked = maskOf('cardNumber', card);
        expect(masked.replaceAll('•', '').length).toBeLessThanOrEqual(10);
        expect(masked.slice(-4)).toBe(card.slice(-4));
        if (!/^[\d -]+$/.test(other)) expect(maskOf('cardNumber', other)).toBe(DOTS);
      }),
      { seed },
    );
  });
});

describe('checkSensitive', () => {
  it.each<[SensitiveKind, string, string]>([
    ['cardNumber', '4111 1111 1111 1111', '4111111111111111'],
    ['cardNumber', ' 4111-1111-1111-1111 ', '4111111111111111'],
    ['bankAccountNumber', 'gb82 west 1234 5698 7654 32', 'GB82WEST12345698765432'],
    ['bankAccountNumber', '12-34-56 12345678', '12345612345678'],
    ['bankAccountNumber', 'ZZ12ABCD', 'ZZ12ABCD'], // no IBAN country, so an account like any other
    ['taxId', ' 12-3456789 ', '12-3456789'],
    ['taxId', '27aapfu0939f1zv', '27AAPFU0939F1ZV'],
    ['taxId', '12.345.678/0001-95', '12.345.678/0001-95'],
    ['taxId', '2341 2341 2346', '234123412346'],
    ['taxId', '234123412347', '234123412347'], // fails Verhoeff: of another country
    ['taxId', 'acupa 7085 r', 'ACUPA7085R'],
    ['email', ' Asha.Rao@Example.COM ', 'Asha.Rao@example.com'],
    ['phone', '+1 (212) 555-0123', '+12125550123'],
    ['phone', '022 2345 6789', '02223456789'],
  ])('keeps %s %p as %s', (kind, value, normal) => {
    expect(checkSensitive(kind, value)).toBe(normal);
    expect(checkSensitive(kind, normal)).toBe(normal);
  });

  it.each<[SensitiveKind, string]>([
    ['cardNumber', '4111111111111112'],
    ['cardNumber', '42'],
    ['cardNumber', '٤١١١١١١١١١١١١١١١'],
    ['cardNumber', '4111x1111111111111'],
    ['bankAccountNumber', 'GB82WEST12345698765433'],
    ['bankAccountNumber', 'GB82WEST123456987654'],
    ['bankAccountNumber', '123'],
    ['bankAccountNumber', '1'.repeat(35)],
    ['bankAccountNumber', '1234/5678'],
    ['taxId', 'AB'],
    ['taxId', '----'],
    ['taxId', 'A'.repeat(33)],
    ['taxId', 'ÄÖÜ1234'],
    ['taxId', '1234\n5678'],
    ['taxId', 'ABMXA3211G'],
    ['taxId', '27AAPFU0939F1ZO'],
    ['phone', '+9990000000'],
    ['email', 'nobody'],
    ['email', 'a@b'],
    ['email', `${'a'.repeat(65)}@example.com`],
    ['email', `a@${'b'.repeat(250)}.com`],
    ['email', 'a@example.com\nBcc: b@example.com'],
    ['phone', '12345'],
    ['phone', '+0123456789'],
    ['phone', '1'.repeat(16)],
    ['phone', '1-800-FLOWERS'],
    ...KINDS.flatMap((kind): [SensitiveKind, string][] => [
      [kind, ''],
      [kind, '   '],
      [kind, '1'.repeat(100_000)],
    ]),
  ])('refuses %s %.40p', (kind, value) => {
    const { code, message, details } = refusalOf(kind, value);
    expect(code).toBe('SENSITIVE_VALUE_INVALID');
    expect(details).toEqual({ kind });
    if (value.length > 3) expect(message).not.toContain(value);
  });

  it.each<[SensitiveKind, string]>([
    ['cardNumber', '411111******1111'],
    ['bankAccountNumber', 'XXXXXXXX1234'],
    ['taxId', 'XXXX-1234'],
    ['email', 'a***@example.com'],
    ['phone', `${DOTS}23`],
    ['phone', 'xxxxxxxx23'],
    ['taxId', 'XXXX XXXX 2346'],
    ['taxId', 'xxxx xxxx 2346'],
    ['taxId', 'AAPPVXXXXK'],
    ['cardNumber', '411111●●●●●●1111'],
  ])('refuses the masked %s %s', (kind, value) => {
    expect(refusalOf(kind, value)).toMatchObject({ code: 'SENSITIVE_VALUE_MASKED', details: { kind } });
  });

  it(`refuses every mask that this server gives out (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.constantFrom(...KINDS), fc.string(), (kind, value) => {
        expect(refusalOf(kind, maskOf(kind, value)).code).toBe('SENSITIVE_VALUE_MASKED');
      }),
      { seed },
    );
  });

  it(`takes a card however it is grouped, and none with one wrong digit (seed ${seed})`, () => {
    fc.assert(
      fc.property(
        cards,
        fc.nat(),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom('', ' ', '-'),
        (card, place, by, gap) => {
          expect(checkSensitive('cardNumber', card.replace(/(.{4})(?=.)/g, `$1${gap}`))).toBe(card);
          const at = place % card.length;
          const wrong = card.slice(0, at) + ((Number(card[at]) + by) % 10) + card.slice(at + 1);
          expect(refusalOf('cardNumber', wrong).code).toBe('SENSITIVE_VALUE_INVALID');
        },
      ),
      { seed },
    );
  });

  it(`refuses an IBAN with one wrong digit (seed ${seed})`, () => {
    const iban = 'DE89370400440532013000';
    expect(checkSensitive('bankAccountNumber', iban)).toBe(iban);
    fc.assert(
      fc.property(fc.integer({ min: 2, max: iban.length - 1 }), fc.integer({ min: 1, max: 9 }), (at, by) => {
        const wrong = iban.slice(0, at) + ((Number(iban[at]) + by) % 10) + iban.slice(at + 1);
        expect(refusalOf('bankAccountNumber', wrong).code).toBe('SENSITIVE_VALUE_INVALID');
      }),
      { seed },
    );
  });

  it('takes the made-up values of the demonstration as they are', () => {
    for (const { taxId, bankAccountNumber } of accounts.rows) {
      expect(checkSensitive('taxId', taxId)).toBe(taxId);
      expect(checkSensitive('bankAccountNumber', bankAccountNumber)).toBe(bankAccountNumber);
    }
  });
});

describe('maskText', () => {
  it.each([
    ['card 4111 1111 1111 1111 was refused', 'card 411111••••••1111 was refused'],
    ['4111-1111-1111-1111,378282246310005', '411111••••••1111,378282•••••0005'],
    ['order 12 4111 1111 1111 1111', 'order 12 411111••••••1111'],
    ['4111\u00a01111 - 1111   1111', '411111••••••1111'],
    ['4111111111111111 378282246310005', '411111••••••1111 378282•••••0005'],
    ['4111111111111112 is no card', '4111111111111112 is no card'],
    ['value "4111111111111111"', 'value "411111••••••1111"'],
    ['x4111111111111111y', 'x411111••••••1111y'],
    [
      'from asha.rao@example.com, to <ben@mail.example.org>.',
      `from a${DOTS}@example.com, to <b${DOTS}@mail.example.org>.`,
    ],
    ['mailto:asha@example.com?subject=x', `mailto:a${DOTS}@example.com?subject=x`],
    ['a@4111111111111111.com', `${DOTS}@411111••••••1111.com`],
    ['hans.müller@müller.com', `h${DOTS}@müller.com`],
    ['graphql@16.15.0 has no address', 'graphql@16.15.0 has no address'],
    ['request 00000000-0000-4000-8000-000000000000', 'request 00000000-0000-4000-8000-000000000000'],
    ['paid 1230 on 2026-11-21', 'paid 1230 on 2026-11-21'],
    ['', ''],
  ])('%p', (text, masked) => expect(maskText(text)).toBe(masked));

  it(`hides a card number wherever it stands (seed ${seed})`, () => {
    const around = fc.string({ unit: fc.constantFrom(...Array.from('abc .,:;()"\n@')), maxLength: 20 });
    fc.assert(
      fc.property(around, cards, around, fc.constantFrom('', ' ', '-'), (before, card, after, gap) => {
        const masked = maskText(`${before}${card.replace(/(.{4})(?=.)/g, `$1${gap}`)}${after}`);
        expect(masked.replace(/[ -]/g, '')).not.toContain(card);
        expect(masked).toContain('•');
      }),
      { seed, numRuns: 500 },
    );
  });

  it(`leaves texts alone that hold neither (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!text.includes('@') && text.replace(/[^0-9]/g, '').length < 12);
        expect(maskText(text)).toBe(text);
      }),
      { seed },
    );
  });

  it('takes its time in proportion to the text', () => {
    const started = process.cpuUsage().user;
    for (const text of [
      'a'.repeat(200_000),
      'a@'.repeat(100_000),
      '1'.repeat(200_000),
      '1 '.repeat(100_000),
      'a.'.repeat(100_000),
    ]) {
      maskText(text);
      maskText(`a@${text}`);
    }
    expect(process.cpuUsage().user - started).toBeLessThan(5_000_000);
  });
});

describe('against what others say (skipped when ../shared/data is absent)', () => {
  interface Vector {
    fn: string;
    input: string;
    extra?: string | null;
    expected: unknown;
  }
  interface Block {
    validator: string;
    args?: unknown[];
    valid: string[];
    invalid: string[];
  }
  const stdnum = path.join(shared, 'dev/stdnum_vectors.dev.json');
  const validatorjs = path.join(shared, 'dev/validatorjs_vectors.dev.json');
  const vectors = () =>
    (JSON.parse(readFileSync(stdnum, 'utf8')) as { vectors: Record<string, Vector[]> }).vectors as Record<
      'luhn' | 'iban' | 'aadhaar' | 'verhoeff' | 'pan' | 'gstin' | 'vid',
      Vector[]
    >;
  const blocks = (validator: string, locale?: string) =>
    (JSON.parse(readFileSync(validatorjs, 'utf8')) as { blocks: Block[] }).blocks.filter(
      ({ validator: of, args }) =>
        of === validator && (locale === undefined ? args === undefined : String(args) === locale),
    );
  const accepts = (kind: SensitiveKind, value: string) => {
    try {
      return checkSensitive(kind, value) !== '';
    } catch {
      return false;
    }
  };

  (existsSync(stdnum) ? it : it.skip)('IBANs of python-stdnum', () => {
    const ours = vectors().iban.filter(
      ({ fn, input, expected }) => fn === 'is_valid' && expected === true && /^[A-Z]{2} ?\d\d/.test(input),
    );
    expect(ours.filter(({ input }) => !accepts('bankAccountNumber', input))).toEqual([]);
    expect(ours.length).toBeGreaterThan(80);
  });

  (existsSync(stdnum) ? it : it.skip)('Luhn numbers of python-stdnum', () => {
    const cases = vectors().luhn.filter(({ fn, input, extra }) => fn === 'validate' && !extra && input.length >= 12);
    for (const { input, expected } of cases) expect(accepts('cardNumber', input)).toBe(expected === input);
    expect(cases.length).toBeGreaterThan(0);
  });

  (existsSync(validatorjs) ? it : it.skip)('cards, IBANs and e-mail addresses of validator.js', () => {
    // These pass Luhn or mod 97. Issuers and the inner structure of a country's IBANs are not checked here.
    const OTHERWISE_WRONG = new Set(['2721465526338453', '2220175103860763', 'PS072435171802145240705922007']);
    const kinds: [string, SensitiveKind][] = [
      ['isCreditCard', 'cardNumber'],
      ['isIBAN', 'bankAccountNumber'],
      ['isEmail', 'email'],
    ];
    for (const [validator, kind] of kinds) {
      const valid = blocks(validator).flatMap((block) => block.valid);
      expect(valid.filter((value) => !accepts(kind, value))).toEqual([]);
      expect(valid.length).toBeGreaterThan(5);
      const invalid = blocks(validator)
        .flatMap((block) => block.invalid)
        .filter((value) => !OTHERWISE_WRONG.has(value));
      expect(invalid.filter((value) => accepts(kind, value))).toEqual([]);
    }
  });

  (existsSync(stdnum) ? it : it.skip)('Aadhaar, PAN and GSTIN of python-stdnum', () => {
    const given = vectors();
    const valid = ({ expected }: Vector) => expected === true || typeof expected === 'string';
    const said = ({ fn }: Vector) => fn === 'validate' || fn === 'is_valid';
    // A number that is no Aadhaar may be another country's, so it is let in, and masked like one.
    for (const each of given.aadhaar.filter(said))
      expect([each.input, taxIdForm(each.input) === 'aadhaar']).toEqual([each.input, valid(each)]);
    for (const each of [...given.pan, ...given.gstin].filter(said))
      expect([each.input, accepts('taxId', each.input)]).toEqual([each.input, valid(each)]);
    // Theirs shows six of the ten characters of a PAN; ours shows a third of any.
    for (const { input } of given.pan.filter(({ fn }) => fn === 'mask'))
      expect(maskOf('taxId', input)).toBe(`${DOTS}61K`);
    // A VID is none of ours: their mask is that of an Aadhaar, with four digits more.
    expect(given.vid.filter(({ fn }) => fn === 'mask').map(({ expected }) => expected)).toEqual([
      'XXXX XXXX  XXXX 2342',
    ]);
  });

  (existsSync(validatorjs) ? it : it.skip)(
    'Indian tax and identity numbers, and mobile phones, of validator.js',
    () => {
      const pans = blocks('isTaxID', 'en-IN');
      expect(pans.flatMap(({ valid }) => valid).filter((value) => !accepts('taxId', value))).toEqual([]);
      expect(pans.flatMap(({ invalid }) => invalid).filter((value) => accepts('taxId', value))).toEqual([]);
      expect(
        blocks('isIdentityCard', 'IN')
          .flatMap(({ valid }) => valid)
          .map(taxIdForm),
      ).toEqual(['aadhaar']);
      const everyPhone = (JSON.parse(readFileSync(validatorjs, 'utf8')) as { blocks: Block[] }).blocks
        .filter(({ validator }) => validator === 'isMobilePhone')
        .flatMap(({ valid }) => valid);
      expect(everyPhone.length).toBeGreaterThan(300);
      // Whether a number is a mobile one, or has its country's length, is not asked. Jamaica is reached by +1 876; there is no +876.
      const refused = everyPhone.filter((value) => !accepts('phone', value));
      expect(refused.filter((value) => !value.startsWith('+876'))).toEqual([]);
    },
  );
});
