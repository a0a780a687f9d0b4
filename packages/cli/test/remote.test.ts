import { expect, test } from 'vitest';
import { assertRemoteUrl, withoutUserinfo } from '../src/remote.js';

test.each([
  ['https://me:s3cret@host/a', 'https://host/a'],
  ['ssh://me:s3cr/et@host/a', 'ssh://host/a'],
  ['me:s3cret@host:a', 'host:a'],
  ['https:me:s3cret@host/a', 'host/a'],
  ['https://host/a', 'https://host/a'],
])('%s is shown without what may be a password', (url, shown) => {
  expect(withoutUserinfo(url)).toBe(shown);
});

test('what no transport is there for is refused without its password', () => {
  const refuse = (): void => assertRemoteUrl('ftp://me:s3cr/et@host/a');
  expect(refuse).toThrow(expect.objectContaining({ message: expect.stringContaining("'ftp://host/a'") }));
});
