import { v7, validate } from 'uuid';

/** A new row's id: UUID version 7 (RFC 9562), so that ids sort by the instant they were made. */
export const newId = (): string => v7();

/** Whether a client's ID could name a row at all; one that could not is answered like an unknown one. */
export const isId = (value: unknown): value is string => typeof value === 'string' && validate(value);
