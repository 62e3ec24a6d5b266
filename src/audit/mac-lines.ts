import { createReadStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { MACS } from './export-manifest';
import type { Findings } from './findings';
import { type MacFault, type MacKey, macMessage } from './mac-keys';

/** Bytes of a MAC. */
const BYTES = 32;
const LINE = /^(\S+) ([A-Za-z0-9+/]{43}=)$/;
/** The line of an event whose content was dropped. */
export const NO_MAC = '-';

/** The MACs of an export, line by line beside its events. */
export class MacLines {
  private readonly lines: AsyncIterator<string, undefined>;

  constructor(
    folder: string,
    private readonly keys: readonly MacKey[],
    private readonly findings: Findings,
  ) {
    const input = createReadStream(path.join(folder, MACS), 'latin1');
    this.lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]();
  }

  /** The next lines, for events from this place on, whose MACs were computed with each of the keys. */
  async compare(first: number, count: number, macs: readonly Buffer[]): Promise<void> {
    const zeros = Buffer.alloc(BYTES);
    for (let at = 0; at < count * BYTES; at += BYTES) {
      const place = first + at / BYTES;
      const line = (await this.lines.next()).value;
      const [, keyId, mac] = LINE.exec(line ?? '') ?? [];
      const known = this.keys.findIndex(({ id }) => id === null || id === keyId);
      const computed = macs[known]?.subarray(at, at + BYTES);
      if (line === undefined) this.findings.add('FILE_ALTERED', place, `${MACS} has no line for it.`);
      else if (!keyId || !mac) {
        if (line !== NO_MAC || !macs[0]!.subarray(at, at + BYTES).equals(zeros))
          this.findings.add('MAC_INVALID', place, 'It has no MAC.');
      } else this.note(place, keyId, faultOf(computed, Buffer.from(mac, 'base64')));
    }
  }

  private note(place: number, keyId: string, fault: MacFault): void {
    if (fault) this.findings.add(fault, place, macMessage(fault, keyId));
  }
}

function faultOf(computed: Buffer | undefined, mac: Buffer): MacFault {
  if (!computed) return 'MAC_KEY_UNKNOWN';
  return computed.equals(mac) ? null : 'MAC_INVALID';
}
