import { readdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { type HashName, hashAlgorithm, oidFromBytes } from '@git-kv/objects';
import { parsePackIndex, parsePackMtimes, serializePackMtimes } from '@git-kv/pack';
import { afterAll, describe, expect, test } from 'vitest';
import { git, temporaryDirectory } from '../support/git.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

const withUint32 = (bytes: Uint8Array, offset: number, value: number): Uint8Array => {
  const changed = bytes.slice();
  new DataView(changed.buffer).setUint32(offset, value);
  return changed;
};

/** A cruft pack that git made of loose objects, each with a time of its own. */
function gitCruft(format: HashName): { idx: Uint8Array; mtimes: Uint8Array; times: Map<string, number> } {
  const cwd = join(directory.path, `${format}.git`);
  git(directory.path, ['init', '-q', '--bare', `--object-format=${format}`, cwd]);
  const times = new Map<string, number>();
  for (let at = 0; at < 20; at++) {
    const oid = git(cwd, ['hash-object', '-w', '--stdin'], `lost ${at}\n`).toString().trim();
    times.set(oid, 1_700_000_000 + at * 1000);
    const path = join(cwd, 'objects', oid.slice(0, 2), oid.slice(2));
    utimesSync(path, 1_700_000_000 + at * 1000, 1_700_000_000 + at * 1000);
  }
  git(cwd, ['repack', '-dq', '--cruft']);
  const read = (ending: string): Uint8Array => {
    const name = readdirSync(join(cwd, 'objects/pack')).find((one) => one.endsWith(ending)) as string;
    return new Uint8Array(readFileSync(join(cwd, 'objects/pack', name)));
  };
  return { idx: read('.idx'), mtimes: read('.mtimes'), times };
}

describe.each<HashName>(['sha1', 'sha256'])('a mtimes of %s', (format) => {
  const algorithm = hashAlgorithm(format);
  const { idx, mtimes, times } = gitCruft(format);
  const index = parsePackIndex(idx, algorithm);

  test('tells of each object when git found it written', () => {
    const parsed = parsePackMtimes(mtimes, algorithm, index);
    const found = Array.from({ length: index.objectCount }, (_, at) => [index.oidAt(at), parsed.mtimeAt(at)] as const);
    expect(new Map(found)).toEqual(new Map([...times].sort()));
    expect(oidFromBytes(parsed.packChecksum)).toBe(oidFromBytes(index.packChecksum));
    for (const at of [-1, index.objectCount, Number.NaN]) expect(() => parsed.mtimeAt(at)).toThrow(RangeError);
  });

  test('is the bytes of git', () => {
    const bytes = serializePackMtimes(index, (at) => times.get(index.oidAt(at)) as number);
    expect(Buffer.compare(bytes, mtimes)).toBe(0);
  });

  test('is refused where it is cut short or longer', () => {
    for (let end = 0; end < mtimes.length; end++) {
      expect(() => parsePackMtimes(mtimes.subarray(0, end), algorithm, index), `${end}`).toThrow(
        expect.objectContaining({ code: 'MALFORMED', format: 'mtimes' }),
      );
    }
    expect(() => parsePackMtimes(Uint8Array.from([...mtimes, 0]), algorithm)).toThrow(
      expect.objectContaining({ code: 'MALFORMED', offset: mtimes.length + 1 }),
    );
  });

  test.each<[string, Uint8Array, object]>([
    ['that begins otherwise', withUint32(mtimes, 0, 0x4d54_4d46), { code: 'MALFORMED', offset: 0 }],
    ['of version 2', withUint32(mtimes, 4, 2), { code: 'UNSUPPORTED' }],
    ['of no hash', withUint32(mtimes, 8, 3), { code: 'MALFORMED', offset: 8 }],
    ['of the other hash', withUint32(mtimes, 8, format === 'sha1' ? 2 : 1), { code: 'MALFORMED', offset: 8 }],
    [
      'of another pack',
      withUint32(mtimes, mtimes.length - 2 * algorithm.oidLength, 7),
      { code: 'MALFORMED', offset: mtimes.length - 2 * algorithm.oidLength },
    ],
    [
      'with a time more',
      Uint8Array.from([...mtimes.slice(0, 12), 0, 0, 0, 0, ...mtimes.slice(12)]),
      { code: 'MALFORMED' },
    ],
    ['with a time that was changed', withUint32(mtimes, 16, 1), { code: 'HASH_MISMATCH' }],
  ])('is refused %s', (_problem, bytes, expected) => {
    expect(() => parsePackMtimes(bytes, algorithm, index)).toThrow(expect.objectContaining(expected));
  });
});
