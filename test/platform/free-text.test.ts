import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { passesLuhn } from '../../src/platform/card-numbers';
import { maskText, maskWords } from '../../src/platform/masks';
import { holdsCard } from '../../src/platform/numbers-in-text';
import { holdsSecurityCode } from '../../src/platform/security-codes';

const shared = path.resolve(__dirname, '../../../shared/data');

describe('a security code of a card', () => {
  it.each([
    'cvv 123',
    'CVV2: 1234',
    'CVV2 number: 999',
    'my cvc is 123',
    'CVC 12 3',
    'CVV#123',
    'cvv no. 123',
    'cvv123',
    'cvv=123',
    'card_cvv2=123',
    '{"cvv":"123"}',
    'c v v 1 2 3',
    'c.v.v. 123',
    'cvv: 1-2-3',
    'cid: 1234',
    'the CVV on the back of my card is 123',
    'Security code is 123',
    'security code\n123',
    'card security code 1234.',
    'card verification value 123',
    'three digits on the back 123',
    'the 3 digits on the back are 456',
    '3-digit code: 123',
    'cvv one two three',
    'security code four five six seven',
    '123 is the CVV',
    '123 (cvv)',
    'number 4111 1111 1111 1111 exp 12/27 cvv 123',
    'código de seguridad: 123',
    'el código de seguridad de la tarjeta es 123',
    'codigo de seguranca 123',
    'cryptogramme visuel 123',
    'Sicherheitscode lautet 123',
    'Prüfnummer 123',
    'codice di sicurezza è 123',
    'beveiligingscode 123',
    'kod CVV 123',
    'सीवीवी 123',
    'CVV १२३',
    'ＣＶＶ１２３',
    'cvv\u200b1\u200b2\u200b3',
    '安全码是123',
    'セキュリティコード 123',
    '보안코드 123',
    'رمز الأمان 123',
    'код безопасности 123',
    'رمز الأمان ١٢٣',
    'رمز الأمان هو ۱۲۳',
    'सुरक्षा कोड ४५६ है',
    'tatlong numero sa likod 123',
    // Said in words, digit by digit.
    'cvv double four three',
    'the CVV is oh-seven-nine',
    'one two three is the cvv',
    'सीवीवी एक दो तीन है',
    'मेरा सीवीवी नंबर है पाँच छह सात',
    'सी वी वी: वन टू थ्री',
    'mera cvv hai ek do teen',
    'CVV do paanch saat hai',
    'suraksha code char chhe aath',
    'el código de seguridad es uno dos tres',
    'código de seguridad: cuatro, cinco, seis',
    'le cryptogramme est un deux trois',
    'les trois chiffres au dos sont quatre, cinq, six',
    'Die Prüfnummer lautet eins zwei drei',
    'Sicherheitscode: fünf, sechs, sieben',
    'o código de segurança do meu cartão é um dois três',
    'código de segurança meia sete oito',
    'ang CVV ko ay isa dalawa tatlo',
    'cvv niya singko sais syete',
    'security code po ay apat lima anim',
    'رمز الأمان هو واحد اثنان ثلاثة',
    'كود الأمان أربعة خمسة ستة',
    'سي في في: سبعة وثمانية وتسعة',
    // Said in words, as a number.
    'cvv four twenty-three',
    'security code is one hundred and twenty three',
    'código de seguridad ciento veintitrés',
    'código de seguridad: cuatro veintitrés',
    'cryptogramme quatre cent vingt-trois',
    'Prüfziffer vierhundertdreiundzwanzig',
    'Sicherheitscode vier dreiundzwanzig',
    'código de segurança quatrocentos e vinte e três',
    // What else proves that somebody holds a card.
    'my pin is 1234',
    'ATM PIN: 4821',
    'pin number one two three four',
    'code secret 4821',
    'Geheimzahl 4821',
    'पिन ४८२१',
    'الرقم السري ٤٨٢١',
    '%B4111111111111111^DOE/JANE^27121010000000000000?',
    ';4111111111111111=27121010000000000000?',
    'swiped 4111111111111111=2712101',
  ])('is found in %p, and hidden', (text) => {
    expect(holdsSecurityCode(text)).toBe(true);
    expect(holdsSecurityCode(maskWords(text))).toBe(false);
    expect(maskText(text)).toContain('•••');
  });

  it.each([
    'They asked for my CVV in 2019',
    'in 2020 the cvv was asked for',
    'CVV was wrong 3 times',
    'cvv 100% wrong',
    '500 dollars; CVV was asked',
    'I was asked for the security code and paid 500',
    'my social security number ends in 1234',
    'social security code 1234',
    'verification code 1234',
    'the sms security code 1234',
    'security code 123456',
    'my security code 12345678',
    'section 1234 security code of ethics',
    'security deposit 1234',
    'cid 12345',
    'acid 1234',
    'cve-2024-1234',
    'csc 2019-05-01',
    'charged $123 twice',
    'PIN code 560001',
    'my area pin 400001',
    'I changed my PIN in 2019',
    'they wanted my pin and 1200 dollars',
    'pinned 1234',
    'the cvv was asked for one or two times',
    'security code, one of three',
    'security code was sent two times',
    'el código de seguridad fue pedido tres veces',
    'Sicherheitscode wurde zwei Mal verlangt',
    'cvv ek do baar',
    'ang security code ay dalawang beses',
    'one two three',
    'a=4111111111111112',
    'x=4111111111111111',
    '4111111111111112=27121010',
  ])('is not seen in %p', (text) => expect(holdsSecurityCode(text)).toBe(false));
});

