/** Puts the last result into docs/PERFORMANCE.md, between its two marks. */
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = new URL('../../docs/PERFORMANCE.md', import.meta.url);
const [BEGIN, END] = ['<!-- bench:reads -->', '<!-- /bench:reads -->'];

export function writePerformance(lines) {
  const text = readFileSync(FILE, 'utf8');
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`docs/PERFORMANCE.md lacks its marks ${BEGIN} and ${END}.`);
  writeFileSync(FILE, `${before}${BEGIN}\n\n${lines.join('\n')}\n\n${END}${after}`);
}
