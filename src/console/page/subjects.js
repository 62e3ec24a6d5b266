import { subjectRow } from './queries.js';

/**
 * What a change request is about, in the words that people know it by; and the account that it concerns, if any.
 * @typedef {{ text: string, account: string | null }} Subject
 */

/** Ids in an input, and of what they are. The first that is there names what does not exist yet. */
const IN_INPUT = /** @type {const} */ ([
  ['userId', 'User'],
  ['agentId', 'Agent'],
  ['invoiceId', 'Invoice'],
  ['disputeId', 'Dispute'],
  ['complaintId', 'Complaint'],
  ['lobId', 'Lob'],
  ['accountId', 'Account'],
]);

/** Names of rows hardly change: each is asked for once. @type {Map<string, ReturnType<typeof subjectRow>>} */
const rows = new Map();

/** Somebody else signs in, who may see other rows. */
export const forgetSubjects = () => rows.clear();

/**
 * @param {string} type
 * @param {string} id
 */
function rowOf(type, id) {
  const key = `${type}/${id}`;
  const row = rows.get(key) ?? subjectRow(type, id);
  rows.set(key, row);
  row.catch(() => rows.delete(key));
  return row;
}

/**
 * @param {import('./queries.js').Row} request
 * @returns {Promise<Subject>}
 */
export async function subjectOf({ subjectType, subjectId, input }) {
  const [about, accountOfInput] = await Promise.all([
    rowAbout(subjectType, subjectId, input),
    input?.accountId ? rowOf('Account', input.accountId) : null,
  ]);
  const account = about.row?.account ?? accountOfInput;
  return {
    text: nameOf(about.type, about.row) ?? anonymous(subjectType, subjectId, input),
    account: account && about.type !== 'Account' ? `${account.code}, ${account.legalName}` : null,
  };
}

/**
 * @param {string} subjectType
 * @param {string | null} subjectId
 * @param {any} input
 */
async function rowAbout(subjectType, subjectId, input) {
  if (subjectId !== null) {
    const row = await rowOf(subjectType, subjectId);
    if (row) return { type: subjectType, row };
  }
  if (input?.legalName || input?.name) return { type: subjectType, row: null };
  const [name, type] = IN_INPUT.find(([key]) => typeof input?.[key] === 'string') ?? [];
  return { type: type ?? subjectType, row: name && type ? await rowOf(type, input[name]) : null };
}

/**
 * @param {string} type
 * @param {Record<string, any> | null} row
 * @returns {string | null}
 */
function nameOf(type, row) {
  if (!row) return null;
  switch (type) {
    case 'Account':
      return `${row.code}, ${row.legalName}`;
    case 'Agent':
      return `Agent ${row.code}, ${row.name}`;
    case 'ApprovalPolicy':
      return `Policy for ${row.operation}`;
    case 'Complaint':
      return `Complaint ${row.sourceReference ?? ''} (${row.category})`;
    case 'Dispute':
      return `Dispute of ${row.invoice?.number ?? 'an invoice'} (${row.reasonCode})`;
    case 'Invoice':
      return `${row.number ? `Invoice ${row.number}` : 'A draft'} over ${row.total.amount} ${row.total.currency}`;
    case 'Lob':
      return `LOB ${row.code}, ${row.name}`;
    default:
      return row.name ?? null;
  }
}

/**
 * What has no row that the viewer may see: as its input calls it, or its type with the end of its id.
 * @param {string} type
 * @param {string | null} id
 * @param {any} input
 */
function anonymous(type, id, input) {
  const named = [input?.code, input?.legalName ?? input?.name].filter((each) => typeof each === 'string');
  if (named.length > 0) return named.join(', ');
  return id === null ? `A new ${type}` : `${type} …${id.slice(-6)}`;
}
