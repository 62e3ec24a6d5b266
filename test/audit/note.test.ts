import fc from 'fast-check';
import { formatNote, MAX_SIGNATURES, openNote, parseNote, signNote } from '../../src/audit/note';
import { NoteError, type NoteKey, noteKey, noteSigner, parseNoteKey } from '../../src/audit/note-keys';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

/*
 * The keys, text and signatures with which golang.org/x/mod/sumdb/note is tested. Ed25519 signs a text in one way only,
 * so who signs right makes these very bytes.
 */
const PETER = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const PETER_SEED = Buffer.from('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz', 'base64').subarray(1);
const ENOCH = 'EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop';
const TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const PETER_LINE =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
const ENOCH_LINE =
  '— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n';
/** As long a line as Peter's, by the same id, that does not hold. */
const PETER_FORGED = PETER_LINE.replace('AxVBti', 'AxVBtj').replace('QxVBti', 'QxVBtj');

const peter = parseNoteKey(PETER);
const enoch = parseNoteKey(ENOCH);
const note = `${TEXT}\n${PETER_LINE}`;

/** Whether it is refused, and by nothing else than a NoteError. */
function refuses(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch (error) {
    if (error instanceof NoteError) return true;
    throw error;
  }
}

const signers = (open: { signedBy: readonly NoteKey[] }) => open.signedBy.map(({ name }) => name);

describe('a key', () => {
  it('reads as it is written', () => {
    expect(peter).toMatchObject({ name: 'PeterNeumann', id: 'c74f20a3', text: PETER });
    expect(enoch).toMatchObject({ name: 'EnochRoot', id: 'af0cfe78', text: ENOCH });
  });

  it('is that of its seed', () => {
    expect(noteSigner('PeterNeumann', PETER_SEED).key.text).toBe(PETER);
  });

  it('is refused in part, and with any character changed', () => {
    for (let from = 0; from <= PETER.length; from += 1)
      for (let to = from; to <= PETER.length; to += 1)
        if (to - from < PETER.length && !refuses(() => parseNoteKey(PETER.slice(from, to))))
          throw new Error(PETER.slice(from, to));
    for (let at = 0; at < PETER.length; at += 1) {
      const changed = PETER.slice(0, at) + String.fromCharCode(PETER.charCodeAt(at) + 1) + PETER.slice(at + 1);
      expect([changed, refuses(() => parseNoteKey(changed))]).toEqual([changed, true]);
    }
  });

  it.each([
    // Wrong length, and unknown type, each with the id that they would have.
    'PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==',
    'PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
    PETER.replace('c74f20a3', 'C74F20A3'),
    `${PETER}\n`,
    ` ${PETER}`,
    `${PETER}=`,
    '++',
  ])('is not %p', (text) => {
    expect(refuses(() => parseNoteKey(text))).toBe(true);
  });

  it.each(['', 'a b', 'a+b', 'a\u00A0b', 'a\u2028b', 'a\nb', 'a\tb', '\uD800'])('cannot be named %p', (name) => {
    expect(refuses(() => noteKey(name, Buffer.alloc(32, 1)))).toBe(true);
    expect(refuses(() => noteSigner(name, Buffer.alloc(32, 1)))).toBe(true);
  });

  it.each([0, 31, 33, 64])('is not made of %i bytes', (length) => {
    expect(refuses(() => noteKey('log.example', Buffer.alloc(length, 1)))).toBe(true);
    expect(refuses(() => noteSigner('log.example', Buffer.alloc(length, 1)))).toBe(true);
  });
});

