import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Express, RequestHandler } from 'express';

/** Where the console lives. */
const HOME = '/console';

/** The page as it is written: what stands in this folder is served, and nothing else can be named. */
const FOLDER = path.join(__dirname, 'page');
const PAGE = 'index.html';

/**
 * Scripts, styles and answers come from this server, and nothing that stands in the page runs. Trusted types without any
 * policy have the browser refuse whoever would make HTML of a text: what others wrote can only ever be text.
 */
const POLICY = [
  `default-src 'none'`,
  `script-src 'self'`,
  `style-src 'self'`,
  `img-src 'self'`,
  `connect-src 'self'`,
  `base-uri 'none'`,
  `form-action 'none'`,
  `frame-ancestors 'none'`,
  `require-trusted-types-for 'script'`,
  `trusted-types 'none'`,
].join('; ');

const HEADERS = {
  'content-security-policy': POLICY,
  'x-frame-options': 'DENY',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};

interface PageFile {
  type: string;
  body: Buffer;
  headers: Record<string, string>;
}

/**
 * Serves the console at /console: a page that asks /graphql as any client does. Its files are read once. The page itself is
 * kept by nobody; the rest may be kept, and is asked for again each time, so that one page never runs with two versions.
 */
export function serveConsole(web: Express): void {
  const files = filesOf(FOLDER);
  const serve: RequestHandler = (request, response, next) => {
    const file = files.get(request.path);
    if (!file) return next();
    response.set(HEADERS);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.set('allow', 'GET, HEAD');
      return next(Object.assign(new Error('Files are read.'), { status: 405 }));
    }
    response.set(file.headers).type(file.type).send(file.body);
  };
  web.use(HOME, serve);
}

/** By the path under /console at which each is served. */
function filesOf(folder: string): ReadonlyMap<string, PageFile> {
  return new Map(
    readdirSync(folder)
      .filter((name) => /\.(html|css|js|svg)$/.test(name))
      .map((name): [string, PageFile] => {
        const body = readFileSync(path.join(folder, name));
        const headers = name === PAGE ? { 'cache-control': 'no-store' } : validated(body);
        return [name === PAGE ? '/' : `/${name}`, { type: path.extname(name), body, headers }];
      }),
  );
}

/** By content: processes that serve the same version say the same of it. */
const validated = (body: Buffer): Record<string, string> => ({
  'cache-control': 'no-cache',
  etag: `"${createHash('sha256').update(body).digest('base64url')}"`,
});
