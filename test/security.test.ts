import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '..');
const page = readFileSync(path.join(ROOT, 'docs/SECURITY.md'), 'utf8');

/** The controls: number, and what shows it. */
const controls = page
  .split('\n')
  .filter((line) => /^\| (V?\d+\.[\d.]*\d+) /.test(line))
  .map((line) => {
    const cells = line.split('|').map((each) => each.trim());
    return { number: cells[1]!, shownBy: cells.at(-2)! };
  });

describe('docs/SECURITY.md', () => {
  it('names tests that exist', () => {
    const named = [...page.matchAll(/`(test\/[^`]+)`/g)].map(([, file]) => file!);
    expect(new Set(named).size).toBeGreaterThan(60);
    expect(named.filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
  });

  it('says of each control what shows it, why it does not apply, or what is missing', () => {
    const silent = controls.filter(({ shownBy }) => !/^(`test\/|n\/a: \S|open: \S)/.test(shownBy));
    expect(silent).toEqual([]);
  });

  it('leaves out none of the controls of ASVS 5.0.0 at levels 1 and 2, and names none twice', () => {
    const numbers = controls.map(({ number }) => number);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers.filter((number) => number.startsWith('V'))).toHaveLength(ASVS_AT_LEVEL_2);
  });

  it('points at pages that exist', () => {
    const pages = [...page.matchAll(/docs\/[A-Za-z0-9/-]+\.md/g)].map(([file]) => file);
    expect(pages).toContain('docs/SENSITIVE.md');
    expect(pages.filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
  });
});

/** Level 1 and level 2 together, by its file of requirements. */
const ASVS_AT_LEVEL_2 = 253;
