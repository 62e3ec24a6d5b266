// The control totals of the bank's calls, by nothing but the file: `xz -dc <file> | node test/usage/bank-totals.mjs`.
import { readFileSync } from 'node:fs';

const [header, ...lines] = readFileSync(0, 'utf8').trim().split('\n');
const at = Object.fromEntries(header.split(',').map((name, place) => [name, place]));
const totals = {};
for (const columns of lines.map((line) => line.split(','))) {
  const of = (totals[columns[at.type]] ??= { calls: 0, handled: 0, talkSeconds: 0, minutesBegun: 0 });
  of.calls += 1;
  if (columns[at.outcome] !== 'AGENT') continue;
  of.handled += 1;
  of.talkSeconds += Number(columns[at.ser_time]);
  of.minutesBegun += Math.ceil(Number(columns[at.ser_time]) / 60);
}
process.stdout.write(JSON.stringify(totals));
