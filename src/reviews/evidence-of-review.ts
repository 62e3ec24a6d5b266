import type { Context } from '../platform/context';
import { refuse } from '../platform/errors';
import { isId } from '../platform/ids';
import { notFound } from '../platform/transaction';
import { AccessReview, AccessReviewItem } from './access-review.entity';
import type { AccessReviewEvidence } from './access-review.type';
import { digestOf, evidenceOf, sampleOf } from './evidence';

type Args = Record<string, unknown>;

async function closed({ app }: Context, id: unknown): Promise<{ review: AccessReview; items: AccessReviewItem[] }> {
  const { manager } = app.database.orm;
  const review = isId(id) ? await manager.findOneBy(AccessReview, { id }) : null;
  if (!review) return notFound(AccessReview.name);
  if (!review.closedAt) refuse('ACCESS_REVIEW_OPEN', 'There is no evidence before it is closed.');
  return { review, items: await manager.findBy(AccessReviewItem, { accessReviewId: review.id }) };
}

/** The evidence of a campaign that is closed, to the byte what was digested then. */
export const evidence =
  (context: Context) =>
  async ({ accessReviewId, format }: Args): Promise<AccessReviewEvidence> => {
    const { review, items } = await closed(context, accessReviewId);
    const { json, csv } = evidenceOf(review, items, review.closedAt!);
    const content = format === 'CSV' ? csv : json;
    return { content, digest: digestOf(content) };
  };

/** So many items of it, by a seed that the auditor chooses: as JSON, like the evidence. */
export const sample =
  (context: Context) =>
  async ({ accessReviewId, seed, size }: Args): Promise<AccessReviewEvidence> => {
    const { review, items } = await closed(context, accessReviewId);
    const { json: content } = evidenceOf(review, sampleOf(items, String(seed), Number(size)), review.closedAt!);
    return { content, digest: digestOf(content) };
  };
