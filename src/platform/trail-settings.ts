import path from 'node:path';
import { z } from 'zod';

/** How the trail is sealed, and where what vouches for it goes: see docs/AUDIT.md. */
export interface TrailSettings {
  /** Whether this process seals the trail, in turn with the others that do. */
  readonly sealing: boolean;
  /** The name of the trail, and of the key that signs its heads: the same for good. */
  readonly origin: string;
  /** The folder of the files that heads are written to. */
  readonly checkpoints: string;
  /** Where heads are sent to, too. */
  readonly checkpointUrl: string | undefined;
  /** The folder that what is sealed is copied to; absent: it is not. */
  readonly archive: string | undefined;
  /** How long what is sealed waits for the next copy, at most, where nothing is amiss. */
  readonly archiveSeconds: number;
}

export const trailEnvironment = {
  AUDIT_SEALING: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .default(true),
  AUDIT_ORIGIN: z
    .string()
    .regex(/^[^\s+]+$/)
    .default('countersign/audit'),
  AUDIT_CHECKPOINTS: z.string().min(1).optional(),
  AUDIT_CHECKPOINT_URL: z.url({ protocol: /^https?$/ }).optional(),
  AUDIT_ARCHIVE: z.string().min(1).optional(),
  AUDIT_ARCHIVE_SECONDS: z.coerce.number().int().min(1).max(3600).default(60),
};

const schema = z.object(trailEnvironment);

export const trailSettingsIn = (settings: z.infer<typeof schema>, dataDirectory: string): TrailSettings =>
  Object.freeze({
    sealing: settings.AUDIT_SEALING,
    origin: settings.AUDIT_ORIGIN,
    checkpoints: path.resolve(settings.AUDIT_CHECKPOINTS ?? path.join(dataDirectory, 'checkpoints')),
    checkpointUrl: settings.AUDIT_CHECKPOINT_URL,
    archive: settings.AUDIT_ARCHIVE && path.resolve(settings.AUDIT_ARCHIVE),
    archiveSeconds: settings.AUDIT_ARCHIVE_SECONDS,
  });
