import fc from 'fast-check';
import { demandsApproval } from '../../src/approvals/approval-policy.rules';
import { assertPending, assertSeen, assertStanding, movedRows } from '../../src/approvals/change-request.rules';
import { DomainError } from '../../src/platform/errors';

const policy = (more: Partial<Parameters<typeof demandsApproval>[0]> = {}) => ({
  active: true,
  whenFields: null,
  whenAmountAboveMinor: null,
  whenCurrency: null,
  whenAccountIds: null,
  whenLobIds: null,
  whenCategories: null,
  whenRiskAtLeast: null,
  ...more,
});
const changed = (...paths: string[]) => paths.map((path) => ({ path, before: 1, after: 2 }));
const amount = (minor: bigint, currency = 'USD') => ({ accountId: null, amount: { minor, currency } });
const NO_AMOUNT = { accountId: null };

describe('approval-policy.rules: demandsApproval', () => {
  it.each([
    ['an unconditional policy asks for two people', policy(), NO_AMOUNT, [], true],
    ['an inactive policy asks for nobody', policy({ active: false }), amount(10n ** 15n), changed('taxId'), false],
    [
      'one of its fields changes',
      policy({ whenFields: ['taxId', 'bankAccountNumber'] }),
      NO_AMOUNT,
      changed('legalName', 'taxId'),
      true,
    ],
    ['none of its fields changes', policy({ whenFields: ['taxId'] }), NO_AMOUNT, changed('legalName'), false],
    ['nothing changes at all', policy({ whenFields: ['taxId'] }), NO_AMOUNT, [], false],
    [
      'a field whose name only begins like one of them',
      policy({ whenFields: ['taxId'] }),
      NO_AMOUNT,
      changed('taxIdentifier', 'tax'),
      false,
    ],
    [
      'an amount above the limit',
      policy({ whenAmountAboveMinor: '10000', whenCurrency: 'USD' }),
      amount(10001n),
      [],
      true,
    ],
    [
      'an amount of exactly the limit',
      policy({ whenAmountAboveMinor: '10000', whenCurrency: 'USD' }),
      amount(10000n),
      [],
      false,
    ],
    [
      'an amount below the limit',
      policy({ whenAmountAboveMinor: '10000', whenCurrency: 'USD' }),
      amount(9999n),
      [],
      false,
    ],
    [
      'another currency than the limit’s cannot be judged',
      policy({ whenAmountAboveMinor: '10000', whenCurrency: 'USD' }),
      amount(1n, 'JPY'),
      [],
      true,
    ],
    [
      'a limit without a currency counts minor units of whichever',
      policy({ whenAmountAboveMinor: '0' }),
      amount(1n, 'KWD'),
      [],
      true,
    ],
    ['nothing at stake under a limit of zero', policy({ whenAmountAboveMinor: '0' }), amount(0n, 'KWD'), [], false],
    ['no amount to judge', policy({ whenAmountAboveMinor: '10000', whenCurrency: 'USD' }), NO_AMOUNT, [], true],
    [
      'limits beyond 2^53 are exact',
      policy({ whenAmountAboveMinor: '9007199254740993' }),
      amount(9007199254740993n),
      [],
      false,
    ],
    [
      'limits beyond 2^53 are exact, one more',
      policy({ whenAmountAboveMinor: '9007199254740992' }),
      amount(9007199254740993n),
      [],
      true,
    ],
    [
      'field and amount: both must hold',
      policy({ whenFields: ['status'], whenAmountAboveMinor: '5' }),
      amount(6n),
      changed('status'),
      true,
    ],
    [
      'field and amount: the field does not',
      policy({ whenFields: ['status'], whenAmountAboveMinor: '5' }),
      amount(6n),
      changed('name'),
      false,
    ],
    [
      'field and amount: the amount does not',
      policy({ whenFields: ['status'], whenAmountAboveMinor: '5' }),
      amount(5n),
      changed('status'),
      false,
    ],
  ] as const)('%s', (_what, conditions, facts, changes, demanded) => {
    expect(demandsApproval(conditions as never, { facts, changes })).toBe(demanded);
  });

  it('is monotonous: a larger amount never needs fewer people, and an inactive policy never any', () => {
    fc.assert(
      fc.property(
        fc.bigInt(0n, 10n ** 18n),
        fc.bigInt(0n, 10n ** 18n),
        fc.bigInt(0n, 10n ** 18n),
        (limit, one, other) => {
          const conditions = policy({ whenAmountAboveMinor: String(limit), whenCurrency: 'USD' });
          const [small, large] = one <= other ? [one, other] : [other, one];
          const asks = (minor: bigint) => demandsApproval(conditions, { facts: amount(minor), changes: [] });
          expect(asks(small) && !asks(large)).toBe(false);
          expect(asks(small)).toBe(small > limit);
          expect(demandsApproval({ ...conditions, active: false }, { facts: amount(large), changes: [] })).toBe(false);
        },
      ),
    );
  });
});

