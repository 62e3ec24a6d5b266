import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { inflateSync } from 'node:zlib';
import { invoicePdf } from '../../src/documents/invoice-pdf';
import { performancePdf } from '../../src/documents/performance-pdf';
import { kpisOf } from '../../src/documents/kpi.rules';
import { facesFor } from '../../src/documents/fonts';
import { drawable } from '../../src/documents/text-runs';
import { besides, PdfReader } from './pdf';
import { BUYER, documentOf, lineOf, NAMES, SELLER } from './samples';

const reader = new PdfReader();
afterAll(() => reader.stop());
const pagesOf = (pdf: Buffer) => reader.pagesOf(pdf);

const ROOT = path.resolve(__dirname, '../..');
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const plain = (text: string) => text.replaceAll(/\s+/g, ' ');

/** The streams of a file, unpacked, as far as they are packed. */
const contentsOf = (pdf: Buffer): string => {
  const found: string[] = [];
  for (let at = pdf.indexOf('stream\n'); at >= 0; at = pdf.indexOf('stream\n', at + 7)) {
    if (pdf.subarray(at - 3, at).toString() === 'end') continue;
    const end = pdf.indexOf('endstream', at);
    try {
      found.push(inflateSync(pdf.subarray(at + 7, end)).toString('latin1'));
    } catch {
      // A font, or what is not packed.
    }
  }
  return found.join('\n');
};

