/** bigint in the database, bigint here; pg sends text, since a number would lose cents beyond 2^53. */
export const minorUnits = {
  to: (value: bigint | null | undefined): string | null | undefined =>
    typeof value === 'bigint' ? value.toString() : value,
  from: (value: string | null): bigint | null => (value === null ? null : BigInt(value)),
};