const codeOf = (work: () => void): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
  return 'passes';
};

describe('change-request.rules', () => {
  const now = new Date('2026-11-21T12:00:00Z');
  const waiting = {
    status: 'PENDING' as const,
    expiresAt: new Date(now.getTime() + 1),
    makerId: 'maker',
    approverRoles: ['supervisor'],
    revision: 1,
    digest: 'd1',
  };
  const may = { code: null, step: 1, onBehalfOfId: null };
  const approving = (request: object, standing: object, seen: object) =>
    codeOf(() => {
      const of = { ...waiting, ...request };
      assertPending(of, now);
      assertStanding(of, { ...may, ...standing });
      assertSeen(of, { revision: 1, digest: 'd1', ...seen });
    });

  it('refuses in the declared order: taking one fault away shows the next', () => {
    const maker = { code: 'MAKER_IS_CHECKER' };
    const wrong = { revision: 2, digest: 'd2' };
    expect(approving({ status: 'REJECTED', expiresAt: now }, maker, wrong)).toBe('CHANGE_REQUEST_NOT_PENDING');
    expect(approving({ expiresAt: now }, maker, wrong)).toBe('CHANGE_REQUEST_EXPIRED');
    expect(approving({}, maker, wrong)).toBe('MAKER_IS_CHECKER');
    for (const code of ['DELEGATE_OF_MAKER', 'NOT_AN_APPROVER', 'LIMIT_EXCEEDED'])
      expect(approving({}, { code }, wrong)).toBe(code);
    expect(approving({}, {}, wrong)).toBe('CHANGE_REQUEST_MOVED');
    expect(approving({}, {}, { digest: 'd2' })).toBe('CHANGE_REQUEST_MOVED');
    expect(approving({}, {}, { revision: 2 })).toBe('CHANGE_REQUEST_MOVED');
    expect(approving({}, {}, {})).toBe('passes');
  });

  it.each(['RETURNED', 'EXECUTED', 'REJECTED', 'WITHDRAWN', 'EXPIRED', 'STALE', 'FAILED'])(
    '%s waits for nobody',
    (status) => {
      expect(approving({ status }, {}, {})).toBe('CHANGE_REQUEST_NOT_PENDING');
    },
  );

  it('movedRows names what changed, came and went, and nothing that stayed', () => {
    const row = (id: string, version: number, type = 'Lob') => ({ type, id, version });
    const seen = [row('same', 3), row('changed', 1), row('gone', 2), row('twin', 1, 'Account')];
    const there = [row('new', 1), row('changed', 2), row('same', 3), row('twin', 1, 'Account'), row('twin', 4)];
    const moved = movedRows(seen, there).toSorted((one, other) => one.id.localeCompare(other.id));
    expect(moved).toEqual([
      { type: 'Lob', id: 'changed', seen: 1, now: 2 },
      { type: 'Lob', id: 'gone', seen: 2, now: 0 },
      { type: 'Lob', id: 'new', seen: 0, now: 1 },
      { type: 'Lob', id: 'twin', seen: 0, now: 4 },
    ]);
    expect(movedRows(seen, seen.toReversed())).toEqual([]);
  });
});
