import { Arg, Args, FieldResolver, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Ask, type Asked } from '../platform/asked';
import type { PageArgs } from '../platform/pagination';
import { payloadType } from '../platform/payload.type';
import { accountRead } from './account.read';
import { Account, AccountConnection, AccountsArgs } from './account.type';
import { Agent } from './agent.type';
import { ChangeAccountInput } from './change-account';
import { CloseAccountInput } from './close-account';
import { LobConnection, LobsArgs } from './lob.type';
import { OpenAccountInput } from './open-account';

const OpenAccountPayload = payloadType('OpenAccountPayload', { account: () => Account });
const ChangeAccountPayload = payloadType('ChangeAccountPayload', { account: () => Account });
const CloseAccountPayload = payloadType('CloseAccountPayload', { account: () => Account, freedAgents: () => [Agent] });

@Resolver(() => Account)
export class AccountResolver {
  @FieldResolver(() => LobConnection, { description: 'Its lines of business, by code unless told.' })
  lobs(@Args(() => LobsArgs) _args: PageArgs): void {}

  @Query(() => Account, { nullable: true, description: 'An account.' })
  account(@Arg('id', () => ID, { description: 'Id of the account.' }) _id: string, @Ask() asked: Asked) {
    return asked.one(accountRead);
  }

  @Query(() => AccountConnection, { description: 'Accounts, by code unless told.' })
  accounts(@Args(() => AccountsArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(accountRead);
  }

  @Mutation(() => OpenAccountPayload, { description: 'Opens an account; by default it waits for a second person.' })
  openAccount(@Arg('input', { description: 'The client company.' }) input: OpenAccountInput, @Ask() asked: Asked) {
    return asked.submit('account.open', input);
  }

  @Mutation(() => ChangeAccountPayload, {
    description: 'Changes an account; bank data and tax ids wait for a second person by default.',
  })
  changeAccount(@Arg('input', { description: 'What to change.' }) input: ChangeAccountInput, @Ask() asked: Asked) {
    return asked.submit('account.change', input);
  }

  @Mutation(() => CloseAccountPayload, {
    description: 'Closes an account, its LOBs and the assignments to them; by default it waits for a second person.',
  })
  closeAccount(@Arg('input', { description: 'Which one, and why.' }) input: CloseAccountInput, @Ask() asked: Asked) {
    return asked.submit('account.close', input);
  }
}
