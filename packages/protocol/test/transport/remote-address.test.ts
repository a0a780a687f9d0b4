import { parseRemoteAddress } from '@git-kv/protocol';
import { describe, expect, test } from 'vitest';

describe('a remote URL', () => {
  test.each([
    ['https://host/a.git', { kind: 'http', url: 'https://host/a.git' }],
    ['HTTP://host/a', { kind: 'http', url: 'HTTP://host/a' }],
    ['git://host/a%20b.git', { kind: 'git', host: 'host', port: 9418, path: '/a b.git', hostParameter: 'host' }],
    ['git://host:9419/a', { kind: 'git', host: 'host', port: 9419, path: '/a', hostParameter: 'host:9419' }],
    ['git://[::1]:9419/~me/a', { kind: 'git', host: '::1', port: 9419, path: '~me/a', hostParameter: '[::1]:9419' }],
    ['ssh://host/a', { kind: 'ssh', user: undefined, host: 'host', port: undefined, path: '/a' }],
    ['ssh://me@host:22/a', { kind: 'ssh', user: 'me', host: 'host', port: 22, path: '/a' }],
    ['ssh://me@[::1]:22/~/a', { kind: 'ssh', user: 'me', host: '::1', port: 22, path: '~/a' }],
    ['ssh://host:/a', { kind: 'ssh', user: undefined, host: 'host', port: undefined, path: '/a' }],
    ['git+ssh://host/a', { kind: 'ssh', host: 'host', path: '/a' }],
    ['ssh+git://host/a', { kind: 'ssh', host: 'host', path: '/a' }],
    ['me@host:a/b', { kind: 'ssh', user: 'me', host: 'host', port: undefined, path: 'a/b' }],
    ['host:/a b', { kind: 'ssh', user: undefined, host: 'host', path: '/a b' }],
    ['[::1]:a', { kind: 'ssh', host: '::1', port: undefined, path: 'a' }],
    ['me@[host:2222]:a', { kind: 'ssh', user: 'me', host: 'host', port: 2222, path: 'a' }],
    ['host:a:b', { kind: 'ssh', host: 'host', path: 'a:b' }],
    ['file:///a%20b', { kind: 'path', path: '/a b' }],
    ['/a/b:c', { kind: 'path', path: '/a/b:c' }],
    ['./a:b', { kind: 'path', path: './a:b' }],
    ['../a', { kind: 'path', path: '../a' }],
    ['C:\\a', { kind: 'path', path: 'C:\\a' }],
    ['a', { kind: 'path', path: 'a' }],
  ])('%s is read as git reads it', (text, expected) => {
    expect(parseRemoteAddress(text)).toMatchObject(expected);
  });

  test.each([
    ['nothing', ''],
    ['a line feed', 'git://host/a\nb'],
    ['NUL', 'ssh://host/a\0'],
    ['an encoded line feed', 'git://host/a%0ahost=other'],
    ['an encoded NUL', 'git://host/a%00'],
    ['a host that is an option', 'ssh://-oProxyCommand=x/a'],
    ['a host that is an option, in short', '-oProxyCommand=x:a'],
    ['a host in brackets that is an option', '[-oProxyCommand=x]:a'],
    ['a user that is an option', 'ssh://-oProxyCommand=x@host/a'],
    ['a user that is an option, encoded', 'ssh://%2doProxyCommand=x@host/a'],
    ['a path that is an option', 'host:-x'],
    ['a host with a space', 'ssh://a b/c'],
    ['a host with a quote', "ssh://a'b/c"],
    ['a host with a dollar sign', 'ssh://$(x)/c'],
    ['no host', 'git:///a'],
    ['no path', 'git://host'],
    ['no path after a colon', 'host:'],
    ['a port out of range', 'git://host:65536/a'],
    ['port 0', 'ssh://host:0/a'],
    ['a port that is none', 'git://host:x/a'],
    ['a user of git://', 'git://me@host/a'],
    ['bytes that are not UTF-8', 'git://host/%ff'],
  ])('with %s is refused, and not shown', (_problem, text) => {
    const run = (): unknown => parseRemoteAddress(text);
    expect(run).toThrow(expect.objectContaining({ code: 'INVALID_URL' }));
    expect(run).not.toThrow(/ProxyCommand|other/);
  });

  test.each([['ftp://host/a'], ['ext::sh -c x'], ['fd::7'], ['x-y://a/b']])('%s is not supported', (text) => {
    expect(() => parseRemoteAddress(text)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  });

  test('does not show the password of an ssh URL', () => {
    expect(parseRemoteAddress('ssh://me:s3cret@host/a')).toMatchObject({ user: 'me', display: 'ssh://me@host/a' });
  });
});
