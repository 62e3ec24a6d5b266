/** Before anything is measured: the API answers byte for byte what the floor answers, and the peers the same rows. */
import { ask } from './requests.mjs';

const SAMPLES = 5;

/** The rows of an answer, with the rows in them, for a rough comparison: ids in order, and how many lines each has. */
const ROWS = {
  floor: ({ invoices, invoice, auditEvents }) => rows((invoices ?? auditEvents)?.nodes ?? [invoice]),
  postgraphile: ({ allInvoices, invoiceByRowId, allAuditEvents }) =>
    rows((allInvoices ?? allAuditEvents)?.nodes ?? [invoiceByRowId]),
  usual: ({ invoices, invoice, auditEvents }) => rows(invoices ?? auditEvents ?? [invoice]),
};

const rows = (nodes) =>
  nodes.map((node) => {
    const lines = node.lines ?? node.invoiceLinesByInvoiceId?.nodes ?? [];
    const first = lines[0]?.lob ?? lines[0]?.lobByLobId;
    const beside = node.account ?? node.accountByAccountId ?? node.actor ?? node.appUserByActorId;
    return [node.rowId ?? node.id, node.number, beside?.legalName ?? beside?.name, lines.length, first?.name].join(' ');
  });

/** Throws at the first difference. `contestants` have their requests in them. */
export async function check(contestants, kinds) {
  const floor = contestants.find(({ name }) => name === 'floor');
  for (const kind of kinds)
    for (let sample = 0; sample < SAMPLES; sample++)
      for (const contestant of contestants) {
        if (contestant === floor) continue;
        const pick = ({ requests }) => requests[kind][(sample * 7) % requests[kind].length];
        const [wanted, got] = await Promise.all([floor, contestant].map((each) => ask(each.port, pick(each))));
        const shown = contestant.name === 'api' ? JSON.stringify : ({ data }) => ROWS[contestant.name](data).join('\n');
        const expected = contestant.name === 'api' ? JSON.stringify(wanted) : ROWS.floor(wanted.data).join('\n');
        differ(`${contestant.name}, ${kind}`, expected, shown(got));
      }
}

function differ(what, wanted, got) {
  if (wanted === got) return;
  let at = 0;
  while (wanted[at] === got[at]) at++;
  const near = (text) => text.slice(Math.max(0, at - 80), at + 80);
  throw new Error(`${what}: the answer differs from the floor's.\nfloor: …${near(wanted)}…\nits:   …${near(got)}…`);
}