describe('a note', () => {
  it('is signed as others sign it', () => {
    expect(signNote(TEXT, [noteSigner('PeterNeumann', PETER_SEED)])).toBe(note);
  });

  it('is opened with the key of one who signed', () => {
    const opened = openNote(note + ENOCH_LINE, [peter]);
    expect(opened.text).toBe(TEXT);
    expect(signers(opened)).toEqual(['PeterNeumann']);
    expect(signers(openNote(note + ENOCH_LINE, [enoch]))).toEqual(['EnochRoot']);
    expect(signers(openNote(Buffer.from(note + ENOCH_LINE), [enoch, peter]))).toEqual(['EnochRoot', 'PeterNeumann']);
  });

  it('is opened whatever strangers signed, also one with the name or the id of somebody known', () => {
    const [, , base64] = PETER_LINE.trim().split(' ');
    const id = Buffer.from(base64!, 'base64').subarray(0, 4);
    const sameName = `— PeterNeumann ${Buffer.concat([Buffer.from('c74f20a4', 'hex'), Buffer.alloc(64)]).toString('base64')}\n`;
    const sameId = `— PeterNeuman ${Buffer.concat([id, Buffer.alloc(3000)]).toString('base64')}\n`;
    expect(signers(openNote(`${TEXT}\n${sameName}${sameId}${PETER_LINE}`, [peter]))).toEqual(['PeterNeumann']);
    expect(refuses(() => openNote(`${TEXT}\n${sameName}${sameId}`, [peter]))).toBe(true);
  });

  it('names who signed twice, or was given twice, as often as it was given', () => {
    expect(signers(openNote(`${note}${PETER_LINE}`, [peter]))).toEqual(['PeterNeumann']);
  });

  it('is refused without a known signature', () => {
    expect(() => openNote(note, [])).toThrow('not signed by a known key');
    expect(() => openNote(note, [enoch])).toThrow('not signed by a known key');
  });

  it('is refused for one bad signature of a known key, whoever else signed', () => {
    expect(PETER_FORGED).not.toBe(PETER_LINE);
    for (const bad of [`${TEXT}\n${PETER_FORGED}`, `${note}${PETER_FORGED}`, `${TEXT}\n${ENOCH_LINE}${PETER_FORGED}`]) {
      expect(() => openNote(bad, [peter, enoch])).toThrow('The signature by PeterNeumann+c74f20a3 does not hold.');
    }
    const long = `${PETER_LINE.slice(0, 60)}ABCD${PETER_LINE.slice(60)}`;
    expect(() => openNote(`${TEXT}\n${long}`, [peter])).toThrow('does not hold');
    expect(() => openNote(note.replace('answer', 'Answer'), [peter])).toThrow('does not hold');
  });

  it('is refused by the right owner of an id that two keys share', () => {
    const twin = { ...enoch, name: peter.name, id: peter.id };
    expect(() => openNote(note, [peter, twin])).toThrow('does not hold');
  });

  it('may have empty lines, and lines that look like signatures, in its text', () => {
    const signer = noteSigner('log.example/a', Buffer.alloc(32, 7));
    for (const text of ['\n', '\n\n\n', 'a\n\nb\n', `${note}\n`, 'é — 日本 🎈\n', '\uFEFFa\n', '\u007F\u0085\n']) {
      const signed = signNote(text, [signer]);
      expect(openNote(Buffer.from(signed), [signer.key]).text).toBe(text);
      expect(openNote(signed, [signer.key]).text).toBe(text);
    }
  });

  it.each([
    '',
    '\n',
    '\n\n',
    TEXT,
    `${TEXT}\n`,
    `${TEXT}\n\n`,
    PETER_LINE,
    `\n${PETER_LINE}`,
    note.slice(0, -1),
    `${note}\n`,
    `${TEXT}${PETER_LINE}`,
    `\u0001${note}`,
    `\0${note}`,
    note.replaceAll('\n', '\r\n'),
    note.replace('answer', 'answer\t'),
    `\uD800${note}`,
    `${TEXT}\n— Bad Name ${PETER_LINE.slice(15)}`,
    `${TEXT}\n— Bad\u00A0Name ${PETER_LINE.slice(15)}`,
    `${TEXT}\n— Bad+Name ${PETER_LINE.slice(15)}`,
    `${TEXT}\n—  ${PETER_LINE.slice(15)}`,
    `${note}Unexpected line.\n`,
    note.replace('—', '-'),
    note.replace('— ', '—'),
    note.replace('AM=\n', 'AN=\n'),
    note.replace('AM=\n', 'AM\n'),
    note.replace('AM=\n', 'AM==\n'),
    note.replace('AM=\n', 'AM= \n'),
    note.replace('/', '_'),
    `${note}— x AAAAAA==\n`,
    `${note}— x \n`,
    `${note}— x\n`,
    `${TEXT}\n${PETER_LINE.repeat(MAX_SIGNATURES + 1)}`,
    `${'x'.repeat(1_000_000)}\n\n${PETER_LINE}`,
  ])('is not %.80p', (text) => {
    expect(() => parseNote(text)).toThrow('This is no signed note.');
    expect(refuses(() => openNote(Buffer.from(text), [peter]))).toBe(true);
  });

  it('is not what is no UTF-8', () => {
    expect(() => parseNote(Buffer.concat([Buffer.of(0xff), Buffer.from(note)]))).toThrow('It is not UTF-8.');
  });

  it('may have a hundred signatures', () => {
    expect(parseNote(`${TEXT}\n${PETER_LINE.repeat(MAX_SIGNATURES)}`).signatures).toHaveLength(MAX_SIGNATURES);
  });

  it('takes signatures that others made', () => {
    const { text, signatures } = parseNote(note);
    expect(signatures).toEqual([{ name: 'PeterNeumann', id: 'c74f20a3', signature: expect.any(Buffer) }]);
    const cosigned = formatNote({
      text,
      signatures: [...signatures, ...parseNote(`${TEXT}\n${ENOCH_LINE}`).signatures],
    });
    expect(cosigned).toBe(note + ENOCH_LINE);
  });

  it.each([
    ['no end of a line', { text: 'a' }],
    ['no text', { text: '' }],
    ['a control character', { text: 'a\tb\n' }],
    ['half a character', { text: '\uD800\n' }],
    ['nobody who signed', { signatures: [] }],
    ['a name of two lines', { signatures: [{ name: 'a\n\n— b', id: 'c74f20a3', signature: Buffer.alloc(64) }] }],
    ['an id that is too short', { signatures: [{ name: 'a', id: 'c74f20', signature: Buffer.alloc(64) }] }],
    ['an id that is too long', { signatures: [{ name: 'a', id: 'c74f20a3a3', signature: Buffer.alloc(64) }] }],
    ['an empty signature', { signatures: [{ name: 'a', id: 'c74f20a3', signature: Buffer.alloc(0) }] }],
  ])('is not written with %s', (_what, wrong) => {
    expect(refuses(() => formatNote({ ...parseNote(note), ...wrong }))).toBe(true);
  });

  it(`is refused with any byte changed, unless it is nobody's then (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.nat(Buffer.byteLength(note) - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = Buffer.from(note);
        bytes[at]! ^= change;
        expect(refuses(() => openNote(bytes, [peter]))).toBe(true);
      }),
      { seed, numRuns: 1000 },
    );
  });

  it(`comes back as it went, for everyone who signed (seed ${seed})`, () => {
    const line = fc.string({ unit: 'grapheme' }).filter((text) => text.isWellFormed() && !/\p{Cc}/u.test(text));
    const seeds = fc.uniqueArray(
      fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes)),
      {
        minLength: 1,
        maxLength: 5,
        selector: (bytes) => bytes.toString('hex'),
      },
    );
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), seeds, (lines, all) => {
        const text = lines.map((each) => `${each}\n`).join('');
        const chosen = all.map((each, at) => noteSigner(`log.example/${at}`, each));
        const keys = chosen.map(({ key }) => key);
        const opened = openNote(Buffer.from(signNote(text, chosen)), keys);
        expect(opened).toEqual({ text, signedBy: keys });
        expect(keys.map((key) => parseNoteKey(key.text).id)).toEqual(keys.map(({ id }) => id));
      }),
      { seed, numRuns: 100 },
    );
  });

  it(`is either read or refused, whatever it is (seed ${seed})`, () => {
    const piece = fc.constantFrom('\n', '\n\n', '— ', 'a', ' ', '+', 'AAAAAAAA', '=', PETER_LINE, TEXT, '\u2028');
    fc.assert(
      fc.property(
        fc.array(piece).map((pieces) => pieces.join('')),
        (text) => {
          if (refuses(() => parseNote(text))) return;
          expect(formatNote(parseNote(text))).toBe(text);
        },
      ),
      { seed, numRuns: 1000 },
    );
  });
});
