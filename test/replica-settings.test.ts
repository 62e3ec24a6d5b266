import { replicasOf } from '../src/open-database';
import { testConfig } from './support/config';

const API = 'postgres://login:s%3Acret@primary.example:5433/books';

describe('DATABASE_REPLICA_URLS', () => {
  it('is nothing unless it is set', () => {
    expect(testConfig().replicaUrls).toEqual([]);
    expect(replicasOf(testConfig(), API)).toBeNull();
  });

  it('takes user, password and database of the API where it does not say them', () => {
    const urls = [
      'postgres://one.example',
      'postgresql://two.example:6000/',
      'postgres://other:pass@three.example/copy?sslmode=require',
    ];
    const config = testConfig({ DATABASE_REPLICA_URLS: urls.join(' , '), REPLICA_LAG_SECONDS: '5' });
    expect(replicasOf(config, API)).toEqual({
      urls: [
        'postgres://login:s%3Acret@one.example/books',
        'postgresql://login:s%3Acret@two.example:6000/books',
        'postgres://other:pass@three.example/copy?sslmode=require',
      ],
      lagSeconds: 5,
    });
  });

  it.each([
    [{ DATABASE_REPLICA_URLS: 'one.example' }, 'DATABASE_REPLICA_URLS'],
    [{ DATABASE_REPLICA_URLS: 'postgres://one.example,' }, 'DATABASE_REPLICA_URLS'],
    [{ DATABASE_REPLICA_URLS: 'http://one.example' }, 'DATABASE_REPLICA_URLS'],
    [{ REPLICA_LAG_SECONDS: '0' }, 'REPLICA_LAG_SECONDS'],
    [{ REPLICA_LAG_SECONDS: '3601' }, 'REPLICA_LAG_SECONDS'],
  ])('%j is refused, and the setting is named', (settings, name) => {
    expect(() => testConfig(settings as Record<string, string>)).toThrow(`not valid: ${name}.`);
  });
});
