/** What pg's own query makes of its values; of the package's public files, but not of its types. */
declare module 'pg/lib/utils' {
  /** A value of JavaScript as a parameter: text, bytes, or null. */
  export function prepareValue(value: unknown): string | Buffer | null;
}
