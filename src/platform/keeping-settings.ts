import { z } from 'zod';
import { masterKeysIn } from './master-keys';
import { type Scheme, SCHEME_NAMES } from './schemes';
import { numbersIn } from './settings-text';

/** How many days something is kept once what it was kept for is over; 0: for good. */
export const USUAL_RETENTION = Object.freeze({
  cardNumber: 180,
  email: 1095,
  phone: 1095,
  bankAccountNumber: 2922,
  taxId: 2922,
  /** All that is personal of a complaint, and the key under which the trail keeps it. */
  complaint: 2192,
});

/** By kind of sensitive value, and of complaints as a whole. */
export type Retention = Readonly<Record<keyof typeof USUAL_RETENTION, number>>;

/** How sensitive things are kept: under which keys, by which scheme, and for how long. */
export interface KeepingSettings {
  /** 32 bytes, from which every other key is derived. */
  readonly masterKey: Buffer;
  /** Earlier ones, under which something may still be kept. */
  readonly retiredMasterKeys: readonly Buffer[];
  /** What new keys seal with. Null: as the key before them. */
  readonly sealingScheme: Scheme | null;
  readonly retentionDays: Retention;
}

/** Those of the usual times that are others. */
const retentionIn = numbersIn(USUAL_RETENTION, /^(0|[1-9]\d{0,4})$/, 'is kept for no such time');

export const keepingEnvironment = {
  MASTER_KEY: z.string().optional(),
  MASTER_KEY_FILE: z.string().min(1).optional(),
  MASTER_KEY_COMMAND: z.string().min(1).optional(),
  MASTER_KEY_SECONDS: z.coerce.number().int().min(1).max(300).default(20),
  MASTER_KEYS_RETIRED: z.string().optional(),
  SEALING_SCHEME: z.enum(SCHEME_NAMES).optional(),
  RETENTION_DAYS: z.string().transform(retentionIn).optional(),
};

type Settings = z.infer<z.ZodObject<typeof keepingEnvironment>>;

/** What the demonstration consists of was over years ago: nothing of it goes unless somebody says so. */
const FOR_GOOD = Object.fromEntries(Object.keys(USUAL_RETENTION).map((kind) => [kind, 0])) as Retention;

interface Where {
  readonly production: boolean;
  readonly demoData: boolean;
  readonly dataDirectory: string;
}

/** Refuses with CONFIGURATION_INVALID. */
export const keepingIn = (settings: Settings, { production, demoData, dataDirectory }: Where): KeepingSettings => ({
  ...masterKeysIn(settings, production, dataDirectory),
  sealingScheme: settings.SEALING_SCHEME ?? null,
  retentionDays: Object.freeze({ ...(demoData ? FOR_GOOD : USUAL_RETENTION), ...settings.RETENTION_DAYS }),
});
