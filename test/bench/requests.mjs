/** The requests, in each contestant's own idiom and with the same information in the answer. */

export const KINDS = ['list', 'one', 'whole', 'audit'];
export const CONTESTANTS = ['floor', 'api', 'postgraphile', 'usual'];
export const TITLES = {
  list: '100 invoices with account, LOB and five lines each',
  one: 'one invoice by id',
  whole: 'one invoice by id, with account, LOB and its lines',
  audit: '100 audit events of one entity',
  floor: 'floor: node:http, one prepared statement',
  api: 'this API, signed in',
  postgraphile: 'PostGraphile 5',
  usual: 'Apollo + type-graphql + TypeORM',
};

const API = {
  list: `query List($first: Int!, $after: String) { invoices(first: $first, after: $after) { nodes { id number status
    total { amount currency } dueOn account { id code legalName }
    lines { id lineNumber description quantity unitPrice amount { amount currency } lob { id code name } } } } }`,
  one: `query One($id: ID!) { invoice(id: $id) { id number status paymentStatus total { amount currency } issuedAt dueOn } }`,
  whole: `query Whole($id: ID!) { invoice(id: $id) { id number status paymentStatus total { amount currency } issuedAt dueOn
    account { id code legalName }
    lines { id lineNumber description quantity unitPrice amount { amount currency } lob { id code name } } } }`,
  audit: `query Audit($first: Int!, $filter: AuditEventFilter!) { auditEvents(first: $first, filter: $filter) { nodes {
    id at action outcome subjectType subjectId requestId actor { name } hash } } }`,
  walk: `query Walk($first: Int!, $after: String) { page: invoices(first: $first, after: $after) { pageInfo { endCursor } } }`,
};

const POSTGRAPHILE = {
  list: `query List($first: Int!, $after: Cursor) { allInvoices(first: $first, after: $after, orderBy: [CREATED_AT_DESC]) { nodes {
    rowId number status totalMinor currency dueOn accountByAccountId { rowId code legalName }
    invoiceLinesByInvoiceId(orderBy: [LINE_NUMBER_ASC]) { nodes { rowId lineNumber description quantity unitPrice amountMinor
      currency lobByLobId { rowId code name } } } } } }`,
  one: `query One($id: UUID!) { invoiceByRowId(rowId: $id) { rowId number status paymentStatus totalMinor currency issuedAt dueOn } }`,
  whole: `query Whole($id: UUID!) { invoiceByRowId(rowId: $id) { rowId number status paymentStatus totalMinor currency issuedAt dueOn
    accountByAccountId { rowId code legalName }
    invoiceLinesByInvoiceId(orderBy: [LINE_NUMBER_ASC]) { nodes { rowId lineNumber description quantity unitPrice amountMinor
      currency lobByLobId { rowId code name } } } } }`,
  audit: `query Audit($first: Int!, $subjectType: String!, $subjectId: UUID!) { allAuditEvents(first: $first, orderBy: [AT_DESC]
    condition: { subjectType: $subjectType, subjectId: $subjectId }) { nodes { rowId at action outcome subjectType subjectId
    requestId appUserByActorId { name } hash } } }`,
  walk: `query Walk($first: Int!, $after: Cursor) { page: allInvoices(first: $first, after: $after, orderBy: [CREATED_AT_DESC]) {
    pageInfo { endCursor } } }`,
};

const USUAL = {
  list: `query List($first: Int!, $before: DateTimeISO!) { invoices(first: $first, before: $before) { id number status totalMinor
    currency dueOn account { id code legalName } lines { id lineNumber description quantity unitPrice amountMinor currency
    lob { id code name } } } }`,
  one: `query One($id: ID!) { invoice(id: $id) { id number status paymentStatus totalMinor currency issuedAt dueOn } }`,
  whole: `query Whole($id: ID!) { invoice(id: $id) { id number status paymentStatus totalMinor currency issuedAt dueOn
    account { id code legalName } lines { id lineNumber description quantity unitPrice amountMinor currency
    lob { id code name } } } }`,
  audit: `query Audit($first: Int!, $subjectType: String!, $subjectId: ID!) { auditEvents(first: $first, subjectType: $subjectType,
    subjectId: $subjectId) { id at action outcome subjectType subjectId requestId actor { name } hash } }`,
};

/** A request over HTTP: GET without a document, else POST. */
function graphql(query, variables, headers = {}) {
  const body = JSON.stringify({ query: query.replaceAll(/\s+/g, ' '), variables });
  return { path: '/graphql', headers: { 'content-type': 'application/json', ...headers }, body };
}