describe('a card number in what people write', () => {
  const MASK = '411111••••••1111';
  it.each([
    ['4111 1111 1111 1111', MASK],
    ['4111.1111.1111.1111', MASK],
    ['4111_1111_1111_1111', MASK],
    ['4111/1111/1111/1111', MASK],
    ['4111, 1111, 1111, 1111', MASK],
    ['4111–1111–1111–1111', MASK],
    ['4111\n1111\n1111\n1111', MASK],
    ['4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1', MASK],
    ['41 11 11 11 11 11 11 11', MASK],
    ['4111 111111 111111', MASK],
    ['４１１１ １１１１ １１１１ １１１１', MASK],
    ['٤١١١١١١١١١١١١١١١', MASK],
    ['४१११ ११११ ११११ ११११', MASK],
    ['𝟒𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏', MASK],
    ['4️⃣1️⃣1️⃣1️⃣1111 1111 1111', MASK],
    ['4111\u200b1111\u200d1111\u20601111', MASK],
    ['4111\u00ad1111\u00a01111\ufeff1111', MASK],
    ['x4111111111111111y', `x${MASK}y`],
    ['order 5 4111 1111 1111 1111 12 25', `order 5 ${MASK} 12 25`],
    ['378282246310005, then 5555-5555-5555-4444', '378282•••••0005, then 555555••••••4444'],
    // No network issues it: what is written like a card, or said to be one.
    ['1234 5678 1234 5670', '123456••••••5670'],
    ['the card is 1234567812345670', 'the card is 123456••••••5670'],
    // Beside cards.
    ['iban GB82 WEST 1234 5698 7654 32 please', 'iban ••••••••5432 please'],
    ['DE89370400440532013000.', '••••••••3000.'],
    ['aadhaar 234123412346', 'aadhaar XXXX XXXX 2346'],
    ['2341 2341 2346', 'XXXX XXXX 2346'],
    ['आधार २३४१२३४१२३४६', 'आधार XXXX XXXX 2346'],
  ])('%p is kept as %p', (text, kept) => expect(maskWords(text)).toBe(kept));

  it.each([
    'order 1234567812345670',
    'order 234123412346',
    'call +63 917 123 4567',
    'imei 490154203237518',
    'at 1735936174823',
    '4111 1111 1111 1112',
    '11/11/2014,11/12/2014, debit card',
    'card ending 1111, 4 of 12, 2019',
    'GB82 WEST 1234 5698 7654 33',
    createHash('sha256').update('41').digest('hex'),
    '00000000-0000-4000-8000-000000000000',
  ])('%p stays', (text) => expect(maskWords(text)).toBe(text));

  it('is found where it is refused: in what machines read', () => {
    expect(['ACC-4111111111111111', 'T٤١١١١١١١١١١١١١١١'].map(holdsCard)).toEqual([true, true]);
    expect(['ACC-1', 'SF-00012345', '1234567812345670'].map(holdsCard)).toEqual([false, false, false]);
  });
});

