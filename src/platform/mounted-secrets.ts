import { readFileSync } from 'node:fs';
import { DomainError } from './errors';

/** Settings that are secrets, or hold one. Each may stand in a file that `…_FILE` names, as secrets are mounted; `MASTER_KEY_FILE` is read by itself. */
const SECRETS = [
  'DATABASE_URL',
  'DATABASE_API_URL',
  'DATABASE_SEALER_URL',
  'DATABASE_AUDITOR_URL',
  'DATABASE_REPLICA_URLS',
  'METRICS_TOKEN',
  'USAGE_TOKEN',
];

/** The settings with what files say. Refuses with CONFIGURATION_INVALID, naming the setting and never what is in a file. */
export function withFiles(given: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const read = SECRETS.filter((name) => given[`${name}_FILE`] !== undefined).map((name) => {
    if (given[name] !== undefined) throw invalid(`${name} and ${name}_FILE do not go together.`);
    try {
      return [name, readFileSync(given[`${name}_FILE`]!, 'utf8').trim()];
    } catch {
      throw invalid(`${name}_FILE cannot be read.`);
    }
  });
  return { ...given, ...(Object.fromEntries(read) as NodeJS.ProcessEnv) };
}

const invalid = (message: string) => new DomainError('CONFIGURATION_INVALID', message);
