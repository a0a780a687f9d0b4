import { describe, expect, test } from 'vitest';
import { GitKv, parseRemoteUrl } from '../src/index.js';

describe('parseRemoteUrl', () => {
  const cases: [text: string, parsed: object][] = [
    [
      'https://example.com/a.git',
      { scheme: 'https', transportUrl: 'https://example.com/a.git', refName: 'refs/heads/main', branch: undefined },
    ],
    [
      'http://example.com:8080/a#dev',
      { scheme: 'http', transportUrl: 'http://example.com:8080/a', refName: 'refs/heads/dev', branch: 'dev' },
    ],
    [
      'https://example.com/a#feature/x',
      { refName: 'refs/heads/feature/x', display: 'https://example.com/a#feature/x' },
    ],
    ['https://example.com/a#b#c', { transportUrl: 'https://example.com/a%23b%23c', refName: 'refs/heads/main' }],
    [
      'git@example.com:a/b.git#dev',
      { scheme: 'ssh', transportUrl: 'git@example.com:a/b.git', refName: 'refs/heads/dev' },
    ],
    ['ssh://git@example.com:2222/a', { scheme: 'ssh', transportUrl: 'ssh://git@example.com:2222/a' }],
    ['git://example.com:9418/a', { scheme: 'git', transportUrl: 'git://example.com:9418/a' }],
    ['happy+eyes://example.com/a', { scheme: 'happy+eyes' }],
  ];
  test.each(cases)('K2 K3 reads %s', (text, parsed) => {
    expect(parseRemoteUrl(text)).toMatchObject(parsed);
  });

  test('K3 takes name and password out of the URL, decoded, and out of what is printed', () => {
    const remote = parseRemoteUrl('https://me%40home:p%3Ass%23@example.com/a.git#dev');
    expect(remote).toMatchObject({ username: 'me@home', password: 'p:ss#', transportUrl: 'https://example.com/a.git' });
    expect(remote.display).toBe('https://example.com/a.git#dev');
  });

  test.each([
    ['ssh://me:s3cret@example.com/a#dev', 'ssh://me@example.com/a#dev'],
    ['ssh://me@example.com:2222/a', 'ssh://me@example.com:2222/a'],
    ['git://me:s3cr/et@example.com/a', 'git://me@example.com/a'],
    ['me:s3cret@example.com:a', 'me@example.com:a'],
    ['ssh://example.com:2222/a@b', 'ssh://example.com:2222/a@b'],
    ['git@example.com:a/b@c', 'git@example.com:a/b@c'],
    ['https://example.com/a?token=s3cret#dev', 'https://example.com/a?...#dev'],
  ])('shows nothing secret of %s', (text, display) => {
    expect(parseRemoteUrl(text).display).toBe(display);
  });

  const refused: [text: string, code: string][] = [
    ['', 'INVALID_URL'],
    ['no-url-at-all', 'INVALID_URL'],
    ['https://', 'INVALID_URL'],
    ['https://user:secret@exa mple.com/', 'INVALID_URL'],
    ['https://example.com/a\nb', 'INVALID_URL'],
    ['https://a%0ab:c@example.com/', 'INVALID_URL'],
    ['https://%ff:c@example.com/', 'INVALID_URL'],
    ['https://example.com/a#', 'INVALID_REF_NAME'],
    ['https://example.com/a#a..b', 'INVALID_REF_NAME'],
    ['https://example.com/a#x.lock', 'INVALID_REF_NAME'],
  ];
  test.each(refused)('refuses %j, and quotes no password', (text, code) => {
    expect(() => parseRemoteUrl(text)).toThrow(
      expect.objectContaining({ code, message: expect.not.stringContaining('secret') }),
    );
  });
});

test.each([
  ['git@example.com:a', 'ssh'],
  ['git://localhost/simple', 'git'],
])('K3 connecting to %s says that %s is not supported', async (url, scheme) => {
  await expect(GitKv.connect(url)).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringMatching(new RegExp(`over ${scheme}: connect of @git-kv/kv/node does`)),
  });
});
