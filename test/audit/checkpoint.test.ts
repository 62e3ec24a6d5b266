import fc from 'fast-check';
import { type Checkpoint, checkpointText, openCheckpoint, parseCheckpoint } from '../../src/audit/checkpoint';
import { parseNote, signNote } from '../../src/audit/note';
import { NoteError, noteSigner } from '../../src/audit/note-keys';
import { EMPTY_ROOT } from '../../src/audit/tree';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

/** The example of C2SP tlog-checkpoint. */
const EXAMPLE = `example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
`;
const { text: BODY } = parseNote(EXAMPLE);
const [ORIGIN, SIZE, ROOT] = BODY.split('\n') as [string, string, string];

const checkpoint: Checkpoint = { origin: ORIGIN, size: 20852163, root: Buffer.from(ROOT, 'base64'), extensions: [] };

describe('a checkpoint', () => {
  it('reads as it is written', () => {
    expect(parseCheckpoint(BODY)).toEqual(checkpoint);
    expect(checkpointText(checkpoint)).toBe(BODY);
  });

  it('may be of an empty log, and of the largest', () => {
    const empty = { ...checkpoint, size: 0, root: EMPTY_ROOT };
    expect(checkpointText(empty)).toBe(`${ORIGIN}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n`);
    expect(parseCheckpoint(checkpointText(empty))).toEqual(empty);
    expect(parseCheckpoint(`${ORIGIN}\n9007199254740991\n${ROOT}\n`).size).toBe(2 ** 53 - 1);
  });

  it('carries lines that it does not understand', () => {
    const extended = { ...checkpoint, extensions: ['time 2026-01-02T03:04:05Z', ' ', '— é'] };
    expect(checkpointText(extended)).toBe(`${BODY}time 2026-01-02T03:04:05Z\n \n— é\n`);
    expect(parseCheckpoint(checkpointText(extended))).toEqual(extended);
  });

  it.each([
    '',
    '\n',
    '\n\n\n',
    BODY.slice(0, -1),
    `${BODY}\n`,
    `${BODY}\nmore\n`,
    `${BODY}more`,
    `${BODY}more\n\n`,
    `\n${BODY}`,
    `${ORIGIN}\n${SIZE}\n`,
    `\n${SIZE}\n${ROOT}\n`,
    `${ORIGIN}\n\n${ROOT}\n`,
    BODY.replaceAll('\n', '\r\n'),
    `\0${BODY}`,
    `\uD800${BODY}`,
    EXAMPLE,
    ...['00', '01', '+1', '-1', '-0', ' 1', '1 ', '1.0', '1e3', '0x10', '1_000', '١', 'NaN', '9007199254740992'].map(
      (size) => `${ORIGIN}\n${size}\n${ROOT}\n`,
    ),
    `${ORIGIN}\n${'9'.repeat(100_000)}\n${ROOT}\n`,
    ...[
      ROOT.slice(0, -1),
      `${ROOT}=`,
      ROOT.replace('2I=', '2J='),
      ` ${ROOT}`,
      ROOT.replaceAll('/', '_'),
      'AAAA',
      'A'.repeat(44),
      'A'.repeat(100_000),
    ].map((root) => `${ORIGIN}\n${SIZE}\n${root}\n`),
  ])('is not %.100p', (text) => {
    expect(() => parseCheckpoint(text)).toThrow(NoteError);
  });

  it.each<[string, Partial<Checkpoint>]>([
    ['no origin', { origin: '' }],
    ['an origin of two lines', { origin: 'a\nb' }],
    ['an origin with the rest behind it', { origin: `${ORIGIN}\n1\n${ROOT}` }],
    ['an origin with a control character', { origin: 'a\tb' }],
    ['a size below zero', { size: -1 }],
    ['half a leaf', { size: 0.5 }],
    ['no number of leaves', { size: NaN }],
    ['a size that is not exact', { size: 2 ** 53 }],
    ['a size with an exponent', { size: 1e21 }],
    ['a short root', { root: Buffer.alloc(31) }],
    ['a long root', { root: Buffer.alloc(33) }],
    ['an empty extension', { extensions: ['a', ''] }],
    ['an extension of two lines', { extensions: ['a\nb'] }],
    ['an extension that ends a line', { extensions: ['a\n'] }],
    ['an extension of half a character', { extensions: ['\uDC00'] }],
  ])('is not written with %s', (_what, wrong) => {
    expect(() => checkpointText({ ...checkpoint, ...wrong })).toThrow(NoteError);
  });

  it(`comes back as it went (seed ${seed})`, () => {
    const line = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((text) => text.isWellFormed() && !/\p{Cc}/u.test(text));
    const any = fc.record({
      origin: line,
      size: fc.oneof(fc.nat(20), fc.maxSafeNat()),
      root: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes)),
      extensions: fc.array(line),
    });
    fc.assert(
      fc.property(any, (each) => {
        expect(parseCheckpoint(checkpointText(each))).toEqual(each);
      }),
      { seed, numRuns: 300 },
    );
  });
});

describe('a signed checkpoint', () => {
  const log = noteSigner(ORIGIN, Buffer.alloc(32, 1));
  const next = noteSigner(ORIGIN, Buffer.alloc(32, 2));
  const witness = noteSigner('witness.example', Buffer.alloc(32, 3));
  const opened = (signers: (typeof log)[], keys: (typeof log)[]) =>
    openCheckpoint(
      signNote(BODY, signers),
      keys.map(({ key }) => key),
    );

  it('is opened with a key of its log, an earlier or a later one', () => {
    expect(opened([log], [log])).toEqual(checkpoint);
    expect(opened([log], [next, log])).toEqual(checkpoint);
    expect(opened([witness, next, log], [next, witness])).toEqual(checkpoint);
  });

  it('is refused where only others signed, of another log too', () => {
    expect(() => opened([witness], [log])).toThrow('not signed by a known key');
    expect(() => opened([witness], [log, witness])).toThrow('not signed by a key of that name');
    expect(() => opened([log, witness], [witness])).toThrow('not signed by a key of that name');
  });

  it('is refused where what was signed is none', () => {
    expect(() => openCheckpoint(signNote('hello\n', [log]), [log.key])).toThrow('This is no checkpoint');
  });
});
