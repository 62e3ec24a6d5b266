// Another client, in a process of its own: asks at a steady pace, checks each answer, and tells how long they took.
import http from 'node:http';

const [url, token, userId] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });

const ASKED = [
  ['{ viewer { id } }', (data) => data.viewer.id === userId],
  ['{ accounts(first: 5) { totalCount nodes { id code } } }', (data) => data.accounts.nodes.length >= 0],
];

/** In ms. */
const PACE = 10;

let times = [];
let wrong = [];
let count = 0;

function ask() {
  const [query, fits] = ASKED[(count += 1) % ASKED.length];
  const body = JSON.stringify({ query });
  const began = performance.now();
  const headers = {
    'content-type': 'application/json',
    'content-length': body.length,
    authorization: `Bearer ${token}`,
  };
  const request = http.request(`${url}/graphql`, { method: 'POST', agent, headers }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (part) => (text += part));
    response.on('end', () => {
      times.push(performance.now() - began);
      try {
        if (fits(JSON.parse(text).data)) return;
      } catch {
        // Told below.
      }
      wrong.push(`${response.statusCode} ${text.slice(0, 200)}`);
    });
  });
  request.on('error', (error) => wrong.push(String(error)));
  request.end(body);
}

setInterval(ask, PACE);

// Whoever runs this asks, at the end of a window, for what was measured in it.
process.on('message', () => {
  process.send({ times, wrong });
  [times, wrong] = [[], []];
});
process.on('disconnect', () => process.exit(0));
