import { createDecipheriv } from 'node:crypto';
import { keyStatus, renewClassKey, rewrapClassKeys } from '../../src/audit/class-keys';
import { rewrapSubjectKeys, subjectKeysLeft } from '../../src/audit/rewrap-subject-keys';
import { classKeyNamed } from '../../src/platform/class-keys';
import { openBytes, sealBytes } from '../../src/platform/sealed-bytes';
import { packed, type Scheme, SCHEME_NAMES, unpacked } from '../../src/platform/schemes';
import { leftToReseal, resealValues } from '../../src/privacy/reseal-values';
import { startAppOver, startTestApp, type TestApp } from '../support/app';
import { CANARIES } from '../support/canaries';
import { rowOf } from '../support/outcomes';
import { givenAccount, givenLob, trail } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ REVEALS_PER_DAY: '1000' });
});
afterAll(() => t.close());

const reveal = (of: TestApp, id: string, field: string, type = 'Account') =>
  of.as('compliance').mutate('revealSensitiveValue', { type, id, field, reason: 'a test' }, 'value');

const keyIn = (sealed: Buffer) => sealed.subarray(0, 4).toString('hex');
const signal = new AbortController().signal;

describe('every scheme there is', () => {
  const key = Buffer.alloc(32, 7);
  it.each(SCHEME_NAMES)(
    '%s opens what it sealed, there alone and as it was; no other scheme does',
    (scheme: Scheme) => {
      const sealed = sealBytes({ scheme, key }, Buffer.from('what nobody sees'), 'here');
      expect(openBytes({ scheme, key }, sealed, 'here').toString()).toBe('what nobody sees');
      const altered = Buffer.from(sealed);
      altered[altered.length - 1]! ^= 1;
      const broken = expect.objectContaining({ code: 'SEAL_BROKEN' });
      expect(() => openBytes({ scheme, key }, altered, 'here')).toThrow(broken);
      expect(() => openBytes({ scheme, key }, sealed, 'there')).toThrow(broken);
      for (const other of SCHEME_NAMES.filter((each) => each !== scheme))
        expect(() => openBytes({ scheme: other, key }, sealed, 'here')).toThrow(broken);
      expect(unpacked(packed({ scheme, key }))).toEqual({ scheme, key });
    },
  );

  it('a key of a scheme that nobody knows is none', () => {
    expect(unpacked(Buffer.concat([Buffer.of(99), key]))).toBeNull();
    expect(unpacked(key.subarray(1))).toBeNull();
  });
});

describe('another scheme', () => {
  const CHACHA = { SEALING_SCHEME: 'ChaCha20-Poly1305', REVEALS_PER_DAY: '1000' };
  const complain = async (of: TestApp, accountId: string, name: string): Promise<string> => {
    const input = {
      accountId,
      lobId: await givenLob(of, accountId),
      channel: 'WEB',
      category: 'x',
      customer: { name },
    };
    const { payload } = await of
      .as('operations')
      .mutate('fileComplaint', { ...input, receivedAt: new Date().toISOString() }, 'complaint { id }');
    return payload.complaint.id as string;
  };
  const told = async (complaintId: string): Promise<string> =>
    (await trail(t, `action = 'complaint.filed' AND subject_id = $1`, [complaintId]))[0]!.id as string;
  const seals = async (of: TestApp, type: string) =>
    (await keyStatus(of.served.app)).findLast((key) => key.of === type && key.purpose === 'seal')!.scheme;

  it('comes while others serve with the earlier one: both read what either wrote, and what is sealed and wrapped goes over to it', async () => {
    const accountId = await givenAccount(t);
    const before = await complain(t, accountId, 'Ada Before');
    expect(await seals(t, 'Account')).toBe('AES-256-GCM');
    const other = await startAppOver(t.ownerUrl, CHACHA);
    try {
      expect(await seals(other, 'Account')).toBe('ChaCha20-Poly1305');
      const later = await givenAccount(other);
      const after = await complain(other, accountId, 'Ada After');
      for (const where of [t, other]) {
        for (const id of [accountId, later])
          expect((await reveal(where, id, 'taxId')).payload).toEqual({ value: CANARIES.taxId });
        for (const [id, value] of [
          [before, 'Ada Before'],
          [after, 'Ada After'],
        ] as const)
          expect((await reveal(where, await told(id), 'customer.name.after', 'AuditEvent')).payload).toEqual({ value });
      }
      const sealed = (await rowOf(t, 'account', later)).tax_id_sealed as Buffer;
      const { scheme, key } = classKeyNamed(other.served.app.keys, keyIn(sealed))!;
      expect(scheme).toBe('ChaCha20-Poly1305');
      const place = `Account/${later}/taxId`;
      expect(opened('chacha20-poly1305', key, sealed.subarray(4), place)).toBe(CANARIES.taxId);
      expect(() => opened('aes-256-gcm', key, sealed.subarray(4), place)).toThrow();
      // Values, inputs and secrets; and what wraps keys.
      other.clock.at = new Date(Date.now() + 86_400_000);
      await resealValues.run(other.served.app, null, signal);
      const left = (await leftToReseal(other.served.app)).filter((each) => each.left > 0);
      expect(left).toEqual([]);
      expect(await rewrapClassKeys(other.served.app)).toBe(0);
      expect(await rewrapClassKeys(other.served.app, true)).toBeGreaterThan(40);
      expect(await rewrapSubjectKeys(other.served.app, signal, true)).toBeGreaterThan(0);
      expect(await subjectKeysLeft(other.served.app)).toBe(0);
      const under = await t.sql(`SELECT DISTINCT encode(substr(wrapped, 1, 4), 'hex') AS id FROM class_key UNION
        SELECT encode(substr(wrapped, 1, 4), 'hex') FROM audit.subject_key WHERE wrapped IS NOT NULL`);
      expect(under).toEqual([{ id: other.served.app.keys.wrapping['ChaCha20-Poly1305'].id }]);
    } finally {
      await other.close();
    }
    // Whoever is told of no scheme goes on with that of the last key, and opens all that there is.
    const count = async () => (await t.sql('SELECT count(*)::int AS count FROM class_key'))[0]!.count as number;
    const keys = await count();
    const untold = await startAppOver(t.ownerUrl, { REVEALS_PER_DAY: '1000' });
    try {
      expect((await reveal(untold, accountId, 'taxId')).payload).toEqual({ value: CANARIES.taxId });
      expect((await reveal(untold, await told(before), 'customer.name.after', 'AuditEvent')).payload).toEqual({
        value: 'Ada Before',
      });
      await renewClassKey(untold.served.app, 'Account');
      expect(await seals(untold, 'Account')).toBe('ChaCha20-Poly1305');
      expect(await count()).toBe(keys + 1);
    } finally {
      await untold.close();
    }
    const back = await startAppOver(t.ownerUrl, { SEALING_SCHEME: 'AES-256-GCM' });
    expect(await seals(back, 'Account')).toBe('AES-256-GCM');
    await back.close();
  }, 180_000);

  function opened(cipher: 'aes-256-gcm' | 'chacha20-poly1305', key: Buffer, sealed: Buffer, place: string): string {
    const body = sealed.subarray(28);
    const decipher = createDecipheriv(cipher as 'aes-256-gcm', key, sealed.subarray(0, 12), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(place), { plaintextLength: body.length }).setAuthTag(sealed.subarray(12, 28));
    return Buffer.concat([decipher.update(body), decipher.final()]).toString();
  }
});
