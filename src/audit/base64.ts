/** The bytes of a standard base64 text (RFC 4648, section 4) that is written in the one way to write them; otherwise null. */
export function fromBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}
