/** From measurements to tables and ratios. Ratios are taken within a round, where both stood under the same load. */
import { TITLES } from './requests.mjs';

/** What is to be reached, in requests/s: this API divided by the other. */
const WANTED = {
  list: { floor: 0.75, postgraphile: 4, usual: 9 },
  one: { floor: 0.5, postgraphile: 2, usual: 4 },
  // Nothing was promised of it; it says where between the one and the list the time goes.
  whole: {},
  audit: { floor: 0.75, postgraphile: 3.3, usual: 5 },
};
/** And its p99 divided by the floor's, at most. */
const P99_AT_MOST = 2;

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median over the rounds of one's figure divided by the other's. */
export const ratio = (rounds, figure, one, other) =>
  median(rounds.map((round) => round[one][figure] / round[other][figure]));

/** `measured[kind]` is a list of rounds, a round an object of contestants. → lines of Markdown for people. */
export function tables(measured, contestants) {
  return Object.entries(measured).flatMap(([kind, rounds]) => {
    const rows = contestants.map((name) => {
      const middle = (figure) => median(rounds.map((round) => round[name][figure]));
      const wanted = WANTED[kind][name];
      return [
        TITLES[name],
        middle('rate').toFixed(0),
        middle('p50').toFixed(2),
        middle('p99').toFixed(2),
        milliseconds(middle('node')),
        milliseconds(middle('postgres')),
        ratio(rounds, 'rate', name, 'floor').toFixed(3),
        ratio(rounds, 'p99', name, 'floor').toFixed(2),
        name === 'api' ? '' : ratio(rounds, 'rate', 'api', name).toFixed(2),
        wanted ? `>= ${wanted}` : '',
      ];
    });
    return ['', `### ${kind}: ${TITLES[kind]}`, '', ...table(HEADERS, rows)];
  });
}

/** A sentence about what else the machine did meanwhile; nothing where that is not known. */
export function loadedBy(measured) {
  const shares = Object.values(measured).flatMap((rounds) => rounds.flatMap(Object.values).map(({ others }) => others));
  const share = median(shares);
  return Number.isFinite(share) && !shares.includes(null)
    ? ` Other processes took ${(share * 100).toFixed(0)} % of the machine.`
    : '';
}

const HEADERS = [
  'contestant',
  'requests/s',
  'p50 ms',
  'p99 ms',
  'CPU ms Node',
  'CPU ms PostgreSQL',
  'requests/s of the floor',
  'p99 of the floor',
  'API to it',
  'wanted',
];

const milliseconds = (value) => (Number.isFinite(value) ? value.toFixed(2) : 'n/a');

/** A Markdown table as prettier writes it: the first column to the left, numbers to the right. */
export function table(headers, rows) {
  const widths = headers.map((header, column) =>
    Math.max(4, header.length, ...rows.map((row) => String(row[column]).length)),
  );
  const cell = (text, column) =>
    column === 0 ? String(text).padEnd(widths[column]) : String(text).padStart(widths[column]);
  const line = (row) => `| ${row.map(cell).join(' | ')} |`;
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(headers), `| ${rule.join(' | ')} |`, ...rows.map(line)];
}

/** { list: { api: 0.8, … }, … }: medians of a figure's ratios to the floor. */
export const ratios = (measured, contestants, figure) =>
  Object.fromEntries(
    Object.entries(measured).map(([kind, rounds]) => [
      kind,
      Object.fromEntries(
        contestants
          .filter((name) => name !== 'floor')
          .map((name) => [name, round3(ratio(rounds, figure, name, 'floor'))]),
      ),
    ]),
  );

export const round3 = (value) => Math.round(value * 1000) / 1000;

/** What was not reached, in words; empty when all was. */
export function missed(measured, contestants) {
  return Object.entries(measured).flatMap(([kind, rounds]) => {
    const against = contestants
      .filter((name) => name !== 'api')
      .map((name) => [name, ratio(rounds, 'rate', 'api', name), WANTED[kind][name]])
      .filter(([, reached, wanted]) => reached < wanted)
      .map(([name, reached, wanted]) => `${kind}: ${reached.toFixed(2)} of ${name}, wanted ${wanted}`);
    const p99 = ratio(rounds, 'p99', 'api', 'floor');
    return p99 > P99_AT_MOST ? [...against, `${kind}: p99 ${p99.toFixed(2)} of the floor's, at most 2`] : against;
  });
}
