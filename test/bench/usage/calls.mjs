/** A file of calls, the same for the same number. */
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, renameSync } from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';
import { DIRECTORY } from '../database.mjs';

export const LOBS = ['CARDS', 'LOANS', 'WEB', 'ACCOUNTS'];
export const AGENTS = Array.from({ length: 200 }, (_x, n) => `A-${n}`);

const FIRST = Date.UTC(2025, 0, 1);
const QUARTER = 90 * 86_400_000;

/** Calls of a quarter, in the order in which they began; ids as random as ids of systems are. */
export async function writeCalls(count, tell) {
  const file = path.join(DIRECTORY, `calls-${count}.csv`);
  if (existsSync(file)) return file;
  tell(`writing ${count} calls`);
  const out = createWriteStream(`${file}.part`);
  out.write('sourceId,lob,service,agent,startedAt,answeredAt,endedAt,waitSeconds,talkSeconds,outcome,resolved\n');
  for (let n = 0; n < count; n += 1) if (!out.write(lineOf(n, count))) await once(out, 'drain');
  out.end();
  await once(out, 'close');
  renameSync(`${file}.part`, file);
  return file;
}

function lineOf(n, count) {
  const hash = createHash('md5').update(String(n)).digest('hex');
  const chance = Number.parseInt(hash.slice(12, 20), 16);
  const [wait, talk] = [chance % 90, chance % 11 === 0 ? 0 : 20 + (chance % 600)];
  const started = FIRST + Math.floor((n / count) * QUARTER);
  const at = (seconds) => new Date(started + seconds * 1000).toISOString();
  const answered = talk > 0 ? at(wait) : '';
  const agent = talk > 0 ? AGENTS[chance % AGENTS.length] : '';
  return `${hash.slice(0, 12)}-${n},${LOBS[chance % 4]},service ${chance % 7},${agent},${at(0)},${answered},${at(wait + talk)},${wait},${talk},${talk > 0 ? 'HANDLED' : 'ABANDONED'},${chance % 3 === 0}\n`;
}
