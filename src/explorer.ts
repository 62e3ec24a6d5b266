import express, { type Express, type RequestHandler } from 'express';
import renderAltair, { type RenderOptions, getDistDirectory, renderInitSnippet } from 'altair-static';

/** Where the explorer lives, and the endpoint it asks. */
const HOME = '/explorer';
const ENDPOINT = '/graphql';

/**
 * The pages may load from this server and from nowhere else, and run no script that stands in a page. Styles may: Angular
 * and CodeMirror write theirs into it. Altair tries `eval` once and does without it.
 */
const POLICY = Object.entries({
  'default-src': `'none'`,
  'script-src': `'self'`,
  'style-src': `'self' 'unsafe-inline'`,
  'img-src': `'self' data:`,
  'font-src': `'self' data:`,
  'connect-src': `'self'`,
  'worker-src': `'self' blob:`,
  'base-uri': `'self'`,
  'form-action': `'none'`,
  'frame-ancestors': `'none'`,
})
  .map(([name, value]) => `${name} ${value}`)
  .join('; ');

const QUERY = `# 1. Sign in: type the password and run SignIn. The token it returns is kept in the environment ("token"), and
#    the header "Authorization: Bearer {{token}}" sends it from then on. See Set Headers on the left.
mutation SignIn {
  signIn(input: { email: "supervisor@demo.countersign.test", password: "" }) {
    token
    expiresAt
    viewer {
      name
      roles
    }
  }
}

# 2. Ask who you are. Nobody (null), as long as the header carries no token.
query Viewer {
  viewer {
    name
    roles
  }
}
`;

/** Altair runs it after each response; its interpreter knows JavaScript up to ES2019. */
const KEEP_TOKEN = `// Keeps the token of a sign-in for the Authorization header.
const { body } = altair.response;
const { data } = body.includes('"signIn"') ? JSON.parse(body) : {};
if (data && data.signIn) altair.helpers.setEnvironment('token', data.signIn.token, true);
`;

/** Hides Altair's request for donations, which comes with every fiftieth query, and its joke beside an empty result. */
const STYLE = `nz-alert:has([track-id='donate']), .query-result__none-subtext { display: none; }
`;

const OPTIONS: RenderOptions = {
  baseURL: `${HOME}/`,
  serveInitialOptionsInSeperateRequest: 'options.js',
  instanceStorageNamespace: 'countersign_',
  endpointURL: ENDPOINT,
  initialName: 'Countersign',
  initialQuery: QUERY,
  initialHeaders: { Authorization: 'Bearer {{token}}' },
  initialEnvironments: {
    activeSubEnvironment: 'countersign',
    subEnvironments: [{ id: 'countersign', title: 'Countersign', variables: { token: '' } }],
  },
  initialPostRequestScript: KEEP_TOKEN,
  disableAccount: true,
  persistedSettings: {
    // The user's scripts run in an interpreter, not by `eval` in a frame, which the policy above would not allow.
    'beta.disable.newScript': true,
    'plugin.list': [],
    'banners.disable': true,
    'alert.disableUpdateNotification': true,
    disablePushNotification: true,
  },
};

/** Serves the GraphQL explorer at /explorer and leads browsers there from /graphql. It loads nothing from elsewhere. */
export function serveExplorer(web: Express): void {
  const page = renderAltair(OPTIONS)
    .replace('<title>Altair</title>', '<title>Countersign explorer</title>')
    .replace('</head>', '<link href="countersign.css" rel="stylesheet" /></head>');
  const options = renderInitSnippet(OPTIONS);

  web.get(ENDPOINT, leadBrowsers);
  web.use(HOME, underPolicy);
  web.get(HOME, (_request, response) => void response.type('html').send(page));
  web.get(`${HOME}/options.js`, (_request, response) => void response.type('js').send(options));
  web.get(`${HOME}/countersign.css`, (_request, response) => void response.type('css').send(STYLE));
  web.use(HOME, express.static(getDistDirectory(), { index: false, redirect: false }));
}

/** A person who opens the endpoint in a browser gets the explorer; a program gets the API's answer. */
const leadBrowsers: RequestHandler = (request, response, next) => {
  const browser = request.accepts(['json', 'html']) === 'html' && request.query.query === undefined;
  if (browser) response.vary('accept').redirect(302, HOME);
  else next();
};

const underPolicy: RequestHandler = (_request, response, next) => {
  response.set('content-security-policy', POLICY);
  next();
};
