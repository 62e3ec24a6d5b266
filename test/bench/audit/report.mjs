/** From measurements to a table and the last line. */
import { availableParallelism } from 'node:os';
import { loadedBy, median, round3, table } from '../report.mjs';
import { mutationFigures } from './mutations.mjs';
import { pageGrowth } from './pages.mjs';
import { sealingRate } from './sealing.mjs';
import { verifyingFigures } from './verifying.mjs';

/** What is to be reached: at least, or at most. */
const WANTED = { mutations: '>= 0.7', sealAgainstAppend: '>= 4', verifyAgainstHash: '>= 0.5', pageGrowth: '<= 1.3' };

const TITLES = {
  mutations: 'mutations/s with the trail, to those without it',
  sealAgainstAppend: 'events sealed/s, to those appended/s',
  verifyAgainstHash: 'events verified/s, to lines hashed/s',
  pageGrowth: 'time of a page of one subject, long trail to short',
};

/** The figures of the last line; null is what was not measured. */
export function figuresOf({ mutations, sealing, verifying, pages }) {
  const { mutations: share, appended } = mutations ? mutationFigures(mutations) : {};
  const sealed = sealing && sealingRate(sealing);
  const { verifyAgainstHash, verifyPerSecond } = verifyingFigures(verifying) ?? {};
  const growth = pages && pageGrowth(pages.found).time;
  return {
    mutations: rounded(share),
    sealAgainstAppend: rounded(sealed && appended && sealed / appended),
    verifyAgainstHash: rounded(verifyAgainstHash),
    pageGrowth: rounded(growth),
    sealPerSecond: sealed ? Math.round(sealed) : null,
    verifyPerSecond: verifyPerSecond ? Math.round(verifyPerSecond) : null,
  };
}

const rounded = (value) => (Number.isFinite(value) ? round3(value) : null);

export function linesOf(
  measured,
  figures,
  { events, short, verified, rounds, seconds, connections, workers, durable },
) {
  const { mutations, pages } = measured;
  const loads = { ...(mutations && { mutations: mutations.measured }), ...pages };
  return [
    `${connections} connections that write, ${workers} threads that verify; trails of ${short} and ${events} events, ${verified} verified; medians of ${rounds} rounds of ` +
      `${seconds} s, ${durable ? 'with' : 'without'} fsync; Node ${process.versions.node}, ${availableParallelism()} cores.` +
      (Object.keys(loads).length > 0 ? loadedBy(loads) : ''),
    '',
    ...table(
      ['ratio', 'measured', 'wanted'],
      Object.entries(TITLES).map(([name, title]) => [title, figures[name]?.toFixed(2) ?? 'not measured', WANTED[name]]),
    ),
    ...(mutations ? ['', ...costsOfMutations(mutations)] : []),
    ...(pages ? ['', ...costsOfPages(pages)] : []),
    '',
    `Events sealed per second: ${figures.sealPerSecond ?? 'not measured'}; verified: ${figures.verifyPerSecond ?? 'not measured'}.`,
  ];
}

const costsOfMutations = ({ measured }) => [
  ...table(
    ['mutations', 'per second', 'p50 ms', 'p99 ms', 'CPU ms Node', 'CPU ms PostgreSQL'],
    ['without', 'with'].map((name) => [
      `${name} the trail`,
      middle(measured, name, 'rate').toFixed(0),
      ...['p50', 'p99', 'node', 'postgres'].map((figure) => middle(measured, name, figure).toFixed(2)),
    ]),
  ),
  '',
  `CPU of a mutation without the trail, to that with it, which other processes disturb less: ${cpuShare(measured).toFixed(2)}.`,
];

const cpuShare = (measured) =>
  median(measured.map(({ with: one, without: other }) => (other.node + other.postgres) / (one.node + one.postgres)));

const WHAT = { found: 'what events are found by', told: 'what they say, too' };

const costsOfPages = (pages) =>
  table(
    ['page of 100 events', 'short: pages/s', 'long: pages/s', 'time', 'CPU'],
    Object.entries(pages).map(([page, rounds]) => {
      const { time, cpu } = pageGrowth(rounds);
      const rates = ['short', 'long'].map((name) => middle(rounds, name, 'rate').toFixed(0));
      return [WHAT[page], ...rates, time.toFixed(2), cpu.toFixed(2)];
    }),
  );

const middle = (rounds, name, figure) => median(rounds.map((round) => round[name][figure]));

/** What was not reached, in words. */
export const missed = (figures) =>
  Object.entries(WANTED).flatMap(([name, wanted]) => {
    const [sign, bound] = wanted.split(' ');
    const reached = sign === '>=' ? figures[name] >= bound : figures[name] <= bound;
    return figures[name] === null || reached ? [] : [`${TITLES[name]}: ${figures[name]}, wanted ${wanted}`];
  });
