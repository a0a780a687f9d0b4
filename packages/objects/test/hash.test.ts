import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createCheckedHasher,
  encodeFrame,
  hashAlgorithm,
  hashObject,
  hashObjects,
  isObjectKind,
  OBJECT_KINDS,
  oidFromBytes,
} from '@git-kv/objects';
import { describe, expect, test } from 'vitest';
import { git, initBare, temporaryDirectory } from '../../../test/support/git.js';
import { ALGORITHMS } from './support.js';

describe.each(ALGORITHMS)('hashObject with %s', (name, algorithm) => {
  test('names blobs of all sizes as git does', () => {
    const directory = initBare(temporaryDirectory(), name);
    const sizes = [0, 1, 54, 55, 56, 63, 64, 65, 119, 128, 1000, 4096, 70_001];
    const bodies = sizes.map((size) => Uint8Array.from({ length: size }, (_, at) => (at * 31 + size) & 0xff));
    const files = bodies.map((body, index) => {
      writeFileSync(join(directory, `body-${index}`), body);
      return `body-${index}`;
    });
    const expected = git(['hash-object', '--no-filters', ...files], { cwd: directory }).split('\n');
    expect(bodies.map((body) => hashObject(algorithm, 'blob', body))).toEqual(expected);
  });

  test.each(OBJECT_KINDS)('names a %s as git does', (kind) => {
    const directory = initBare(temporaryDirectory(), name);
    const body = new TextEncoder().encode('any content');
    const args = ['hash-object', '--literally', '-t', kind, '--stdin'];
    expect(hashObject(algorithm, kind, body)).toBe(git(args, { cwd: directory, input: body }));
  });

  test('knows the empty tree', () => {
    expect(hashObject(algorithm, 'tree', new Uint8Array(0))).toBe(algorithm.emptyTreeOid);
  });
});

test('a frame is kind, size and NUL', () => {
  expect(new TextDecoder().decode(encodeFrame('blob', 1234))).toBe('blob 1234\0');
});

test('only the four kinds are kinds', () => {
  expect(OBJECT_KINDS.every(isObjectKind)).toBe(true);
  for (const text of ['', 'Blob', 'blob ', 'ofs-delta', 'toString']) expect(isObjectKind(text)).toBe(false);
});

describe('a checked hasher', () => {
  test.each([
    ['sha1', 'detect'],
    ['sha1', 'trust'],
    ['sha256', 'detect'],
    ['sha256', 'trust'],
  ] as const)('gives the digest of %s under %s, and finds nothing in what is ordinary', (name, policy) => {
    const algorithm = hashAlgorithm(name);
    const bytes = Uint8Array.from({ length: 1000 }, (_, at) => at);
    const hasher = createCheckedHasher(algorithm, policy);
    hasher.update(bytes.subarray(0, 70)).update(bytes.subarray(70));
    expect(hasher.digest()).toEqual(algorithm.digest(bytes));
    expect(hasher.foundCollision).toBe(false);
  });
});

describe.each(ALGORITHMS)('hashObjects with %s', (_name, algorithm) => {
  const sizes = [0, 1, 9, 10, 99, 8159, 8160, 8161, 8192, 8193, 100_000];

  test('gives the ids that hashObject gives, in the order of the objects', () => {
    const objects = Array.from({ length: 2500 }, (_, at) => ({
      kind: (['blob', 'tree', 'commit', 'tag'] as const)[at % 4] ?? 'blob',
      body: new Uint8Array(at < 200 ? (sizes[at % sizes.length] as number) : at % 300).fill(at),
    }));
    const wanted = objects.map(({ kind, body }) =>
      oidFromBytes(algorithm.digest(Buffer.concat([Buffer.from(`${kind} ${body.length}\0`), body]))),
    );
    expect(objects.map(({ kind, body }) => hashObject(algorithm, kind, body))).toEqual(wanted);
    for (const count of [0, 1, 15, 16, 2500]) {
      expect(hashObjects(algorithm, objects.slice(0, count))).toEqual(wanted.slice(0, count));
    }
    const some = objects.map((object, at) => (at % 3 === 0 ? { oid: wanted[at] as string, ...object } : object));
    expect(hashObjects(algorithm, some)).toEqual(wanted);
  });

  test('takes ids that are known as they are', () => {
    const objects = Array.from({ length: 20 }, (_, at) => ({
      oid: `${at}`.padStart(algorithm.hexLength, '0'),
      kind: 'blob' as const,
      body: new Uint8Array(0),
    }));
    expect(hashObjects(algorithm, objects)).toEqual(objects.map(({ oid }) => oid));
  });

  test.each([
    ['of the other algorithm', '0'.repeat(104 - algorithm.hexLength)],
    ['in capitals', 'A'.repeat(algorithm.hexLength)],
    ['that are paths', '../'.padEnd(algorithm.hexLength, '0')],
    ['that are empty', ''],
  ])('takes no ids %s', (_what, oid) => {
    const plain = Array.from({ length: 20 }, () => ({ kind: 'blob' as const, body: new Uint8Array(0) }));
    for (const count of [0, 20]) {
      const objects = [...plain.slice(0, count), { oid, kind: 'blob' as const, body: new Uint8Array(0) }];
      expect(() => hashObjects(algorithm, objects)).toThrow(expect.objectContaining({ code: 'INVALID_OID' }));
    }
  });
});
