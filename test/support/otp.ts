import { generateSync } from 'otplib';
import type { ApiClient, TestApp } from './app';

/** The code that an app with that secret shows at an instant. */
export const codeAt = (secret: string, at: Date): string =>
  generateSync({ secret, epoch: Math.floor(at.getTime() / 1000) });

/** An authenticator app in somebody's hand: it tells the code of the API's clock, which it moves on so that each is a new one. */
export class Authenticator {
  constructor(
    private readonly t: TestApp,
    readonly secret: string,
    readonly recoveryCodes: string[],
  ) {}

  next(): string {
    const { clock } = this.t;
    clock.at = new Date((clock.at ?? new Date()).getTime() + 60_000);
    return codeAt(this.secret, clock.at);
  }

  /** Gives a code in somebody's session, which has another token from then on; not so an issuer's. */
  async stepUp(client: ApiClient): Promise<void> {
    const { errors, payload } = await client.mutate('stepUp', { oneTimeCode: this.next() }, 'token');
    if (errors.length > 0) throw new Error(`Stepping up was refused: ${errors[0]!.extensions.code}`);
    if (payload.token !== null) client.token = payload.token;
  }
}

/** Somebody enrols an app and confirms it, as everybody does. */
export async function enrolled(t: TestApp, client: ApiClient): Promise<Authenticator> {
  const { payload } = await client.mutate('enrolTotp', {}, 'secret otpauthUri');
  const oneTimeCode = new Authenticator(t, payload.secret, []).next();
  const confirmed = await client.mutate('confirmTotp', { oneTimeCode }, 'recoveryCodes');
  if (confirmed.errors.length > 0) throw new Error(confirmed.text);
  return new Authenticator(t, payload.secret, confirmed.payload.recoveryCodes);
}
