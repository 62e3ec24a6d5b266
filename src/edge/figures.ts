import { timingSafeEqual } from 'node:crypto';
import type { Express, Request } from 'express';
import { hashToken } from '../access/identify';
import { hashesUnderWay } from '../access/passwords';
import type { App } from '../platform/context';
import type { Requests } from './requests';

/**
 * Serves /metrics for Prometheus: to the bearer of METRICS_TOKEN. Without that setting to everybody who can connect, and in
 * production to nobody.
 */
export function serveMetrics(web: Express, { config, metrics, database }: App, requests: Requests): void {
  metrics.watchPool(database.pool);
  metrics.watch('countersign_requests_in_flight', 'Requests that are not answered yet', () => requests.count);
  metrics.watch('countersign_password_queue', 'Passwords that are hashed or wait to be', hashesUnderWay);
  const { metricsToken, production } = config;
  if (!metricsToken && production) return;
  web.get('/metrics', (request, response, next) => {
    if (metricsToken && !bears(request, metricsToken)) return next();
    metrics.registry.metrics().then((text) => response.type(metrics.registry.contentType).send(text), next);
  });
}

/** Digests are compared, which are of one length. */
const bears = (request: Request, token: string) =>
  timingSafeEqual(hashToken(request.get('authorization') ?? ''), hashToken(`Bearer ${token}`));
