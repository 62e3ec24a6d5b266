import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook as Standard } from 'standardwebhooks';
import { deliverDueMessages } from '../../src/notifications/deliver-messages';
import type { TestApp } from '../support/app';
import { freshCode } from '../support/scene';
import { proposed } from '../support/outcomes';

/** A message as it arrived. */
export interface Arrived {
  id: string;
  headers: IncomingHttpHeaders;
  /** The bytes that were signed. */
  text: string;
  body: { type: string; timestamp: string; data: Record<string, any> };
}

export type Answer = (arrived: Arrived, response: ServerResponse) => void;

/** Answers with a status, and a text. */
export const status =
  (code: number, headers: Record<string, string> = {}, text = ''): Answer =>
  (_arrived, response) =>
    void response.writeHead(code, headers).end(text);

/** A server of the test's own that webhooks point to. */
export class Receiver {
  readonly arrived: Arrived[] = [];
  /** What it answers next. */
  answer: Answer = status(204);
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const { headers } = request;
        const arrived: Arrived = { id: String(headers['webhook-id']), headers, text, body: JSON.parse(text) };
        this.arrived.push(arrived);
        this.answer(arrived, response);
      });
    });
  }

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((resolve) => receiver.server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hook`;
  }

  /** Kinds of what arrived about a change request, in order. */
  kindsOf(changeRequestId: string): string[] {
    return this.arrived
      .filter(({ body }) => body.data.changeRequestId === changeRequestId)
      .map(({ body }) => body.type.replace('changeRequest.', ''));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

export interface Hook {
  id: string;
  secret: string;
}

/** A webhook that administration asked for, compliance approved, and whose maker drew its secret. */
export async function givenWebhook(t: TestApp, url: string, events: string[], more: object = {}): Promise<Hook> {
  const input = { name: freshCode('hook'), url, events, reason: 'chat', ...more };
  const { webhook } = await t
    .person('admin')
    .countersigned(t.person('compliance'), 'webhook.create', input, freshCode('K'));
  const { payload } = await t
    .as('admin')
    .mutate('drawWebhookSecret', { webhookId: webhook, reason: 'new' }, 'outcome secret');
  return { id: webhook as string, secret: payload.secret as string };
}

/** Whether a message is signed with a secret, by the library that receivers use. Throws if it is not. */
export const verified = (secret: string, { text, headers }: Arrived): unknown =>
  new Standard(secret).verify(text, headers as Record<string, string>);

/** One look at what is due, as the clock of the API says. */
export const look = (t: TestApp) => deliverDueMessages.run(t.served.app, {}, new AbortController().signal);

/** A change request that anybody may make often: a grant that waits for compliance. Withdrawn again it leaves nothing. */
export const givenGrant = (t: TestApp, reason = 'a new colleague') =>
  proposed(t, 'admin', 'grantRole', { userId: t.as('stranger').userId, role: 'auditor', reason });

export const withdraw = (t: TestApp, id: string) => t.as('admin').mutate('withdrawChangeRequest', { id }, 'outcome');

export const deliveriesOf = (t: TestApp, webhookId: string): Promise<Record<string, any>[]> =>
  t.sql('SELECT * FROM webhook_delivery WHERE webhook_id = $1 ORDER BY position', [webhookId]);
