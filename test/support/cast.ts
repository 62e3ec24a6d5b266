import type { RoleName } from '../../src/access/permissions';

/** The password of every user of the tests. */
export const PASSWORD = 'correct horse battery staple';

/** Who is there in every test: somebody for each role, a second one where two people matter, and one without any role. */
export const USERS = [
  { name: 'admin', role: 'admin' },
  { name: 'admin2', role: 'admin' },
  { name: 'billing', role: 'billing' },
  { name: 'billing2', role: 'billing' },
  { name: 'supervisor', role: 'supervisor' },
  { name: 'supervisor2', role: 'supervisor' },
  { name: 'operations', role: 'operations' },
  { name: 'compliance', role: 'compliance' },
  { name: 'auditor', role: 'auditor' },
  { name: 'client', role: null },
  { name: 'stranger', role: null },
] as const satisfies readonly { name: string; role: RoleName | null }[];

export type CastName = (typeof USERS)[number]['name'];
