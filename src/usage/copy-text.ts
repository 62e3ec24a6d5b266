const SPECIAL = /[\\\t\n\r]/;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** A text as COPY reads it; null is nothing. */
export const copyText = (text: string | null): string =>
  text === null ? '\\N' : SPECIAL.test(text) ? text.replace(/[\\\t\n\r]/g, (sign) => ESCAPES[sign]!) : text;

export const copyInstant = (at: number | null): string => (at === null ? '\\N' : new Date(at).toISOString());

const CHUNK = 500;

/** Rows as pieces of some hundred: a write for each row costs more than the row. */
export function* copyRows<T>(of: readonly T[], row: (each: T) => string): Generator<string> {
  for (let at = 0; at < of.length; at += CHUNK)
    yield of
      .slice(at, at + CHUNK)
      .map((each) => `${row(each)}\n`)
      .join('');
}
