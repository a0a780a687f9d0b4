import { describe, expect, test } from 'vitest';
import { parseRoute } from '../src/route.js';

const HOST = 'http://host.example';

describe('parseRoute finds', () => {
  test.each([
    [
      'GET',
      '/a.git/info/refs?service=git-upload-pack',
      { kind: 'advertise', path: 'a.git', service: 'git-upload-pack' },
    ],
    [
      'HEAD',
      '/a.git/info/refs?service=git-upload-pack',
      { kind: 'advertise', path: 'a.git', service: 'git-upload-pack' },
    ],
    [
      'GET',
      '/team/a/info/refs?service=git-receive-pack',
      { kind: 'advertise', path: 'team/a', service: 'git-receive-pack' },
    ],
    ['POST', '/a.git/git-upload-pack', { kind: 'call', path: 'a.git', service: 'git-upload-pack' }],
    ['POST', '/team/a%20b.git/git-receive-pack', { kind: 'call', path: 'team/a b.git', service: 'git-receive-pack' }],
  ])('%s %s', (method, path, route) => {
    expect(parseRoute(method, HOST + path)).toEqual(route);
  });
});

describe('parseRoute refuses', () => {
  test.each([
    ['a path that climbs', 'GET', '/a/../b/info/refs?service=git-upload-pack', 400],
    ['a path that climbs, encoded', 'GET', '/a/%2e%2e/b/info/refs?service=git-upload-pack', 400],
    ['an encoded slash', 'GET', '/a%2fb/info/refs?service=git-upload-pack', 400],
    ['an encoded backslash', 'GET', '/a%5Cb/info/refs?service=git-upload-pack', 400],
    ['an encoded NUL', 'GET', '/a%00/info/refs?service=git-upload-pack', 400],
    ['an encoded escape, which would steer a terminal', 'GET', '/a%1b[31m/info/refs?service=git-upload-pack', 400],
    ['an encoded C1 control, which would too', 'GET', '/a%c2%9b31m/info/refs?service=git-upload-pack', 400],
    ['an empty segment', 'GET', '/a//b/info/refs?service=git-upload-pack', 400],
    ['broken percent-encoding', 'GET', '/a%zz/info/refs?service=git-upload-pack', 400],
    ['the dumb protocol', 'GET', '/a/info/refs', 403],
    ['another service', 'GET', '/a/info/refs?service=git-shell', 403],
    ['a file of the repository', 'GET', '/a/objects/info/packs', 404],
    ['the wrong method for an advertisement', 'POST', '/a/info/refs?service=git-upload-pack', 405],
    ['the wrong method for a call', 'GET', '/a/git-upload-pack', 405],
    ['a service without a repository', 'POST', '/git-upload-pack', 404],
  ])('%s', (_what, method, path, status) => {
    expect(parseRoute(method, HOST + path)).toMatchObject({ kind: 'refused', status });
  });
});
