import { Arg, Args, FieldResolver, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Account } from '../accounts/account.type';
import { Lob } from '../accounts/lob.type';
import { Ask, type Asked } from '../platform/asked';
import type { PageArgs } from '../platform/pagination';
import { payloadType } from '../platform/payload.type';
import { AcknowledgeComplaintInput } from './acknowledge-complaint';
import { complaintRead } from './complaint.read';
import { Complaint, ComplaintConnection, ComplaintsArgs } from './complaint.type';
import { FileComplaintInput } from './file-complaint';
import { ReopenComplaintInput } from './reopen-complaint';
import { ResolveComplaintInput } from './resolve-complaint';

const FileComplaintPayload = payloadType('FileComplaintPayload', { complaint: () => Complaint });
const AcknowledgeComplaintPayload = payloadType('AcknowledgeComplaintPayload', { complaint: () => Complaint });
const ResolveComplaintPayload = payloadType('ResolveComplaintPayload', { complaint: () => Complaint });
const ReopenComplaintPayload = payloadType('ReopenComplaintPayload', { complaint: () => Complaint });

@Resolver(() => Account)
export class AccountComplaints {
  @FieldResolver(() => ComplaintConnection, {
    nullable: true,
    description: 'Complaints about it, latest received first unless told. For those who may see complaints.',
  })
  complaints(@Args(() => ComplaintsArgs) _args: PageArgs): void {}
}

@Resolver(() => Lob)
export class LobComplaints {
  @FieldResolver(() => ComplaintConnection, {
    nullable: true,
    description: 'Complaints about it, latest received first unless told. For those who may see complaints.',
  })
  complaints(@Args(() => ComplaintsArgs) _args: PageArgs): void {}
}

@Resolver()
export class ComplaintResolver {
  @Query(() => Complaint, { nullable: true, description: 'A complaint.' })
  complaint(@Arg('id', () => ID, { description: 'Id of the complaint.' }) _id: string, @Ask() asked: Asked) {
    return asked.one(complaintRead);
  }

  @Query(() => ComplaintConnection, { description: 'Complaints, latest received first unless told.' })
  complaints(@Args(() => ComplaintsArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(complaintRead);
  }

  @Mutation(() => FileComplaintPayload, { description: 'Files a complaint; its clocks run from when it was received.' })
  fileComplaint(@Arg('input', { description: 'The complaint.' }) input: FileComplaintInput, @Ask() asked: Asked) {
    return asked.submit('complaint.file', input);
  }

  @Mutation(() => AcknowledgeComplaintPayload, {
    description: 'Notes that the customer was told that the complaint came in.',
  })
  acknowledgeComplaint(
    @Arg('input', { description: 'Which one.' }) input: AcknowledgeComplaintInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('complaint.acknowledge', input);
  }

  @Mutation(() => ResolveComplaintPayload, {
    description: 'Resolves a complaint, and acknowledges it where nobody has.',
  })
  resolveComplaint(
    @Arg('input', { description: 'Which one, and how.' }) input: ResolveComplaintInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('complaint.resolve', input);
  }

  @Mutation(() => ReopenComplaintPayload, {
    description: 'Takes a resolved complaint up again, with a new deadline from now.',
  })
  reopenComplaint(
    @Arg('input', { description: 'Which one, and why.' }) input: ReopenComplaintInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('complaint.reopen', input);
  }
}
