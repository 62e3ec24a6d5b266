import { disableDormantUsers } from '../access/dormant-users';
import { endGrants } from '../access/end-grants';
import { escalateChangeRequests } from '../approvals/escalate-change-requests';
import { remindOfChangeRequests } from '../approvals/remind-of-change-requests';
import { expireChangeRequests } from '../approvals/expire-change-requests';
import { reviewTrail } from '../audit/review-trail';
import { rewrapKeys } from '../audit/rewrap-keys';
import { deliverDueMessages, deliverMessages } from '../notifications/deliver-messages';
import { eraseByCalendar } from '../privacy/erase-by-calendar';
import { resealValues } from '../privacy/reseal-values';
import { remedyAccessReviews } from '../reviews/remedy-access-reviews';
import { draftBilling } from '../rating/draft-billing';
import type { Job } from '../platform/job';
import { abandonUsageImports } from '../usage/abandon-usage-imports';

/** Every job there is. What is not in this list is never run. */
export const everyJob: readonly Job[] = [
  endGrants,
  remedyAccessReviews,
  expireChangeRequests,
  escalateChangeRequests,
  remindOfChangeRequests,
  deliverMessages,
  deliverDueMessages,
  reviewTrail,
  rewrapKeys,
  resealValues,
  eraseByCalendar,
  disableDormantUsers,
  abandonUsageImports,
  draftBilling,
];
