import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { SCHEME_NAMES } from '../src/platform/schemes';

const ROOT = path.resolve(__dirname, '..');
const page = readFileSync(path.join(ROOT, 'docs/CRYPTOGRAPHY.md'), 'utf8');
const sources = (folder: string) =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ file, text: readFileSync(path.join(ROOT, folder, file), 'utf8') }));

const LIBRARIES = new Set(['node:crypto', 'argon2', 'jose', 'otplib']);
const IMPORT = /^import (?!type )(?:\* as )?([\s\S]*?) from '([^']+)';/gm;

/** What a file takes of libraries of cryptography, types apart, in the order of the alphabet. */
const takenBy = (text: string): string[] =>
  [...text.matchAll(IMPORT)]
    .filter(([, , from]) => LIBRARIES.has(from!))
    .flatMap(([, names]) => names!.replace(/[{}]/g, '').split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '' && !name.startsWith('type '))
    .toSorted();

/** The rows of the table under a heading, cell by cell. */
const tableUnder = (heading: string): string[][] =>
  page
    .split(`## ${heading}\n`)[1]!
    .split('\n## ')[0]!
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').map((cell) => cell.trim()));

describe('docs/CRYPTOGRAPHY.md', () => {
  it('names every file that takes something of a library of cryptography, what it takes, and what for; and none that does not', () => {
    const said = tableUnder('Where it is called')
      .filter(([, file]) => file!.endsWith('.ts'))
      .map(([, file, takes, why]) => [
        file,
        [...takes!.matchAll(/`([^`]+)`/g)].map(([, name]) => name).join(),
        why !== '',
      ]);
    const done = sources('src')
      .map(({ file, text }) => [file, takenBy(text).join(), true] as const)
      .filter(([, taken]) => taken !== '')
      .toSorted(([one], [other]) => (one < other ? -1 : 1));
    expect(done.length).toBeGreaterThan(30);
    expect(said.toSorted(([one], [other]) => (String(one) < String(other) ? -1 : 1))).toEqual(done);
  });

  it('names every key that is derived, by its purpose, and none that is not', () => {
    const code = sources('src').find(({ file }) => file === path.join('platform', 'keys.ts'))!.text;
    const derived = [...code.matchAll(/derive\(['`]([a-z ]+)/g)].map(([, purpose]) => purpose!);
    const said = tableUnder('Keys').flatMap(([, purpose]) =>
      [...purpose!.matchAll(/`([a-z ]+)`/g)].map(([, each]) => each!),
    );
    expect(derived.length).toBeGreaterThan(8);
    expect(new Set(said)).toEqual(new Set(derived));
    // Nothing else derives, seals or MACs by a purpose of its own.
    expect(
      sources('src')
        .filter(({ text }) => /hkdfSync\(/.test(text))
        .map(({ file }) => file),
    ).toEqual([path.join('platform', 'keys.ts')]);
  });

  it('names every scheme, every column that keeps something sealed, wrapped or hashed, and what PostgreSQL hashes', () => {
    for (const scheme of SCHEME_NAMES) expect(page).toContain(`\`${scheme}\``);
    const hashing = [...sources('src'), ...sources('migrations')].filter(({ text }) =>
      /(?<![\w.])(sha\d+|md5)\(/.test(text),
    );
    const silent = hashing.filter(({ file, text }) => takenBy(text).length === 0 && !page.includes(file));
    expect(silent.map(({ file }) => file)).toEqual([]);
    const kept = sources('src')
      .filter(({ file }) => file.endsWith('.entity.ts'))
      .flatMap(({ text }) => [
        ...text.matchAll(/^ {2}(secretSealed|passwordHash|recoveryHashes|tokenHash|inputSealed)!/gm),
      ])
      .map(([, property]) => property!.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
    expect(new Set(kept).size).toBeGreaterThan(3);
    const words: Record<string, string> = { token_hash: 'the hash alone', input_sealed: 'inputs of change requests' };
    for (const column of new Set(kept)) expect(page).toContain(words[column] ?? column);
  });
});
