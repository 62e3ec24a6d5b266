// Says which components are late by docs/DEPENDENCIES.md. Ends with 0 where none is, with 1 where one is, with 2 where it could not tell.
// `--recorded FOLDER` takes what npm answered from files (audit.json, outdated.json, times.json) and asks nobody; `--today` says which day it is.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../..');
const DAY = 86_400_000;

const { values: options } = parseArgs({ options: { recorded: { type: 'string' }, today: { type: 'string' } } });
const today = new Date(options.today ?? Date.now());

const page = readFileSync(path.join(ROOT, 'docs/DEPENDENCIES.md'), 'utf8');
const rows = page.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
/** Risk → days. */
const within = new Map(
  rows.flatMap(([, risk, , days]) =>
    /^`[a-z]+`$/.test(risk) && /^\d+$/.test(days) ? [[bare(risk), Number(days)]] : [],
  ),
);
/** Component → why it is held, and until when. */
const held = new Map(
  rows.flatMap(([, name, why, until]) => (/^\d{4}-\d\d-\d\d$/.test(until) ? [[bare(name), { why, until }]] : [])),
);

function bare(cell) {
  return cell.replaceAll('`', '');
}

const recorded = (name) => JSON.parse(readFileSync(path.join(options.recorded, `${name}.json`), 'utf8'));

/** What npm prints as JSON: it ends with 1 where there is something to tell. */
function npm(...args) {
  try {
    return JSON.parse(
      execFileSync('npm', [...args, '--json'], {
        cwd: ROOT,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        maxBuffer: 1 << 26,
      }) || '{}',
    );
  } catch (error) {
    return error.stdout ? JSON.parse(error.stdout) : { error: { summary: 'npm did not answer' } };
  }
}

const audit = options.recorded ? recorded('audit') : npm('audit');
const outdated = options.recorded ? recorded('outdated') : npm('outdated');
const times = options.recorded ? recorded('times') : {};
const timesOf = (name) => (times[name] ??= options.recorded ? {} : npm('view', name, 'time'));
const locked = options.recorded
  ? recorded('locked')
  : JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')).packages;

const STABLE = /^\d+\.\d+\.\d+$/;
const parts = (version) =>
  version
    .replace(/[-+].*$/, '')
    .split('.')
    .map(Number);
const compare = (one, other) => {
  const [a, b] = [parts(one), parts(other)];
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
};
/** Whether a version is one that an advisory names: comparators with blanks between them, or ranges with `||`. What it cannot read it takes for weak. */
const isWeak = (version, range) =>
  range.split('||').some((each) =>
    each
      .trim()
      .split(/\s+/)
      .every((comparator) => {
        const [, how, than] = /^(<=?|>=?|=?)v?(\d+\.\d+\.\d+)\S*$/.exec(comparator) ?? [];
        if (than === undefined) return true;
        const by = compare(version, than);
        return { '<': by < 0, '<=': by <= 0, '>': by > 0, '>=': by >= 0 }[how] ?? by === 0;
      }),
  );

/** The release beyond a version that was published first, of those that would do; null: none. */
const firstBeyond = (name, version, wouldDo) =>
  Object.entries(timesOf(name))
    .filter(([each, at]) => STABLE.test(each) && new Date(at) <= today && compare(each, version) > 0 && wouldDo(each))
    .map(([release, at]) => ({ release, days: Math.floor((today - new Date(at)) / DAY) }))
    .toSorted((one, other) => other.days - one.days)[0] ?? null;

const lines = [];
let late = false;

function tell(name, version, risk, what, found, mayBeHeld) {
  const days = within.get(risk);
  const isLate = found === null || found.days > days;
  const hold = mayBeHeld ? held.get(name) : undefined;
  const isHeld = hold !== undefined && new Date(hold.until) >= today;
  const since = found === null ? 'no release mends it' : `${found.release} has been out for ${found.days} days`;
  if (isLate && !isHeld) late = true;
  const word = !isLate ? 'due' : isHeld ? 'held' : 'LATE';
  lines.push(
    `${word} ${name} ${version}: ${what}${since} (${risk}: ${days} days)${word === 'held' ? `; until ${hold.until}: ${hold.why}` : ''}`,
  );
}

for (const [name, { via = [], nodes = [] }] of Object.entries(audit.vulnerabilities ?? {}))
  for (const advisory of via.filter((each) => typeof each === 'object'))
    for (const version of new Set(nodes.map((node) => locked[node]?.version ?? '0.0.0'))) {
      const risk = within.has(advisory.severity) ? advisory.severity : 'low';
      const found = firstBeyond(name, version, (release) => !isWeak(release, advisory.range));
      tell(name, version, risk, `${advisory.title} (${advisory.url}): `, found, found === null);
    }

for (const [name, { current }] of Object.entries(outdated)) {
  if (!current) continue;
  const major = parts(current)[0];
  const newer = firstBeyond(name, current, (release) => parts(release)[0] === major);
  const next = firstBeyond(name, current, (release) => parts(release)[0] > major);
  if (newer) tell(name, current, 'newer', '', newer, false);
  if (next) tell(name, current, 'major', '', next, true);
}

const unanswered = [
  ...(audit.vulnerabilities
    ? []
    : [`advisories could not be asked for: ${audit.message ?? audit.error?.summary ?? 'npm did not say why'}`]),
  ...(outdated.error ? [`newer releases could not be asked for: ${outdated.error.summary}`] : []),
];
const told = [...lines, ...unanswered];
process.stdout.write(`${(told.length > 0 ? told : ['no component is behind']).join('\n')}\n`);
process.exitCode = late ? 1 : unanswered.length > 0 ? 2 : 0;
