import type { HTTPGraphQLResponse } from '@apollo/server';
import type { Asked } from './documents';
import { Remembered } from './remembered';
import type { Seen } from './requests';

/** How many characters of documents that did not fit the schema are remembered, and of what they were answered. */
const REMEMBERED = 2_000_000;

/** The code of validation alone: what a client sent cannot stand in an answer with quotes that are not escaped. */
const CODE = '"code":"GRAPHQL_VALIDATION_FAILED"';

/**
 * What documents were answered that do not fit the schema, which depends on nothing but their text and the type of answer that was
 * asked for: validating one takes longer than answering another, and who sends it again is told the same.
 */
export class Unfit {
  private readonly answers = new Remembered<{ accept: string | undefined; answer: HTTPGraphQLResponse }>(REMEMBERED);

  /** By the text alone, whose hash is known already: whoever asks for what fits passes here, too. */
  answerOf({ request }: Seen, body: Asked | undefined): HTTPGraphQLResponse | undefined {
    if (this.answers.size === 0 || typeof body?.query !== 'string') return undefined;
    const known = this.answers.find(body.query);
    return known && known.accept === request.headers.accept ? known.answer : undefined;
  }

  note({ request }: Seen, body: Asked | undefined, answer: HTTPGraphQLResponse): void {
    if (answer.status !== 400 || typeof body?.query !== 'string' || answer.body.kind !== 'complete') return;
    if (this.answers.find(body.query) || !answer.body.string.includes(CODE)) return;
    const { accept } = request.headers;
    this.answers.keep(body.query, { accept, answer }, answer.body.string.length);
  }
}
