import { startTestApp, type TestApp } from '../support/app';
import { givenAccount } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
  await t.sql(`UPDATE approval_policy SET when_fields = NULL WHERE operation = 'account.change'`);
});
afterAll(() => t.close());

const visibleOf = async (text: string) =>
  (await t.apiSql<{ visible: string; kinds: string[] }>('SELECT * FROM made_visible($1)', [text]))[0]!;

describe('a text made visible', () => {
  it.each([
    ['plain words', 'Paid twice, see call 12', 'Paid twice, see call 12', []],
    ['letters of one’s own language', 'Ångström & Söhne', 'Ångström & Söhne', []],
    ['a text in Cyrillic alone', 'Привет, мир', 'Привет, мир', []],
    ['a text in Greek alone', 'Καλημέρα κόσμε', 'Καλημέρα κόσμε', []],
    ['Japanese with Latin words', '請求書 ABC のため', '請求書 ABC のため', []],
    ['Cyrillic beside Latin that looks like nothing of it', 'Bank Москва', 'Bank Москва', []],
    ['text that runs backwards', 'pay\u202E001', 'pay⟨U+202E⟩001', ['DIRECTION_MARK']],
    ['an isolate', '\u2066x\u2069', '⟨U+2066⟩x⟨U+2069⟩', ['DIRECTION_MARK']],
    ['a blank of no width', 'AC\u200BME', 'AC⟨U+200B⟩ME', ['INVISIBLE']],
    ['a soft hyphen', 'AC\u00ADME', 'AC⟨U+00AD⟩ME', ['INVISIBLE']],
    ['a tag beyond the first plane', 'A\u{E0041}B', 'A⟨U+E0041⟩B', ['INVISIBLE']],
    ['one letter of another script', 'P\u0430ypal Ltd', 'P\u0430⟨U+0430⟩ypal Ltd', ['LOOK_ALIKE']],
    [
      'a whole word of look-alikes',
      'To \u0440\u0430\u0443 now',
      'To \u0440⟨U+0440⟩\u0430⟨U+0430⟩\u0443⟨U+0443⟩ now',
      ['LOOK_ALIKE'],
    ],
    ['fullwidth letters', 'Ａcme', 'Ａ⟨U+FF21⟩cme', ['LOOK_ALIKE']],
    [
      'everything at once',
      '\u202Eо\u200Bk',
      '⟨U+202E⟩о⟨U+043E⟩⟨U+200B⟩k',
      ['DIRECTION_MARK', 'INVISIBLE', 'LOOK_ALIKE'],
    ],
  ])('%s', async (_what, text, visible, kinds) => {
    expect(await visibleOf(text)).toEqual({ visible, kinds });
  });
});

describe('a change request', () => {
  const SELECTION = 'changeRequest { id reason deceptiveTexts { path side visible kinds } }';

  it('shows its approver which of its texts could deceive', async () => {
    const accountId = await givenAccount(t, { legalName: 'Acme Pay' });
    const input = { accountId, legalName: 'Acme P\u0430y', reason: 'Typo\u200B' };
    const { payload } = await t.as('operations').mutate('changeAccount', input, SELECTION);
    const shown = await t
      .as('supervisor')
      .gql(
        `{ changeRequest(id: "${payload.changeRequest.id}") { reason deceptiveTexts { path side visible kinds } } }`,
      );
    expect(shown.data?.changeRequest).toEqual({
      reason: 'Typo\u200B',
      deceptiveTexts: [
        { path: 'reason', side: 'after', visible: 'Typo⟨U+200B⟩', kinds: ['INVISIBLE'] },
        {
          path: 'legalName',
          side: 'after',
          visible: 'Acme P\u0430⟨U+0430⟩y',
          kinds: ['LOOK_ALIKE', 'LOOKS_UNCHANGED'],
        },
      ],
    });
  });

  it('has none where nothing does', async () => {
    const accountId = await givenAccount(t, { legalName: 'Plain' });
    const { payload } = await t
      .as('operations')
      .mutate('changeAccount', { accountId, legalName: 'Plainer', reason: 'Their wish' }, SELECTION);
    expect(payload.changeRequest.deceptiveTexts).toEqual([]);
  });
});
