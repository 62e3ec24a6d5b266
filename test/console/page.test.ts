import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { parse, validate } from 'graphql';
import { catalogue } from '../../src/catalogue';
import * as documents from '../../src/console/page/documents.js';
import { piecesOf } from '../../src/console/page/visible-text.js';
import {
  counted,
  fieldInWords,
  operationInWords,
  refusalInWords,
  statusInWords,
} from '../../src/console/page/words.js';
import { ChangeRequestStatus } from '../../src/approvals/change-request.type';
import { guardedSchema } from '../../src/schema';

const PAGE = path.resolve(__dirname, '../../src/console/page');
const sources = readdirSync(PAGE)
  .filter((name) => name.endsWith('.js'))
  .map((name) => ({ name, text: readFileSync(path.join(PAGE, name), 'utf8') }));

describe('the documents', () => {
  const { SUBJECTS, ...single } = documents;
  const texts = [...Object.entries(single), ...Object.entries(SUBJECTS)] as [string, string][];

  it.each(texts)('%s fits the schema', (_name, text) => {
    expect(validate(guardedSchema(), parse(text))).toEqual([]);
  });
});

describe('the words', () => {
  it('of operations are those of the catalogue, for whatever may wait', () => {
    const waiting = catalogue.names.filter((name) => !/^(changeRequest|session|password)\./.test(name));
    expect(waiting.length).toBeGreaterThan(20);
    for (const name of waiting) expect(operationInWords(name)).toBe(catalogue.find(name).summary);
  });

  it('of an operation that is not known are its name', () => {
    expect(operationInWords('toString')).toBe('toString');
  });

  it('are there for each status', () => {
    for (const status of Object.values(ChangeRequestStatus)) expect(statusInWords(status)).not.toBe(status);
  });

  it('are there for each refusal of a decision, and say what its details say', () => {
    const codes =
      `CHANGE_REQUEST_NOT_PENDING CHANGE_REQUEST_EXPIRED MAKER_IS_CHECKER NOT_AN_APPROVER CHANGE_REQUEST_MOVED MAKER_NOT_ACTIVE
      CHANGE_REQUEST_STALE CHANGE_REQUEST_FAILED CHANGE_REQUEST_ALTERED DECISION_REPEATED APPROVAL_POLICY_MISSING UNAUTHENTICATED
      FORBIDDEN RATE_LIMITED NOT_FOUND BUSY TIMEOUT DATABASE_UNAVAILABLE INTERNAL IDEMPOTENCY_KEY_REUSED
      DELEGATE_OF_MAKER ASSIGNED_TO_ANOTHER LIMIT_EXCEEDED`.split(/\s+/);
    const listed = readFileSync(path.resolve(__dirname, '../../docs/ERRORS.md'), 'utf8');
    for (const code of codes) {
      expect(listed).toContain(`\`${code}\``);
      expect(refusalInWords(code)).not.toBe('The API refused this.');
    }
    expect(refusalInWords('CHANGE_REQUEST_NOT_PENDING', { status: 'REJECTED' })).toMatch(/It was rejected\.$/);
    expect(refusalInWords('CHANGE_REQUEST_FAILED', { code: 'ACCOUNT_CLOSED' })).toMatch(/ACCOUNT_CLOSED/);
    expect(refusalInWords('NOT_AN_APPROVER', { approverRoles: ['admin', 'compliance'] })).toMatch(
      /admin or compliance/,
    );
    expect(refusalInWords('RATE_LIMITED', { retryAfterSeconds: 7 })).toMatch(/7 seconds/);
    expect(refusalInWords('SOMETHING_NEW')).toBe('The API refused this.');
  });

  it('name fields and count things', () => {
    expect(fieldInWords('customer.bankAccountNumber')).toBe('customer › bank account number');
    expect([counted(1, 'change'), counted(2, 'change')]).toEqual(['1 change', '2 changes']);
  });
});

describe('a text that could deceive', () => {
  const marked = (text: string) =>
    piecesOf(text)
      .map((piece) => ('text' in piece ? piece.text : `⟨${piece.code}⟩`))
      .join('');

  it.each([
    ['turns its direction', 'pay \u202Etxet\u202C now', 'pay ⟨U+202E⟩txet⟨U+202C⟩ now'],
    ['isolates', '\u2066a\u2067b\u2068c\u2069', '⟨U+2066⟩a⟨U+2067⟩b⟨U+2068⟩c⟨U+2069⟩'],
    ['has marks of direction', 'a\u200Eb\u200Fc\u061Cd', 'a⟨U+200E⟩b⟨U+200F⟩c⟨U+061C⟩d'],
    ['has zero widths', 'A\u200BC\u200CM\u200DE\u2060\uFEFF', 'A⟨U+200B⟩C⟨U+200C⟩M⟨U+200D⟩E⟨U+2060⟩⟨U+FEFF⟩'],
    ['has soft hyphens and fillers', 'a\u00ADb\u3164c\u115F', 'a⟨U+00AD⟩b⟨U+3164⟩c⟨U+115F⟩'],
    ['has tags', 'a\u{E0001}\u{E0041}', 'a⟨U+E0001⟩⟨U+E0041⟩'],
    ['has controls', 'a\u0000b\u0007c\u007Fd\u0085e\u2028f', 'a⟨U+0000⟩b⟨U+0007⟩c⟨U+007F⟩d⟨U+0085⟩e⟨U+2028⟩f'],
    ['has half a character', 'a\uD83Db', 'a⟨U+D83D⟩b'],
  ])('%s, and shows it', (_what, text, shown) => {
    expect(marked(text)).toBe(shown);
  });

  it.each(['Ünïcode, 漢字, العربية, עברית', 'lines\n\tand tabs\r\n', '👩 €', ''])('%j is shown as it is', (text) => {
    expect(marked(text)).toBe(text);
  });

  it('has names for those who hear it', () => {
    expect(piecesOf('\u202E\u2063\u{E0041}')).toEqual([
      { code: 'U+202E', name: 'right-to-left override' },
      { code: 'U+2063', name: 'invisible character' },
      { code: 'U+E0041', name: 'tag A' },
    ]);
  });
});

describe('the sources', () => {
  it('make no markup of a text and no code of one', () => {
    const making = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|srcdoc|\beval\b|new Function/;
    expect(sources.filter(({ text }) => making.test(text))).toEqual([]);
  });

  it('name nothing of another origin', () => {
    expect(sources.filter(({ text }) => /https?:|\/\/[a-z]+\./.test(text))).toEqual([]);
  });

  it('draw what others wrote in one place, and are short', () => {
    expect(sources.filter(({ text }) => text.split('\n').length > 300)).toEqual([]);
    expect(sources.filter(({ text }) => /(session|local)Storage|document\.cookie|[bB]earer/.test(text))).toEqual([]);
  });
});

describe('where a password is typed', () => {
  const { text } = sources.find(({ name }) => name === 'sign-in.js')!;

  it('it is hidden, known to managers of passwords as what it is, and takes as many characters as one may have', () => {
    const field = /field\('password'[^)]*\)/.exec(text)![0];
    expect(field).toContain("type: 'password'");
    expect(field).toContain("autocomplete: 'current-password'");
    expect(field).toContain('maxlength: 128');
  });

  it('and in no file, pasting is kept from anybody', () => {
    for (const { name, text: source } of sources)
      expect([name, /['"`.](?:on)?(?:paste|beforeinput|drop)\b|autocomplete: 'off'/.exec(source)]).toEqual([
        name,
        null,
      ]);
  });
});