describe('an invoice as PDF', () => {
  it('says all that the document says', async () => {
    const lines = [
      lineOf({ detail: [{ label: 'Tier 1: to 1,000', quantity: '1,000', unitPrice: '1.30', amount: '1,300.00' }] }),
      lineOf({
        lineNumber: 2,
        quantity: '-10',
        amountMinor: -1_250n,
        correctsInvoiceNumber: 'INV-2026-000011',
        period: { from: '2026-01-01', until: '2026-02-01' },
      }),
    ];
    const [page] = await pagesOf(await invoicePdf(documentOf({ lines, notes: ['Thank you.'] })));
    const text = plain(page!);
    for (const said of [
      'Contact Partners GmbH',
      '10115 Berlin',
      'Germany',
      'Tax id DE123456788',
      'Banque du Lac S.A.',
      'PO-7781',
      'INV-2026-000042',
      '1 Mar 2026',
      '31 Mar 2026',
      '1 Feb 2026 – 28 Feb 2026',
      'Page 1 of 1',
      'Thank you.',
      'Handled calls',
      'Card support',
      '1,200',
      '1.25',
      '1,500.00',
      'Tier 1: to 1,000',
      '1,300.00',
      '−12.50',
      '1 Jan 2026 – 31 Jan 2026',
      'corrects INV-2026-000011',
      'IBAN DE89 3704 0044 0532 0130 00',
      'Subtotal 1,487.50',
      'VAT 19 % on 1,487.50 282.63',
      'Total EUR 1,770.13',
    ])
      expect(text).toContain(said);
  });

  it('says plainly what it is not: issued, or valid any more', async () => {
    const draft = (await pagesOf(await invoicePdf(documentOf({ number: null, issuedOn: null })))).join();
    expect(draft).toContain('Invoice – DRAFT');
    expect(draft).not.toContain('Please pay');
    const voided = (await pagesOf(await invoicePdf(documentOf({ voided: true })))).join();
    expect(voided).toContain('VOIDED');
    const credit = documentOf({ kind: 'CREDIT_NOTE', precedes: { number: 'INV-2026-000011', issuedOn: '2026-01-03' } });
    expect(plain((await pagesOf(await invoicePdf(credit))).join())).toContain('INV-2026-000011 of 3 Jan 2026');
  });

  it('is the same bytes each time, and in another process', async () => {
    const document = documentOf({ lines: Object.values(NAMES).map((description) => lineOf({ description })) });
    const here = await invoicePdf(document);
    expect(sha256(await invoicePdf(structuredClone(document)))).toBe(sha256(here));
    expect(existsSync(path.join(ROOT, 'dist/src/documents/invoice-pdf.js'))).toBe(true);
    const script = `
      const revive = (_key, value) => (typeof value === 'string' && /^-?\\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value);
      const asked = JSON.parse(require('node:fs').readFileSync(0, 'utf8'), revive);
      require('./dist/src/documents/invoice-pdf.js').invoicePdf(asked).then((pdf) => process.stdout.write(pdf));`;
    const input = JSON.stringify(document, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
    const env = { ...process.env, TZ: 'Pacific/Auckland', LANG: 'de_DE' };
    const there = execFileSync(process.execPath, ['-e', script], { cwd: ROOT, input, env, maxBuffer: 1 << 26 });
    expect(sha256(there)).toBe(sha256(here));
  });

  it.each(Object.entries(NAMES))(
    'writes %s with fonts that it carries, and its text can be had again',
    async (_script, name) => {
      const pdf = await invoicePdf(documentOf({ lines: [lineOf({ description: name })], seller: { ...SELLER, name } }));
      const raw = pdf.toString('latin1');
      const fonts = [...raw.matchAll(/\/FontName \/([A-Z]{6})\+/g)].length;
      expect(fonts).toBeGreaterThan(0);
      expect([...raw.matchAll(/\/FontFile[23] /g)]).toHaveLength(fonts);
      expect([...raw.matchAll(/\/ToUnicode /g)]).toHaveLength(fonts);
      expect(raw).not.toMatch(/\/Subtype \/Type1\b/);
      // Each word stands in the page as its characters, or beside the glyphs that do not say them.
      const [page] = await pagesOf(pdf);
      const beside = besides(contentsOf(pdf)).join(' ').normalize('NFC');
      const words = name.normalize('NFC').split(' ');
      const unsaid = words.filter((word) => !page!.normalize('NFC').includes(word) && !beside.includes(word));
      // Arabic in a page is read from the right: its words come whole, ligatures with their letters turned.
      expect(unsaid.filter((word) => !/\p{Script=Arabic}/u.test(word) || !holdsLetters(page!, word))).toEqual([]);
    },
  );

  it('chooses the form of Han that a text is written in', () => {
    expect([facesFor('工', '中国工商银行')[0], facesFor('工', '臺灣工業')[0]]).toEqual(['simplified', 'traditional']);
    expect([facesFor('銀', 'みずほ銀行')[0], facesFor('銀', '국민銀行')[0]]).toEqual(['japanese', 'korean']);
  });

  it('shows as a box what no font has, and what would turn a text round: nothing is dropped', async () => {
    expect(drawable('a\u202eb\u2066c\u0007d')).toBe('a\uffffb\uffffc\uffffd');
    expect(drawable('\ud800')).toBe('\ufffd');
    const boxes = async (description: string) => {
      const content = contentsOf(await invoicePdf(documentOf({ lines: [lineOf({ description })] })));
      const drawn = [...content.matchAll(/\[[^\]]*\] TJ/g)].join();
      return [...drawn.matchAll(/<0000>/g)].length;
    };
    expect(await boxes('plain')).toBe(0);
    expect(await boxes('\u202egnp.exe 😀')).toBe(2);
    expect(await boxes('\u{1f1e9}\u{e000}x')).toBe(2);
  });

  it('breaks 500 lines into pages that are full, each with its head and its number', async () => {
    const lines = Array.from({ length: 500 }, (_each, index) =>
      lineOf({ lineNumber: index + 1, description: `Calls no. ${index + 1}.` }),
    );
    const pages = await pagesOf(await invoicePdf(documentOf({ lines })));
    expect(pages.length).toBeGreaterThan(15);
    pages.forEach((page, index) => {
      expect(page).toContain(`Page ${index + 1} of ${pages.length}`);
      expect(page).toContain('Description');
      if (index < pages.length - 1) expect([...page.matchAll(/Calls no\./g)].length).toBeGreaterThan(10);
    });
    expect([...pages.join().matchAll(/Calls no\. \d+\./g)]).toHaveLength(500);
  });

  it('leaves no page with the totals, or what follows them, alone: for any number of lines', async () => {
    for (let count = 1; count <= 45; count += 1) {
      const lines = Array.from({ length: count }, (_each, index) => lineOf({ lineNumber: index + 1 }));
      const pages = await pagesOf(await invoicePdf(documentOf({ lines })));
      const last = pages.at(-1)!;
      expect([count, last.includes('Handled calls') && last.includes('Total EUR')]).toEqual([count, true]);
    }
  });

  it.each([
    ['JPY', 150_000n, '150,000'],
    ['KWD', 150_000n, '150.000'],
    ['EUR', -9_223_372_036_854_775_807n, '−92,233,720,368,547,758.07'],
  ])('writes amounts of %s with its decimals', async (currency, amountMinor, shown) => {
    const pages = await pagesOf(await invoicePdf(documentOf({ currency, lines: [lineOf({ amountMinor })] })));
    expect(pages.join()).toContain(shown);
  });

  it('takes what is hostile: no lines, no addresses, long words, endless details', async () => {
    const nobody = {
      name: '',
      taxId: null,
      street: null,
      city: null,
      postalCode: null,
      subdivision: null,
      country: null,
      email: null,
    };
    const bare = documentOf({ lines: [], seller: nobody, buyer: { ...nobody, name: 'W'.repeat(500) }, payment: null });
    expect((await pagesOf(await invoicePdf(bare))).join()).toContain('Nothing is billed.');
    const detail = Array.from({ length: 200 }, (_each, index) => ({
      label: `Tier ${index}.`,
      quantity: '1',
      unitPrice: '1',
      amount: '1',
    }));
    const pages = await pagesOf(
      await invoicePdf(documentOf({ lines: [lineOf({ description: 'ﷺ'.repeat(500), detail })] })),
    );
    expect([...pages.join().matchAll(/Tier \d+\./g)]).toHaveLength(200);
    const taxes = Array.from({ length: 80 }, (_each, index) => ({
      ...documentOf().taxes[0]!,
      name: `Tax no. ${index}.`,
      exemptionReason: 'because',
    }));
    expect([
      ...(await pagesOf(await invoicePdf(documentOf({ taxes })))).join().matchAll(/Tax no\. \d+\./g),
    ]).toHaveLength(80);
  });

  const NAUGHTY = path.resolve(__dirname, '../../../shared/data/validation/blns.json');
  const naughty = existsSync(NAUGHTY) ? (JSON.parse(readFileSync(NAUGHTY, 'utf8')) as string[]) : [];
  (naughty.length > 0 ? it : it.skip)(
    'takes every naughty string (skipped where ../shared/data is absent)',
    async () => {
      const lines = naughty.map((description, index) => lineOf({ lineNumber: index + 1, description }));
      const pdf = await invoicePdf(documentOf({ lines, buyer: { ...BUYER, name: naughty.join(' ').slice(0, 2000) } }));
      expect((await pagesOf(pdf)).length).toBeGreaterThan(10);
    },
  );

  it('needs no more memory for the hundredth than for the tenth', async () => {
    const document = documentOf({
      lines: Array.from({ length: 30 }, () => lineOf({ description: `Calls ${NAMES.latin}` })),
    });
    const collect = (globalThis as { gc?: () => void }).gc;
    const used = async (times: number) => {
      for (let time = 0; time < times; time += 1) await invoicePdf(document);
      collect?.();
      return process.memoryUsage().arrayBuffers + process.memoryUsage().external;
    };
    const tenth = await used(10);
    expect((await used(40)) - tenth).toBeLessThan(64 * 1024 * 1024);
  });
});

