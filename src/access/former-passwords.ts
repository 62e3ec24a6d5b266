import { refuse } from '../platform/errors';
import { assertUncommon } from './password.rules';
import { hashPassword, passwordFits } from './passwords';
import type { User } from './user.entity';

/** None of so many of one's last passwords is taken again (PCI DSS 8.3.7), the present one among them. */
const REMEMBERED = 4;

type Owner = Pick<User, 'name' | 'email' | 'passwordHash' | 'formerPasswordHashes'>;

/** The hashes of former passwords once the present one goes, the latest first. */
export const formerOnceGone = ({ passwordHash, formerPasswordHashes }: Owner): string[] =>
  [passwordHash, ...(formerPasswordHashes ?? [])].filter((hash) => hash !== '').slice(0, REMEMBERED);

/**
 * Hashes a password that its owner chooses. Refuses with PASSWORD_COMMON or PASSWORD_USED_BEFORE. Former ones are compared one after another, each in its
 * turn like anybody's who signs in: it takes longer than that, and no more at once.
 */
export async function hashChosen(password: string, owner: Owner): Promise<string> {
  assertUncommon(password, [owner.name, owner.email]);
  for (const hash of formerOnceGone(owner))
    if (await passwordFits(hash, password))
      refuse('PASSWORD_USED_BEFORE', 'This is one of your last four passwords: choose another.');
  return hashPassword(password);
}
