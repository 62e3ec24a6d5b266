/** Puts the last result of a benchmark into docs/PERFORMANCE.md, between the two marks that bear its name. */
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = new URL('../../docs/PERFORMANCE.md', import.meta.url);

export function writePerformance(name, lines) {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const text = readFileSync(FILE, 'utf8');
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`docs/PERFORMANCE.md lacks its marks ${begin} and ${end}.`);
  writeFileSync(FILE, `${before}${begin}\n\n${lines.join('\n')}\n\n${end}${after}`);
}