/** All letters of a word, in whatever order a page tells them. */
const holdsLetters = (page: string, word: string) => Array.from(word).every((letter) => page.includes(letter));

describe('performance as PDF', () => {
  const tally = {
    offered: 10,
    handled: 8,
    abandoned: 2,
    inTime: 6,
    waitSeconds: 80,
    talkSeconds: 800,
    resolvedSaid: 0,
    resolvedYes: 0,
  };
  const kpis = kpisOf(tally);

  it('is the same bytes each time, with figures and their bars, for any number of LOBs', async () => {
    for (const count of [0, 1, 60]) {
      const lobs = Array.from({ length: count }, (_each, index) => ({ name: `Line ${index} 客户服务`, ...kpis }));
      const performance = {
        accountName: 'Bank',
        period: { from: '2026-02-01', until: '2026-03-01' },
        serviceLevelSeconds: 20,
        lobs,
        all: kpis,
      };
      const pdf = await performancePdf(performance);
      expect(sha256(await performancePdf(structuredClone(performance)))).toBe(sha256(pdf));
      const text = plain((await pagesOf(pdf)).join(' '));
      for (const said of ['Bank', '1 Feb 2026 – 28 Feb 2026', '20.0 %', '10.0 s', '60.0 %', '100.0 s', '–'])
        expect(text).toContain(said);
      expect([...text.matchAll(/Line \d+/g)]).toHaveLength(count * 6);
    }
  });
});
