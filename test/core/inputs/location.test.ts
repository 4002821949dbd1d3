import { describe, expect, it } from 'vitest';
import type { SyncDefinition } from '../../../src/contracts/definition.js';
import { resolveSyncOptions } from '../../../src/core/definition/defaults.js';
import { locationIn, locationKey, sameLocation } from '../../../src/core/inputs/location.js';

type Location = Pick<SyncDefinition, 'projectId' | 'environment' | 'secretPath'>;

const definition = (name: string, location: Location): SyncDefinition => ({
  id: name,
  name,
  isEnabled: true,
  destination: 'memory',
  destinationConfig: {},
  syncOptions: resolveSyncOptions(),
  ...location,
});

describe('the location of a definition', () => {
  const whole = { projectId: 'p', environment: 'prod', secretPath: '/app' };

  it.each<[string, Location]>([
    ['all of it', whole],
    ['nothing', {}],
    ['the project alone', { projectId: 'p' }],
    ['the environment alone', { environment: 'prod' }],
    ['the path alone', { secretPath: '/' }],
  ])('is what it says of the source: %s', (_title, location) => {
    expect(locationIn(definition('nightly', location))).toStrictEqual(location);
  });

  it('is the same text for the same location, in any order of its fields, and another for any other', () => {
    const { projectId, environment, secretPath } = whole;
    expect(locationKey({ secretPath, environment, projectId })).toBe(locationKey(whole));
    const others: readonly Location[] = [
      {},
      { projectId, environment },
      { ...whole, projectId: 'q' },
      { ...whole, environment: 'dev' },
      { ...whole, secretPath: '/' },
    ];
    expect(new Set([whole, ...others].map(locationKey)).size).toBe(others.length + 1);
  });

  it('is shared by definitions that read the same part of the source, whatever else they say', () => {
    expect(sameLocation(definition('one', whole), definition('other', { ...whole }))).toBe(true);
    expect(sameLocation(definition('one', whole), definition('one', { ...whole, secretPath: '/' }))).toBe(
      false,
    );
    expect(sameLocation(definition('one', {}), definition('other', {}))).toBe(true);
  });
});
