import { inflateSync } from 'node:zlib';

/** Bytes of a header and of a table's entry: WOFF 1.0 (W3C), and the sfnt that it wraps. */
const WOFF = { header: 44, entry: 20 };
const SFNT = { header: 12, entry: 16 };

const padded = (length: number) => (length + 3) & ~3;

/** The font that a WOFF 1.0 file wraps, as it was before. */
export function unwrapped(woff: Buffer): Buffer {
  const count = woff.readUInt16BE(12);
  const tables = Array.from({ length: count }, (_each, index) => {
    const at = WOFF.header + index * WOFF.entry;
    const [tag, offset, packed, length, checksum] = [0, 4, 8, 12, 16].map((field) => woff.readUInt32BE(at + field));
    const part = woff.subarray(offset, offset! + packed!);
    return { tag: tag!, checksum: checksum!, bytes: packed! < length! ? inflateSync(part) : part };
  });
  const head = Buffer.alloc(SFNT.header + count * SFNT.entry);
  head.writeUInt32BE(woff.readUInt32BE(4), 0);
  const power = 2 ** Math.floor(Math.log2(count));
  head.writeUInt16BE(count, 4);
  head.writeUInt16BE(power * 16, 6);
  head.writeUInt16BE(Math.log2(power), 8);
  head.writeUInt16BE((count - power) * 16, 10);
  const parts: Uint8Array[] = [head];
  let offset = head.length;
  tables.forEach(({ tag, checksum, bytes }, index) => {
    const entry = [tag, checksum, offset, bytes.length];
    entry.forEach((value, field) => head.writeUInt32BE(value, SFNT.header + index * SFNT.entry + field * 4));
    parts.push(bytes, Buffer.alloc(padded(bytes.length) - bytes.length));
    offset += padded(bytes.length);
  });
  return Buffer.concat(parts);
}
