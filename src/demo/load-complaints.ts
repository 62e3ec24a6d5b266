import { DAY } from '../platform/durations';
import complaints from './data/complaints.json';
import type { Cast, Opened } from './people';

/** Complaints as they were filed, each step replayed at the instant at which it happened. */
export async function complain({ operations, compliance }: Cast, opened: Opened): Promise<void> {
  const one = async ({
    sourceId,
    accountCode,
    channel,
    category,
    product,
    receivedOn,
    timely,
    response,
  }: (typeof complaints.rows)[number]) => {
    const { id, lobs: ids } = opened.get(accountCode)!;
    const received = new Date(`${receivedOn}T15:00:00Z`);
    const later = (days: number) => new Date(received.getTime() + days * DAY);
    const input = {
      accountId: id,
      lobId: [...ids.values()][Number(sourceId) % ids.size],
      channel,
      category,
      receivedAt: received.toISOString(),
      sourceReference: `CFPB ${sourceId}`,
      narrative: `About: ${product}. Filed with the regulator; the published record has no text of the consumer.`,
      customer: {
        name: `Consumer ${sourceId}`,
        email: `consumer.${sourceId}@example.com`,
        phone: `+1202555${sourceId.slice(-4)}`,
        cardNumber: CARDS[Number(sourceId) % CARDS.length],
      },
    };
    const key = `complaint/${sourceId}`;
    const { result } = await operations.submit('complaint.file', input, key, later(0.1));
    const complaintId = result.complaint;
    await operations.submit('complaint.acknowledge', { complaintId }, `${key}/acknowledge`, later(2));
    if (response === 'In progress') return;
    const resolution =
      /relief/.test(response) && !/non-monetary/.test(response)
        ? 'UPHELD'
        : /non-monetary/.test(response)
          ? 'PARTLY_UPHELD'
          : 'NOT_UPHELD';
    await compliance.submit(
      'complaint.resolve',
      { complaintId, resolution, note: response },
      `${key}/resolve`,
      later(timely ? 9 : 40),
    );
  };
  // Four at a time: they are independent of each other.
  const queue = [...complaints.rows];
  await Promise.all(
    [1, 2, 3, 4].map(async () => {
      for (let next = queue.shift(); next; next = queue.shift()) await one(next);
    }),
  );
}

/** Card numbers that payment schemes publish for testing. */
const CARDS = ['4111111111111111', '5555555555554444', '378282246310005', '6011111111111117'];
