import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import {
  decodeLoose,
  decodeLooseHeader,
  defaultLimits,
  encodeLoose,
  encodeUtf8,
  hashObject,
  OBJECT_KINDS,
} from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { git, initBare, temporaryDirectory } from '../../../test/support/git.js';
import {
  ALGORITHMS,
  expectEveryCutIsTyped,
  expectSameBytes,
  readWithGit,
  typedErrorOf,
  writeWithGit,
} from './support.js';

const loose = (text: string) => new Uint8Array(deflateSync(Buffer.from(text, 'latin1')));
const pathOf = (directory: string, oid: string) => join(directory, 'objects', oid.slice(0, 2), oid.slice(2));

const BODIES: readonly [what: string, body: Uint8Array][] = [
  ['empty', new Uint8Array(0)],
  ['short', encodeUtf8('hello\n')],
  ['larger than the guess at its size', new Uint8Array(300_000)],
  ['that deflate makes longer', Uint8Array.from({ length: 5000 }, (_, at) => (at * at * 7919) >> 3)],
];

describe.each(ALGORITHMS)('a loose object of %s', (name, algorithm) => {
  test.each(BODIES)('is read as git wrote it: %s', (_what, body) => {
    const directory = initBare(temporaryDirectory(), name);
    const oid = writeWithGit(directory, 'blob', body);
    const bytes = new Uint8Array(readFileSync(pathOf(directory, oid)));
    const object = decodeLoose(bytes);
    expect(object.kind).toBe('blob');
    expectSameBytes(object.body, body);
    expect(decodeLooseHeader(bytes.subarray(0, 512))).toMatchObject({ kind: 'blob', size: body.length });
  });

  test.each(BODIES)('is read by git as we write it: %s', (_what, body) => {
    const directory = initBare(temporaryDirectory(), name);
    const { oid, bytes } = encodeLoose(algorithm, 'blob', body);
    mkdirSync(join(directory, 'objects', oid.slice(0, 2)));
    writeFileSync(pathOf(directory, oid), bytes);
    expect(oid).toBe(hashObject(algorithm, 'blob', body));
    expectSameBytes(readWithGit(directory, 'blob', oid), body);
    git(['fsck', '--strict'], { cwd: directory });
  });

  test('survives, of any kind, at any level', () => {
    fc.assert(
      fc.property(fc.constantFrom(...OBJECT_KINDS), fc.uint8Array(), fc.nat({ max: 9 }), (kind, body, level) => {
        const { bytes } = encodeLoose(algorithm, kind, body, level);
        const object = decodeLoose(bytes);
        expect(object.kind).toBe(kind);
        expectSameBytes(object.body, body);
      }),
    );
  });
});

describe('decodeLoose refuses', () => {
  const cases: [problem: string, bytes: Uint8Array, format: string, offset: number][] = [
    ['a kind it does not know', loose('blub 1\0a'), 'loose object header', 0],
    ['a kind in capitals', loose('Blob 1\0a'), 'loose object header', 0],
    ['no kind', loose(' 1\0a'), 'loose object header', 0],
    ['no space', loose('blob1\0a'), 'loose object header', 0],
    ['two spaces', loose('blob  1\0a'), 'loose object header', 5],
    ['no size', loose('blob \0'), 'loose object header', 5],
    ['a leading zero', loose('blob 01\0a'), 'loose object header', 5],
    ['a sign', loose('blob +1\0a'), 'loose object header', 5],
    ['hex', loose('blob 0x1\0a'), 'loose object header', 5],
    ['a size over 53 bits', loose('blob 99999999999999999999\0a'), 'loose object header', 5],
    ['no NUL', loose('blob 1'), 'loose object header', 6],
    ['no NUL for long', loose('blob 31415926535897932384626433832795028841971'), 'loose object header', 32],
    ['a body shorter than stated', loose('blob 2\0a'), 'loose object', 0],
    ['a body longer than stated', loose('blob 1\0ab'), 'loose object', 0],
    ['a long body stated to be empty', loose(`blob 0\0${'a'.repeat(100_000)}`), 'loose object', 0],
    ['a size that cannot be', loose('blob 500000000\0a'), 'loose object', 0],
    ['bytes after the stream', Uint8Array.of(...loose('blob 1\0a'), 0), 'loose object', loose('blob 1\0a').length],
    ['what is not zlib', encodeUtf8('blob 1\0a'), 'loose object', 0],
    ['nothing', new Uint8Array(0), 'loose object', 0],
  ];
  test.each(cases)('%s', (_problem, bytes, format, offset) => {
    expect(() => decodeLoose(bytes)).toThrow(expect.objectContaining({ code: 'MALFORMED', format, offset }));
  });

  test('every cut', () => {
    expectEveryCutIsTyped(loose(`blob 300\0${'abc'.repeat(100)}`), (cut) => {
      decodeLoose(cut);
      throw new Error('a cut object was read');
    });
  });

  test('a size over a limit, before it inflates that much', () => {
    const limitError = (limit: string) => expect.objectContaining({ code: 'LIMIT_EXCEEDED', limit });
    expect(() => decodeLoose(loose('blob 536870913\0'))).toThrow(limitError('objectBytes'));
    expect(() => decodeLoose(loose('tree 16777217\0'))).toThrow(limitError('structuredObjectBytes'));
    expect(() => decodeLoose(loose('blob 3\0abc'), { maxBytes: 2 })).toThrow(limitError('maxBytes'));
    const limits = { ...defaultLimits, objectBytes: 2 };
    expect(() => decodeLoose(loose('blob 3\0abc'), { limits })).toThrow(limitError('objectBytes'));
    expect(decodeLoose(loose('blob 3\0abc'), { maxBytes: 3 }).body.length).toBe(3);
  });

  test('any damaged byte that matters, with a typed error', () => {
    const body = encodeUtf8('abc'.repeat(100));
    const bytes = loose(`blob 300\0${'abc'.repeat(100)}`);
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of [1, 0x80]) {
        const damaged = bytes.with(at, (bytes[at] as number) ^ bit);
        // What says nothing of the content may change: the padding before the Adler-32.
        if (typedErrorOf(() => decodeLoose(damaged)) === undefined) expect(decodeLoose(damaged).body).toEqual(body);
      }
    }
  });
});

test('a header is read from the beginning of a file', () => {
  const file = loose(`tag 100000\0${'x'.repeat(100_000)}`);
  expect(decodeLooseHeader(file.subarray(0, 64))).toEqual({ kind: 'tag', size: 100_000, headerSize: 11 });
});
