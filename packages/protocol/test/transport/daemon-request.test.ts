import { decodePktLine, parseDaemonRequest, serializeDaemonRequest } from '@git-kv/protocol';
import { describe, expect, test } from 'vitest';
import { bytesOf } from '../support.js';

const parse = (text: string): unknown => parseDaemonRequest(bytesOf(text));

describe('a request of git://', () => {
  test.each([
    ['git-upload-pack /a\0host=h\0', { service: 'git-upload-pack', path: '/a', host: 'h', version: 0 }],
    ['git-upload-pack /a b\0host=h:1\0\0version=2\0', { path: '/a b', host: 'h:1', version: 2 }],
    ['git-receive-pack /a\0\0version=1\0', { service: 'git-receive-pack', path: '/a', version: 1 }],
    ['git-upload-pack /a\0host=h\0\0else=x\0version=2\0', { version: 2 }],
    ['git-upload-pack /a\0host=h\0\0version=9\0', { version: 0 }],
    ['git-upload-pack /a\n\0host=h\0', { path: '/a' }],
    ['git-upload-pack /a', { path: '/a', version: 0 }],
    ['git-upload-pack /a\0HOST=h\0', { host: 'h' }],
    ['git-upload-pack /a\0\0host=h\0', { path: '/a' }],
  ])('%j is read', (text, expected) => {
    expect(parse(text)).toMatchObject(expected);
  });

  test('takes no host from among the extra parameters', () => {
    expect(parse('git-upload-pack /a\0\0host=h\0version=2\0')).toEqual({
      service: 'git-upload-pack',
      path: '/a',
      version: 2,
    });
  });

  test.each([
    ['of another service', 'git-upload-archive /a\0host=h\0'],
    ['without a service', '/a\0host=h\0'],
    ['without a path', 'git-upload-pack \0host=h\0'],
    ['of nothing', ''],
    ['that is not UTF-8', 'git-upload-pack /\xff\0'],
  ])('%s is refused', (_problem, text) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code: 'MALFORMED', format: 'git:// request', origin: 'remote' }),
    );
  });

  test.each([0, 1, 2] as const)('comes back as it was written, in version %i', (version) => {
    const request = { service: 'git-upload-pack', path: '/\u00e4.git', host: 'h:1', version } as const;
    const step = decodePktLine(serializeDaemonRequest(request), 0);
    if (!step.done || step.line.kind !== 'data') throw new Error('no line');
    expect(parseDaemonRequest(step.line.payload)).toEqual(request);
  });

  test('takes no NUL and no line feed', () => {
    for (const path of ['/a\0host=other', '/a\nb']) {
      expect(() => serializeDaemonRequest({ service: 'git-upload-pack', path, version: 0 })).toThrow(RangeError);
    }
  });
});
