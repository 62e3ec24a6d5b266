import { hash } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { checkpointText } from '../../src/audit/checkpoint';
import { BLOCK, FILES } from '../../src/audit/export-manifest';
import { hashLines } from '../../src/audit/hash-lines';
import { signNote } from '../../src/audit/note';
import { noteSigner } from '../../src/audit/note-keys';
import { NO_PROGRESS } from '../../src/audit/progress';
import { Frontier, leafHash, perfectRoot } from '../../src/audit/tree';
import { verifyExport } from '../../src/audit/verify-export';
import { fileOf, manifestOf, tamper, tamperManifest } from './export-support';
import { naiveRoot } from './naive-tree';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'countersign-lines-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const asText = (digest: Buffer) => digest.toString('latin1');

describe('lines', () => {
  it('are hashed each once, wherever the file is cut into ranges', () => {
    const texts = Array.from({ length: 40 }, (_, n) => `{"n":${'x'.repeat((n * 37) % 91)}}`);
    const file = path.join(folder, 'lines');
    writeFileSync(file, texts.map((text) => `${text}\n`).join(''));
    const wanted = texts.map((text) => asText(leafHash(Buffer.from(text))));
    const { size } = statSync(file);
    for (let step = 1; step < size + 10; step += step < 130 ? 1 : 97) {
      const leaves: string[] = [];
      for (let from = 0; from < size; from += step)
        leaves.push(...hashLines({ file, from, to: Math.min(size, from + step) }, []).leaves);
      expect([step, leaves.length, leaves.every((leaf, at) => leaf === wanted[at])]).toEqual([step, 40, true]);
    }
  });

  it('that are longer than what is read at a time are read to their end', () => {
    const file = path.join(folder, 'lines');
    const texts = ['{"short":1}', `{${'y'.repeat(300_000)}}`, '{"short":2}'];
    writeFileSync(file, texts.map((text) => `${text}\n`).join(''));
    const { leaves, cutOff } = hashLines({ file, from: 0, to: 20 }, []);
    expect(leaves).toEqual(texts.slice(0, 2).map((text) => asText(leafHash(Buffer.from(text)))));
    expect(cutOff).toBe(false);
    writeFileSync(file, texts.join('\n'));
    expect(hashLines({ file, from: 0, to: statSync(file).size }, [])).toMatchObject({ cutOff: true });
  });
});

describe('subtrees', () => {
  it('have the root that their leaves make, and a tree grows by them as by its leaves', () => {
    const contents = Array.from({ length: 48 }, (_, n) => Buffer.from(`leaf ${n}`));
    const leaves = contents.map(leafHash);
    const frontier = new Frontier();
    for (const [from, level] of [
      [0, 5],
      [32, 3],
      [40, 0],
      [41, 0],
      [42, 1],
      [44, 2],
    ] as const) {
      const to = from + 2 ** level;
      frontier.appendSubtree(level, perfectRoot(leaves.slice(from, to).map(asText)));
      expect(frontier.root()).toEqual(naiveRoot(contents.slice(0, to)));
    }
    expect(() => new Frontier().appendSubtree(53, leaves[0]!)).toThrow(RangeError);
    frontier.append(leaves[0]!);
    expect(() => frontier.appendSubtree(1, leaves[0]!)).toThrow(RangeError);
  });
});

describe('an export of several blocks', () => {
  const signer = noteSigner('test/log', Buffer.alloc(32, 1));
  const FIRST = 5;
  const END = 2 * BLOCK + 777;
  const HEADS = [100, BLOCK, BLOCK + 1, 2 * BLOCK - 3, END];

  beforeEach(() => {
    const frontier = new Frontier();
    for (let n = 0; n < FIRST; n += 1) frontier.append(leafHash(Buffer.from(`${n}`)));
    const before = frontier.hashes().toString('base64');
    const [lines, notes, offsets]: [string[], string[], number[]] = [[], [], []];
    for (let [place, bytes] = [FIRST, 0]; place < END; place += 1) {
      const line = `{"place":${place}}`;
      if (place % BLOCK === 0) offsets.push(bytes);
      bytes += line.length + 1;
      lines.push(line);
      frontier.append(leafHash(Buffer.from(line)));
      const { size } = frontier;
      if (HEADS.includes(size))
        notes.push(
          signNote(checkpointText({ origin: 'test/log', size, root: frontier.root(), extensions: [] }), [signer]),
        );
    }
    const texts = {
      'events.jsonl': `${lines.join('\n')}\n`,
      'macs.txt': '',
      'events.csv': '',
      'checkpoints.txt': notes.map((note) => `${note}\n`).join(''),
    };
    const files = Object.fromEntries(
      FILES.map((name) => [
        name,
        { sha256: hash('sha256', texts[name]), bytes: Buffer.byteLength(texts[name]), lines: 0 },
      ]),
    );
    for (const name of FILES) writeFileSync(path.join(folder, name), texts[name]);
    const at = new Date().toISOString();
    writeFileSync(
      path.join(folder, 'manifest.json'),
      JSON.stringify({
        form: 1,
        origin: 'test/log',
        key: null,
        exportedAt: at,
        asked: { from: at, to: at },
        first: FIRST,
        end: END,
        count: END - FIRST,
        dropped: 0,
        offsets,
        frontier: before,
        files,
        checkpoint: notes.at(-1),
      }),
    );
  });

  const verified = () =>
    verifyExport({ folder, keys: [signer.key], macKeys: [], checkpoints: null, workers: 0, progress: NO_PROGRESS });

  it('is whole', async () => {
    expect(await verified()).toMatchObject({ total: 0, checked: { events: END - FIRST, heads: HEADS.length } });
  });

  it('breaks between the two heads where it was altered', async () => {
    tamper(folder, 'events.jsonl', (text) => text.replace(`:${BLOCK + 20}}`, `:${BLOCK + 30}}`));
    expect((await verified()).findings).toMatchObject([{ kind: 'ROOT_ALTERED', places: [BLOCK + 1, 2 * BLOCK - 4] }]);
  });

  it('breaks where a line was taken from, or where the bounds of a block are others', async () => {
    const before = fileOf(folder, 'events.jsonl');
    tamper(folder, 'events.jsonl', (text) => text.replace(`{"place":${BLOCK + 20}}\n`, ''));
    expect((await verified()).findings).toMatchObject([
      { kind: 'ROOT_ALTERED', places: [BLOCK + 1, 2 * BLOCK - 4] },
      { kind: 'COUNT_ALTERED', places: [2 * BLOCK, END - 1] },
    ]);
    tamper(folder, 'events.jsonl', () => before);
    tamperManifest(folder, { offsets: manifestOf(folder).offsets.slice(1) });
    expect((await verified()).findings).toMatchObject([{ kind: 'COUNT_ALTERED', places: [FIRST, BLOCK - 1] }]);
  });
});
