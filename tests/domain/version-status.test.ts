import { versionStatus } from '../../src/domain/version-status';

const standing = { isChampion: false, wasChampion: false };

test.each([
  ['a version without a request', {}, 'candidate'],
  ['one that is asked about', { request: 'open' }, 'candidate'],
  ['one that was approved', { request: 'approved' }, 'approved'],
  ['one that was approved and is live', { request: 'approved', isChampion: true, wasChampion: true }, 'approved'],
  ['one that was approved and was live', { request: 'approved', wasChampion: true }, 'retired'],
  ['one whose request expired', { request: 'expired' }, 'rejected'],
  ['one that failed its gates', { outcome: 'gate failed' }, 'rejected'],
  ['one that is served without an approval', { isChampion: true, wasChampion: true }, 'candidate'],
  ['one that is served though it was rejected', { request: 'rejected', isChampion: true }, 'rejected'],
] as const)('%s', (_, changes, status) => {
  expect(versionStatus({ ...standing, ...changes })).toBe(status);
});
