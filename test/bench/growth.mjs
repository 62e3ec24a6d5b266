/**
 * What depth and size cost the API: pages far behind against the first one, and ten times the rows. All on one cluster, in turn,
 * so that ratios are of the same minute.
 */
import { median, round3, table } from './report.mjs';
import { pagesOf, requestsTo } from './requests.mjs';

const PAGES = [1, 100, 10_000];
/** Rows of a page: 20 unless told. With fewer invoices than 10,000 such pages have, pages are smaller. */
const PAGE = 20;

/** Cells { pageN: … } and { small, large } for each kind, ready to be measured. `large` and `small` are { api, data, invoices }. */
export async function growthCells(large, small, kinds) {
  const size = Math.max(1, Math.min(PAGE, Math.floor(large.invoices / PAGES.at(-1))));
  const depths = PAGES.map((page) => Math.min(page, Math.floor(large.invoices / size)));
  const pages = {};
  for (const page of new Set(depths)) {
    const requests = await pagesOf(large.api.port, large.data.token, size, (page - 1) * size);
    pages[`page ${page}`] = { api: large.api, requests };
  }
  const requests = [await requestsTo(large.api, large.data, kinds), await requestsTo(small.api, small.data, kinds)];
  const sizes = kinds.map((kind) => [
    kind,
    { large: { api: large.api, requests: requests[0][kind] }, small: { api: small.api, requests: requests[1][kind] } },
  ]);
  return { depth: pages, ...Object.fromEntries(sizes) };
}

/** Both kinds of cost of a request, each a ratio: the time that it takes, and the CPU of Node and PostgreSQL together. */
const COSTS = {
  time: (round, dear, cheap) => round[cheap].rate / round[dear].rate,
  cpu: (round, dear, cheap) => cpuOf(round[dear]) / cpuOf(round[cheap]),
};
const cpuOf = ({ node, postgres }) => (node === null ? Number.NaN : node + postgres);

/** `measured` as `growthCells`, each a list of rounds. */
export function growthReport(measured) {
  const { depth, ...sizes } = measured;
  const compared = [
    ...Object.keys(depth[0])
      .slice(1)
      .map((page) => [page, `${page}, to page 1`, depth, page, 'page 1', 'about 1']),
    ...Object.entries(sizes).map(([kind, rounds]) => [
      `${kind} x10`,
      `${kind}, ten times the rows`,
      rounds,
      'large',
      'small',
      '<= 1.3',
    ]),
  ].map(([key, title, rounds, dear, cheap, wanted]) => {
    const cost = (of) => median(rounds.map((round) => COSTS[of](round, dear, cheap)));
    return { key, title, wanted, time: cost('time'), cpu: cost('cpu') };
  });
  const rows = compared.map(({ title, time, cpu, wanted }) => [title, time.toFixed(2), cpu.toFixed(2), wanted]);
  const json = (of) => Object.fromEntries(compared.map((each) => [each.key, round3(each[of])]));
  return {
    lines: ['', '### growth: what a request costs the API', '', ...table(['request', 'time', 'CPU', 'wanted'], rows)],
    json: { growth: { time: json('time'), cpu: json('cpu') } },
  };
}