it('takes its time in proportion to the text, also to a hostile one', () => {
  const hostile = [
    'cvv',
    'cvv,,,,,,,,,,,,,,,',
    'c v v ',
    'cvv is the of my ',
    '123 is the my my ',
    'one two ',
    'pin double one and ',
    'cvv ek do ',
    'cvv do de ',
    'hundert',
    '4111111111111111^a',
    'gb82 ',
    '1 ',
    '1--',
    '1234 ',
    '4111',
    '4111,',
    'aadhaar 2341 ',
    '१',
    '\u200b4',
  ];
  const cost = (length: number) => {
    const texts = hostile.map((each) => each.repeat(Math.ceil(length / each.length)));
    const started = process.cpuUsage().user;
    for (const text of texts) [maskText(text), maskWords(text), holdsSecurityCode(text)].at(0);
    return process.cpuUsage().user - started;
  };
  cost(2_000);
  const [once, tenTimes] = [Math.max(cost(20_000), 20_000), cost(200_000)];
  expect(tenTimes / once).toBeLessThan(30);
});

describe('measured (skipped when ../shared/data is absent)', () => {
  const there = existsSync(path.join(shared, 'dev'));
  const FILES = ['cfpb_bofa_2017_2023', 'cfpb_2014_multi_company', 'ar_invoices', 'pwc_call_centre_2021q1'];

  (there ? it : it.skip)('changes no line of real complaints, invoices and calls', () => {
    const changed = FILES.flatMap((file) =>
      execFileSync('xz', ['-dc', path.join(shared, `dev/${file}.dev.csv.xz`)], { maxBuffer: 2 ** 30 })
        .toString()
        .split('\n')
        .filter((line, index) => index % 5 === 0 && (maskWords(line) !== line || holdsSecurityCode(line))),
    );
    expect(changed).toEqual([]);
  });

  (there ? it : it.skip)('leaves the mobile numbers of all regions alone, as they are dialled', () => {
    const file = path.join(shared, 'validation/phone_examples_mobile.json');
    const numbers = Object.values(JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>);
    expect(numbers.length).toBeGreaterThan(200);
    expect(numbers.filter((number) => maskWords(`call +99${number}`) !== `call +99${number}`)).toEqual([]);
  });

  /** Numbers of systems that say nothing of themselves, in an even sequence: how many in a hundred are taken for a card. */
  const rate = (write: (n: number) => string, count = 20_000) => {
    const texts = Array.from({ length: count }, (_, n) => write(n));
    return (100 * texts.filter((text) => maskWords(text) !== text).length) / count;
  };
  const digitsOf = (n: number, length: number) =>
    Array.from(createHash('sha512').update(String(n)).digest().subarray(0, length), (byte) => byte % 10).join('');

  it.each<[string, number, (n: number) => string]>([
    ['order numbers of 10', 0, (n) => `order ${digitsOf(n, 10)}`],
    ['references of 12', 0, (n) => `UPI ${digitsOf(n, 12)}`],
    ['order numbers of 14', 1, (n) => `order ${digitsOf(n, 14)}`],
    // One in ten passes Luhn, and networks issue what begins with 4, 5, 6 and more.
    ['order numbers of 16', 5, (n) => `order ${digitsOf(n, 16)}`],
    ['invoices', 0, (n) => `invoice INV-2024-${digitsOf(n, 8)}`],
    ['instants in ms', 0, (n) => `at 17${digitsOf(n, 11)}`],
    ['two accounts', 0, (n) => `${digitsOf(n, 8)} and ${digitsOf(n + 1, 8)}`],
    ['hashes', 0.1, (n) => createHash('sha1').update(String(n)).digest('hex')],
    ['amounts', 0, (n) => `${digitsOf(n, 2)},${digitsOf(n, 3)}.00 ${digitsOf(n + 1, 1)},${digitsOf(n + 1, 3)}.50`],
  ])('%s: at most %p in a hundred', (_what, most, write) => expect(rate(write)).toBeLessThanOrEqual(most));

  it('Luhn alone would take one in ten', () => {
    const numbers = Array.from({ length: 20_000 }, (_, n) => digitsOf(n, 16));
    expect(numbers.filter(passesLuhn).length / 20_000).toBeGreaterThan(0.09);
  });
});
