import { hashObject, type ObjectKind, sha1 } from '@git-kv/objects';
import { DEFAULT_PACK_LIMITS, kindOfTypeCode, PackScanner, type PackVisitor, TypeCode } from '@git-kv/pack';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { appendDelta, ascii, blob, blobOid, craftEntry, craftPack } from './support/craft.js';
import { goldenPack, temporaryDirectory } from './support/git.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

const scannerFor = (visitor: PackVisitor): PackScanner =>
  new PackScanner({ algorithm: sha1, limits: DEFAULT_PACK_LIMITS, visitor });

/** What a scan of `pack` in these chunks tells. */
function scan(pack: Uint8Array, chunkSizes: readonly number[]) {
  const told: unknown[] = [];
  const drained: number[] = [];
  const scanner = scannerFor({
    header: (version, objectCount) => told.push({ version, objectCount }),
    entry: ({
      packOffset,
      typeCode,
      inflatedSize,
      crc32,
      baseOffset,
      baseOidOffset,
      input,
      body,
      bodyStart,
      bodyEnd,
    }) =>
      told.push({
        packOffset,
        typeCode,
        inflatedSize,
        crc32,
        baseOffset,
        baseOid:
          baseOidOffset < 0 ? undefined : Buffer.from(input.slice(baseOidOffset, baseOidOffset + 20)).toString('hex'),
        body: Buffer.from(body.slice(bodyStart, bodyEnd)).toString('latin1'),
      }),
  });
  for (let at = 0, turn = 0; at < pack.length; turn++) {
    const size = chunkSizes[turn % chunkSizes.length] as number;
    scanner.push(pack.slice(at, at + size));
    drained.push(...scanner.drain());
    at += size;
  }
  scanner.end();
  drained.push(...scanner.drain());
  return { told, drained: Uint8Array.from(drained), scanner };
}

describe('PackScanner', () => {
  const base = craftEntry(blob('base'));
  const pack = craftPack(sha1, [
    base,
    craftEntry({ typeCode: TypeCode.ofsDelta, body: appendDelta(4, '!'), baseDistance: base.length }),
    craftEntry({ typeCode: TypeCode.refDelta, body: appendDelta(4, '?'), baseOid: blobOid(sha1, 'base') }),
    craftEntry({ typeCode: TypeCode.tree, body: ascii('') }),
  ]);

  test('tells of header and entries', () => {
    const { told, scanner } = scan(pack, [pack.length]);
    expect(told).toMatchObject([
      { version: 2, objectCount: 4 },
      { packOffset: 12, typeCode: 3, inflatedSize: 4, baseOffset: -1, body: 'base' },
      { packOffset: 12 + base.length, typeCode: 6, baseOffset: 12 },
      { typeCode: 7, baseOffset: -1, baseOid: blobOid(sha1, 'base') },
      { typeCode: 2, body: '' },
    ]);
    expect(scanner).toMatchObject({ objectCount: 4, scannedCount: 4, packOffset: pack.length - 20 });
    expect(scanner.checksum).toEqual(pack.slice(-20));
  });

  test('reads version 3 as version 2', () => {
    const v3 = pack.slice(0, -20);
    v3[7] = 3;
    expect(scan(Uint8Array.from([...v3, ...sha1.digest(v3)]), [9]).told[0]).toEqual({ version: 3, objectCount: 4 });
  });

  test('tells the same however the bytes are cut, and drains all but the trailer', () => {
    const whole = scan(pack, [pack.length]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (chunkSizes) => {
        const cut = scan(pack, chunkSizes);
        expect(cut.told).toEqual(whole.told);
        expect(cut.drained).toEqual(pack.slice(0, -20));
      }),
    );
  });

  test('hashes the full objects of a pack of git to their oids', () => {
    const golden = goldenPack(directory.path, 'sha1', 'ofs');
    const oids = new Set(golden.objects.map(({ oid }) => oid));
    let full = 0;
    const scanner = scannerFor({
      entry: ({ typeCode, body, bodyStart, bodyEnd }) => {
        const kind = kindOfTypeCode(typeCode);
        if (kind === undefined) return;
        full++;
        expect(oids).toContain(hashObject(sha1, kind as ObjectKind, body.subarray(bodyStart, bodyEnd)));
      },
    });
    scanner.push(golden.pack);
    scanner.end();
    expect(full).toBeGreaterThan(40);
  });

  test('inflates a large blob in small chunks a few times and not once a chunk', () => {
    // Bytes that do not compress, so that the entry is as long as its object.
    const body = new Uint8Array(2 ** 22);
    let seed = 7;
    for (let at = 0; at < body.length; at++) body[at] = (seed = (seed * 1103515245 + 12345) % 2 ** 31) >>> 16;
    const large = craftPack(sha1, [craftEntry({ typeCode: TypeCode.blob, body })]);
    const scanner = scannerFor({ entry: () => {} });
    for (let at = 0; at < large.length; at += 1024) scanner.push(large.subarray(at, at + 1024));
    scanner.end();
    // 4,096 chunks, and twice the bytes before each new try.
    expect(scanner.inflateCalls).toBeLessThan(16);
  });

  test('refuses bytes that follow the trailer, also in a later chunk', () => {
    const scanner = scannerFor({ entry: () => {} });
    scanner.push(pack);
    expect(() => scanner.push(ascii('x'))).toThrow(expect.objectContaining({ code: 'MALFORMED', offset: pack.length }));
  });

  test('refuses random bytes after a pack header with typed errors alone', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 3 }), (bytes, count) => {
        const input = Uint8Array.from([...ascii('PACK'), 0, 0, 0, 2, 0, 0, 0, count, ...bytes]);
        expect(() => scan(input, [input.length])).toThrow(expect.objectContaining({ isGitError: true }));
      }),
    );
  });
});
