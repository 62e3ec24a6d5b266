import type { Config } from '../config';
import type { Reach } from './webhook.rules';

/** Where webhooks of this installation may point to. */
export const reachOf = ({ production, webhookPrivateHosts }: Config): Reach => ({
  strict: production,
  privateHosts: webhookPrivateHosts,
});

/** Where a webhook's secret is sealed to. */
export const placeOfSecret = (webhookId: string): string => `Webhook/${webhookId}/secret`;