const FIRST = 100;
const SUBJECT = { subjectType: 'Invoice' };
const bearer = (token) => ({ authorization: `Bearer ${token}` });

/** Requests of one kind to one contestant, as many as there are ids or places; `data` is what openLoaded gave. */
const BUILDERS = {
  floor: {
    list: ({ ids }) =>
      ids.places.map((at) => ({ path: `/list?${encodeURIComponent(at.created_at.toISOString())}&${at.id}` })),
    one: ({ ids }) => ids.invoices.map((id) => ({ path: `/one?${id}` })),
    whole: ({ ids }) => ids.invoices.map((id) => ({ path: `/whole?${id}` })),
    audit: ({ ids }) => ids.audited.map((id) => ({ path: `/audit?${id}` })),
  },
  api: {
    list: ({ token }, cursors) => cursors.map((after) => graphql(API.list, { first: FIRST, after }, bearer(token))),
    one: ({ token, ids }) => ids.invoices.map((id) => graphql(API.one, { id }, bearer(token))),
    whole: ({ token, ids }) => ids.invoices.map((id) => graphql(API.whole, { id }, bearer(token))),
    audit: ({ token, ids }) =>
      ids.audited.map((subjectId) =>
        graphql(API.audit, { first: FIRST, filter: { ...SUBJECT, subjectId } }, bearer(token)),
      ),
  },
  postgraphile: {
    list: (_, cursors) => cursors.map((after) => graphql(POSTGRAPHILE.list, { first: FIRST, after })),
    one: ({ ids }) => ids.invoices.map((id) => graphql(POSTGRAPHILE.one, { id })),
    whole: ({ ids }) => ids.invoices.map((id) => graphql(POSTGRAPHILE.whole, { id })),
    audit: ({ ids }) =>
      ids.audited.map((subjectId) => graphql(POSTGRAPHILE.audit, { first: FIRST, ...SUBJECT, subjectId })),
  },
  usual: {
    list: ({ ids }) =>
      ids.places.map((at) => graphql(USUAL.list, { first: FIRST, before: at.created_at.toISOString() })),
    one: ({ ids }) => ids.invoices.map((id) => graphql(USUAL.one, { id })),
    whole: ({ ids }) => ids.invoices.map((id) => graphql(USUAL.whole, { id })),
    audit: ({ ids }) => ids.audited.map((subjectId) => graphql(USUAL.audit, { first: FIRST, ...SUBJECT, subjectId })),
  },
};

/** All requests to a contestant that is up, by kind. Cursors are opaque: those who have them are asked for them first. */
export async function requestsTo({ name, port }, data, kinds) {
  const walks = { api: [API.walk, bearer(data.token)], postgraphile: [POSTGRAPHILE.walk, {}] };
  const walk = walks[name];
  const steps = data.ids.places.map(() => FIRST);
  const cursors = walk && kinds.includes('list') ? await cursorsAt(port, ...walk, steps) : [];
  return Object.fromEntries(kinds.map((kind) => [kind, BUILDERS[name][kind](data, cursors)]));
}

/** Cursors of the invoices at which one arrives by steps of so many, at most a hundred each. */
async function cursorsAt(port, document, headers, steps) {
  const cursors = [];
  for (const first of steps) {
    const { data } = await ask(port, graphql(document, { first, after: cursors.at(-1) ?? null }, headers));
    cursors.push(data.page.pageInfo.endCursor);
  }
  return cursors;
}

/** Pages of the API's list of `size` invoices that begin after `skipped` of them. */
export async function pagesOf(port, token, size, skipped) {
  const walk = [API.walk, bearer(token)];
  const steps = Array.from({ length: Math.ceil(skipped / FIRST) }, (_, i) => Math.min(FIRST, skipped - i * FIRST));
  const after = (await cursorsAt(port, ...walk, steps)).at(-1) ?? null;
  return [graphql(API.list, { first: size, after }, bearer(token))];
}

/** One request, outside of the measurement. Throws on anything but data. */
export async function ask(port, { path, headers, body }) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: body ? 'POST' : 'GET', headers, body });
  const text = await response.text();
  const answer = JSON.parse(text);
  if (response.status !== 200 || answer.errors || !answer.data)
    throw new Error(`HTTP ${response.status}: ${text.slice(0, 500)}\nasked: ${body ?? path}`);
  return answer;
}
