import { readFileSync } from 'node:fs';
import path from 'node:path';

const read = (name: string): any => JSON.parse(readFileSync(path.resolve(__dirname, '..', name), 'utf8'));
const manifest = read('package.json');
const packages = Object.entries(read('package-lock.json').packages as Record<string, any>).filter(
  ([place]) => place !== '',
);

/** package-lock.json is the inventory of whatever is installed (`npm run sbom` writes it as CycloneDX). */
describe('the inventory of libraries', () => {
  it('names each with its version, from the one registry, with a digest of what is installed', () => {
    expect(packages.length).toBeGreaterThan(100);
    const elsewhere = (resolved?: string) =>
      resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/');
    const unfit = packages.filter(
      ([, { version, resolved, integrity, link }]) =>
        link === true ||
        elsewhere(resolved as string | undefined) ||
        !/^\d+\.\d+\.\d+/.test(String(version)) ||
        !String(integrity).startsWith('sha512-'),
    );
    expect(unfit.map(([place]) => place)).toEqual([]);
  });

  it('has those that we name ourselves, each at one version and no range', () => {
    const named = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies } as Record<string, string>);
    expect(named.length).toBeGreaterThan(20);
    for (const [name, version] of named) {
      expect([name, version]).toEqual([name, expect.stringMatching(/^\d+\.\d+\.\d+(-[\w.]+)?$/)]);
      expect(packages.find(([place]) => place === `node_modules/${name}`)?.[1].version).toBe(version);
    }
  });
});
