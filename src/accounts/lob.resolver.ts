import { Arg, Args, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Ask, type Asked } from '../platform/asked';
import type { PageArgs } from '../platform/pagination';
import { payloadType } from '../platform/payload.type';
import { Agent } from './agent.type';
import { CloseLobInput } from './close-lob';
import { lobRead } from './lob.read';
import { Lob, LobConnection, LobsArgs } from './lob.type';
import { OpenLobInput } from './open-lob';

const OpenLobPayload = payloadType('OpenLobPayload', { lob: () => Lob });
const CloseLobPayload = payloadType('CloseLobPayload', { lob: () => Lob, freedAgents: () => [Agent] });

@Resolver()
export class LobResolver {
  @Query(() => Lob, { nullable: true, description: 'A line of business.' })
  lob(@Arg('id', () => ID, { description: 'Id of the LOB.' }) _id: string, @Ask() asked: Asked) {
    return asked.one(lobRead);
  }

  @Query(() => LobConnection, { description: 'Lines of business, by code unless told.' })
  lobs(@Args(() => LobsArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(lobRead);
  }

  @Mutation(() => OpenLobPayload, { description: 'Opens a line of business.' })
  openLob(@Arg('input', { description: 'The service.' }) input: OpenLobInput, @Ask() asked: Asked) {
    return asked.submit('lob.open', input);
  }

  @Mutation(() => CloseLobPayload, { description: 'Closes a line of business and the assignments to it.' })
  closeLob(@Arg('input', { description: 'Which one, and why.' }) input: CloseLobInput, @Ask() asked: Asked) {
    return asked.submit('lob.close', input);
  }
}
