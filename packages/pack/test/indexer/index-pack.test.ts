import { type HashName, hashAlgorithm, hashObject, type RawObject, sha1, sha256 } from '@git-kv/objects';
import {
  type IndexPackOptions,
  indexPack,
  memoryPackStorage,
  PackReader,
  parsePackIndex,
  TypeCode,
} from '@git-kv/pack';
import { afterAll, describe, expect, test } from 'vitest';
import {
  appendDelta,
  ascii,
  blob,
  blobOid,
  bytes,
  chunked,
  craftEntry,
  craftPack,
  waitingSource,
} from '../support/craft.js';
import { git, gitIndex, goldenPack, makeRepository, temporaryDirectory } from '../support/git.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

async function index(pack: Uint8Array, options: Partial<IndexPackOptions> & { chunkSize?: number } = {}) {
  const { chunkSize, ...rest } = options;
  const storage = memoryPackStorage();
  const indexed = await indexPack(chunked(pack, chunkSize), { algorithm: sha1, storage, ...rest });
  return { ...indexed, stored: storage.bytes() };
}

/** The same pack from a source that cannot be read at once. */
const waitingStorage = () => {
  const memory = memoryPackStorage();
  return { ...memory, source: async () => waitingSource(memory.bytes()) };
};

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

describe.each<[HashName, 'ofs' | 'ref']>([
  ['sha1', 'ofs'],
  ['sha1', 'ref'],
  ['sha256', 'ofs'],
  ['sha256', 'ref'],
])('a %s pack of git with %s-deltas', (format, deltas) => {
  const golden = goldenPack(directory.path, format, deltas);
  const algorithm = hashAlgorithm(format);

  test('indexes to the bytes of git', async () => {
    const indexed = await index(golden.pack, { algorithm });
    expect(same(indexed.index, golden.idx)).toBe(true);
    expect(same(indexed.stored, golden.pack)).toBe(true);
    expect(indexed).toMatchObject({
      packChecksum: Buffer.from(golden.pack.subarray(-algorithm.oidLength)).toString('hex'),
      objectCount: golden.objects.length,
      receivedCount: golden.objects.length,
      appendedOids: [],
      packSize: golden.pack.length,
    });
  });

  test('tells the kind of every object', async () => {
    const { index: idx, typeCodes } = await index(golden.pack, { algorithm });
    const parsed = parsePackIndex(idx, algorithm);
    const kinds = golden.objects.map(({ oid, kind }) => [oid, TypeCode[kind as 'blob']]);
    expect([...typeCodes].map((code, position) => [parsed.oidAt(position), code])).toEqual(kinds);
  });

  test('does not mind how its bytes are cut', async () => {
    for (const chunkSize of [1, 2, 3, 5, 7, 11, 13, 64, 127, 1000, 4096, golden.pack.length - 1]) {
      expect(same((await index(golden.pack, { algorithm, chunkSize })).index, golden.idx), `${chunkSize}`).toBe(true);
    }
  });

  test('does not need its deltas in memory, nor reads at once', async () => {
    const held = await index(golden.pack, { algorithm, memoryBytes: 0 });
    expect(same(held.index, golden.idx)).toBe(true);
    const storage = waitingStorage();
    const waited = await indexPack(chunked(golden.pack), { algorithm, storage, memoryBytes: 0 });
    expect(same(waited.index, golden.idx)).toBe(true);
  });

  test('is refused where it is cut short, at any byte', async () => {
    const step = Math.max(1, Math.floor(golden.pack.length / 150));
    for (let end = 0; end < golden.pack.length; end += end < 60 || end > golden.pack.length - 60 ? 1 : step) {
      await expect(index(golden.pack.subarray(0, end), { algorithm }), `${end}`).rejects.toMatchObject({
        code: 'MALFORMED',
      });
    }
  });

  test('is refused where a byte is another', async () => {
    const step = Math.max(1, Math.floor(golden.pack.length / 200));
    for (let at = 0; at < golden.pack.length; at += step) {
      const damaged = golden.pack.slice();
      damaged[at] = (damaged[at] as number) ^ 0x41;
      await expect(index(damaged, { algorithm }), `${at}`).rejects.toMatchObject({ isGitError: true });
    }
  });
});

describe('a crafted pack', () => {
  test('may be empty', async () => {
    const pack = craftPack(sha1, []);
    expect(same((await index(pack)).index, gitIndex(directory.path, 'sha1', pack))).toBe(true);
  });

  test('may have its ref-delta before the base', async () => {
    const pack = craftPack(sha1, [
      craftEntry({ typeCode: TypeCode.refDelta, body: appendDelta(4, '!'), baseOid: blobOid(sha1, 'base') }),
      craftEntry(blob('base')),
    ]);
    const indexed = await index(pack);
    expect(same(indexed.index, gitIndex(directory.path, 'sha1', pack))).toBe(true);
    expect(parsePackIndex(indexed.index, sha1).find(blobOid(sha1, 'base!'))).toBeDefined();
  });

  test('may have a ref-delta upon a delta upon a later ref-delta', async () => {
    const pack = craftPack(sha1, [
      craftEntry({ typeCode: TypeCode.refDelta, body: appendDelta(6, '3'), baseOid: blobOid(sha1, 'base12') }),
      craftEntry({ typeCode: TypeCode.refDelta, body: appendDelta(5, '2'), baseOid: blobOid(sha1, 'base1') }),
      craftEntry({ typeCode: TypeCode.refDelta, body: appendDelta(4, '1'), baseOid: blobOid(sha1, 'base') }),
      craftEntry(blob('base')),
    ]);
    expect(same((await index(pack)).index, gitIndex(directory.path, 'sha1', pack))).toBe(true);
  });

  test('may hold an object twice, full or as a delta: both are indexed, as by git', async () => {
    const base = craftEntry(blob('base'));
    const pack = craftPack(sha1, [
      base,
      craftEntry({ typeCode: TypeCode.ofsDelta, body: appendDelta(4, '!'), baseDistance: base.length }),
      craftEntry(blob('base')),
      craftEntry(blob('base!')),
    ]);
    const indexed = await index(pack);
    expect(indexed.objectCount).toBe(4);
    expect(same(indexed.index, gitIndex(directory.path, 'sha1', pack))).toBe(true);
  });

  test('may not hold twice what a ref-delta is made for, as with git', async () => {
    const twice = [craftEntry(blob('base')), craftEntry(blob('base'))];
    const delta = craftEntry({
      typeCode: TypeCode.refDelta,
      body: appendDelta(4, '!'),
      baseOid: blobOid(sha1, 'base'),
    });
    for (const entries of [
      [...twice, delta],
      [delta, ...twice],
    ]) {
      const pack = craftPack(sha1, entries);
      await expect(index(pack)).rejects.toMatchObject({ code: 'MALFORMED' });
      expect(() => gitIndex(directory.path, 'sha1', pack)).toThrow('already resolved');
    }
  });

  test('may hold an empty object and a delta to nothing', async () => {
    const empty = craftEntry(blob(''));
    const pack = craftPack(sha1, [
      empty,
      craftEntry({ typeCode: TypeCode.ofsDelta, body: appendDelta(0, 'a'), baseDistance: empty.length }),
    ]);
    expect(same((await index(pack)).index, gitIndex(directory.path, 'sha1', pack))).toBe(true);
  });

  /** A chain of deltas, each upon the one before; every 50th starts the text again. */
  const chain = (depth: number): Uint8Array => {
    const entries = [craftEntry(blob('base'))];
    let size = 4;
    for (let link = 1; link <= depth; link++) {
      const body = link % 50 === 0 ? bytes(size, 3, 3, ...ascii('new')) : appendDelta(size, 'x');
      size = link % 50 === 0 ? 3 : size + 1;
      entries.push(
        craftEntry({ typeCode: TypeCode.ofsDelta, body, baseDistance: (entries.at(-1) as Uint8Array).length }),
      );
    }
    return craftPack(sha1, entries);
  };

  test('may chain 4095 deltas, and not one more', async () => {
    const pack = chain(4095);
    expect(same((await index(pack)).index, gitIndex(directory.path, 'sha1', pack))).toBe(true);
    await expect(index(chain(4096))).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      limit: 'deltaDepth',
      actual: 4096,
    });
  });

  test('a wide tree and a bushy one resolve as git resolves them', async () => {
    const entries: Uint8Array[] = [craftEntry(blob('base'))];
    const offsets = [0];
    const sizes = [4];
    let end = (entries[0] as Uint8Array).length;
    for (let number = 1; number < 300; number++) {
      const base = number % 3 === 0 ? 0 : Math.floor(number / 2);
      const entry = craftEntry({
        typeCode: TypeCode.ofsDelta,
        body: appendDelta(sizes[base] as number, String(number)),
        baseDistance: end - (offsets[base] as number),
      });
      offsets.push(end);
      sizes.push((sizes[base] as number) + String(number).length);
      entries.push(entry);
      end += entry.length;
    }
    const pack = craftPack(sha1, entries);
    expect(same((await index(pack)).index, gitIndex(directory.path, 'sha1', pack))).toBe(true);
  });

  test('objects too large to stay beside each other are resolved as well', async () => {
    const base = new Uint8Array(6 * 2 ** 20).map((_, at) => (at * 7919) >>> 5);
    const size = base.length;
    const varint = [(size & 0x7f) | 0x80, ((size >>> 7) & 0x7f) | 0x80, ((size >>> 14) & 0x7f) | 0x80, size >>> 21];
    const copyAll = Array.from({ length: size / 65536 }, (_, block) => [0x84, block]).flat();
    const entries = [craftEntry({ typeCode: TypeCode.blob, body: base })];
    for (let link = 0; link < 8; link++) {
      // All but the last block, the last block less a byte, and another byte: each result differs.
      const delta = bytes(
        ...varint,
        ...varint,
        ...copyAll.slice(0, -2),
        0xb4,
        copyAll.at(-1) as number,
        0xff,
        0xff,
        1,
        link,
      );
      const distance = entries.slice(link % 2 === 0 ? link : 0).reduce((sum, entry) => sum + entry.length, 0);
      entries.push(craftEntry({ typeCode: TypeCode.ofsDelta, body: delta, baseDistance: distance }));
    }
    const pack = craftPack(sha1, entries);
    expect(same((await index(pack)).index, gitIndex(directory.path, 'sha1', pack))).toBe(true);
  });
});

describe('a pack is refused', () => {
  const base = craftEntry(blob('base'));
  const ofs = (body: Uint8Array, baseDistance: number = base.length) =>
    craftEntry({ typeCode: TypeCode.ofsDelta, body, baseDistance });
  const missing = blobOid(sha1, 'nowhere');

  test.each<[string, Uint8Array, Record<string, unknown>]>([
    ['whose delta is made for itself', craftPack(sha1, [base, ofs(appendDelta(4, '!'), 0)]), { code: 'MALFORMED' }],
    [
      'whose delta base is not at an entry',
      craftPack(sha1, [base, ofs(appendDelta(4, '!'), 3)]),
      { code: 'MALFORMED' },
    ],
    [
      'whose delta base is the header',
      craftPack(sha1, [base, ofs(appendDelta(4, '!'), base.length + 12)]),
      { code: 'MALFORMED' },
    ],
    [
      'whose delta is made for another base',
      craftPack(sha1, [base, ofs(appendDelta(5, '!'))]),
      { code: 'MALFORMED', format: 'delta' },
    ],
    [
      'whose delta copies outside of the base',
      craftPack(sha1, [base, ofs(bytes(4, 8, 0x90, 8))]),
      { code: 'MALFORMED' },
    ],
    ['whose delta yields too much', craftPack(sha1, [base, ofs(bytes(4, 2, 0x90, 4))]), { code: 'MALFORMED' }],
    ['whose delta yields too little', craftPack(sha1, [base, ofs(bytes(4, 6, 0x90, 4))]), { code: 'MALFORMED' }],
    ['whose delta has opcode 0', craftPack(sha1, [base, ofs(bytes(4, 4, 0))]), { code: 'MALFORMED' }],
    ['whose delta is empty', craftPack(sha1, [base, ofs(bytes())]), { code: 'MALFORMED' }],
    ['whose delta is shorter than git allows', craftPack(sha1, [base, ofs(bytes(4, 0))]), { code: 'MALFORMED' }],
    [
      'whose delta claims a giant result',
      craftPack(sha1, [base, ofs(bytes(4, 0xff, 0xff, 0xff, 0xff, 0x7f))]),
      { code: 'LIMIT_EXCEEDED', limit: 'objectBytes' },
    ],
    [
      'whose ref-delta base is nowhere',
      craftPack(sha1, [craftEntry({ typeCode: TypeCode.refDelta, body: appendDelta(4, '!'), baseOid: missing })]),
      { code: 'OBJECT_NOT_FOUND', subject: missing },
    ],
    [
      'whose ref-deltas are made for each other',
      craftPack(sha1, [
        craftEntry({ typeCode: TypeCode.refDelta, body: appendDelta(1, ''), baseOid: blobOid(sha1, 'b') }),
        craftEntry({ typeCode: TypeCode.refDelta, body: appendDelta(1, ''), baseOid: blobOid(sha1, 'a') }),
      ]),
      { code: 'OBJECT_NOT_FOUND' },
    ],
    [
      'whose ofs-delta hangs on an unresolved ref-delta',
      (() => {
        const ref = craftEntry({ typeCode: TypeCode.refDelta, body: appendDelta(4, '!'), baseOid: missing });
        return craftPack(sha1, [ref, ofs(appendDelta(5, '!'), ref.length)]);
      })(),
      { code: 'OBJECT_NOT_FOUND' },
    ],
    ['that claims more objects than it has', craftPack(sha1, [base], 2), { code: 'MALFORMED' }],
    ['that claims 4 G objects', craftPack(sha1, [], 0xffffffff), { code: 'LIMIT_EXCEEDED', limit: 'objectCount' }],
    ['that claims 1 G objects in 32 bytes', craftPack(sha1, [], 2 ** 30), { code: 'MALFORMED' }],
    ['that claims fewer objects than it has', craftPack(sha1, [base, base], 1), { code: 'HASH_MISMATCH' }],
    [
      'with a wrong trailer',
      craftPack(sha1, [base]).map((byte, at, all) => (at === all.length - 1 ? byte ^ 1 : byte)),
      { code: 'HASH_MISMATCH' },
    ],
    ['with bytes after the trailer', Uint8Array.from([...craftPack(sha1, [base]), 0]), { code: 'MALFORMED' }],
    [
      'whose object is longer than stated',
      craftPack(sha1, [craftEntry({ ...blob('base'), claimedSize: 3 })]),
      { code: 'MALFORMED' },
    ],
    [
      'whose object is shorter than stated',
      craftPack(sha1, [craftEntry({ ...blob('base'), claimedSize: 5 })]),
      { code: 'MALFORMED' },
    ],
    [
      'whose object claims 100 MB in 20 bytes',
      craftPack(sha1, [craftEntry({ ...blob('base'), claimedSize: 1e8 })]),
      { code: 'MALFORMED' },
    ],
    [
      'whose object claims 1 TB',
      craftPack(sha1, [craftEntry({ ...blob('base'), claimedSize: 1e12 })]),
      { code: 'LIMIT_EXCEEDED', limit: 'objectBytes' },
    ],
    [
      'whose commit claims 20 MB',
      craftPack(sha1, [craftEntry({ typeCode: TypeCode.commit, body: ascii('x'), claimedSize: 2e7 })]),
      { code: 'LIMIT_EXCEEDED', limit: 'structuredBytes' },
    ],
    [
      'whose entry is not deflated',
      craftPack(sha1, [craftEntry({ ...blob('base'), deflated: ascii('base, not deflated') })]),
      { code: 'MALFORMED' },
    ],
    ['of version 4', craftPack(sha1, [base]).map((byte, at) => (at === 7 ? 4 : byte)), { code: 'UNSUPPORTED' }],
    ['that is no pack', ascii('<html>502 Bad Gateway</html>'), { code: 'MALFORMED', offset: 0 }],
    ['that is empty', bytes(), { code: 'MALFORMED' }],
  ])('%s', async (_problem, pack, error) => {
    await expect(index(pack)).rejects.toMatchObject(error);
    await expect(index(pack, { chunkSize: 1 })).rejects.toMatchObject({ code: error.code });
  });

  test('over its limit of bytes, before they are read', async () => {
    await expect(index(craftPack(sha1, [base]), { limits: { packBytes: 30 } })).rejects.toMatchObject({
      limit: 'packBytes',
    });
    const large = craftPack(sha1, [craftEntry({ typeCode: TypeCode.blob, body: sha1.digest(ascii('dense')) })]);
    await expect(index(large, { limits: { packBytes: 50 } })).rejects.toMatchObject({
      limit: 'packBytes',
      allowed: 50,
    });
    const claims = craftPack(sha1, [base], 1000).subarray(0, 12);
    await expect(index(claims, { limits: { packBytes: 9000 } })).rejects.toMatchObject({ limit: 'packBytes' });
  });

  test('that expands like a bomb', async () => {
    const zeros = craftEntry({ typeCode: TypeCode.blob, body: new Uint8Array(2 ** 21) });
    const pack = craftPack(sha1, [zeros]);
    await expect(index(pack, { limits: { expansionFreeBytes: 2 ** 20 } })).rejects.toMatchObject({
      limit: 'expansionRatio',
    });
    await expect(index(pack, { limits: { inflatedBytes: 2 ** 20 } })).rejects.toMatchObject({ limit: 'inflatedBytes' });
    await expect(index(pack)).resolves.toMatchObject({ objectCount: 1 });
  });

  test('whose live bases outgrow their limit', async () => {
    const pack = craftPack(sha1, [base, ofs(appendDelta(4, '!'))]);
    await expect(index(pack, { limits: { liveBaseBytes: 8 } })).rejects.toMatchObject({ limit: 'liveBaseBytes' });
  });

  test('where a deflate stream of empty blocks never ends', async () => {
    const blocks = new Uint8Array(3 * 2 ** 20);
    blocks.set([0x78, 0x01]);
    for (let at = 2; at + 5 <= blocks.length; at += 5) blocks.set([0, 0, 0, 0xff, 0xff], at);
    const pack = craftPack(sha1, [craftEntry({ ...blob('base'), deflated: blocks })]);
    await expect(index(pack, { chunkSize: 65536 })).rejects.toMatchObject({ code: 'MALFORMED' });
  });
});

describe('a thin pack', () => {
  const thin = (format: HashName) => {
    const repository = makeRepository(temporaryUnder(), format);
    const pack = git(
      repository,
      ['pack-objects', '--stdout', '--revs', '--thin', '-q', '--delta-base-offset'],
      'main\n^main~3\n',
    );
    const readBase = async (oid: string): Promise<RawObject> => {
      const kind = git(repository, ['cat-file', '-t', oid]).toString().trim() as 'blob';
      return { kind, body: git(repository, ['cat-file', kind, oid]) };
    };
    return { repository, pack, readBase };
  };
  let count = 0;
  const temporaryUnder = (): string => {
    const path = `${directory.path}/thin-${++count}`;
    git(directory.path, ['init', '-q', path]);
    return path;
  };

  test.each<HashName>(['sha1', 'sha256'])('of %s is completed as git completes it', async (format) => {
    const algorithm = hashAlgorithm(format);
    const { pack, readBase, repository } = thin(format);
    const indexed = await index(pack, { algorithm, readBase });
    expect(indexed.appendedOids.length).toBeGreaterThan(0);
    expect(indexed.objectCount).toBe(indexed.receivedCount + indexed.appendedOids.length);
    expect(same(indexed.index, gitIndex(directory.path, format, indexed.stored))).toBe(true);

    const reader = await PackReader.open({
      source: await memorySourceOf(indexed.stored),
      index: parsePackIndex(indexed.index, algorithm),
    });
    for (const oid of indexed.appendedOids) expect(await reader.read(oid)).toEqual(await asObject(readBase(oid)));

    // git's own completion of the same pack holds the same objects.
    git(repository, ['index-pack', '--stdin', '--fix-thin'], pack);
    const names = git(repository, ['cat-file', '--batch-all-objects', '--batch-check']).toString();
    for (let position = 0; position < indexed.objectCount; position++) {
      expect(names).toContain(parsePackIndex(indexed.index, algorithm).oidAt(position));
    }
  });

  test('is refused where its base cannot be read', async () => {
    const { pack } = thin('sha1');
    await expect(index(pack)).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
    await expect(index(pack, { readBase: async () => undefined })).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
  });

  test('is refused where the base that is read is another object', async () => {
    const { pack } = thin('sha1');
    const readBase = async (): Promise<RawObject> => ({ kind: 'blob', body: ascii('something else') });
    await expect(index(pack, { readBase })).rejects.toMatchObject({ code: 'HASH_MISMATCH' });
  });

  test('asks for no base that an earlier delta yields', async () => {
    const asked: string[] = [];
    const pack = craftPack(sha1, [
      craftEntry({ typeCode: TypeCode.refDelta, body: appendDelta(5, '2'), baseOid: blobOid(sha1, 'base1') }),
      craftEntry({ typeCode: TypeCode.refDelta, body: appendDelta(4, '1'), baseOid: blobOid(sha1, 'base') }),
    ]);
    const readBase = async (oid: string): Promise<RawObject | undefined> => {
      asked.push(oid);
      return oid === blobOid(sha1, 'base') ? { kind: 'blob', body: ascii('base') } : undefined;
    };
    const indexed = await index(pack, { readBase });
    expect(indexed.appendedOids).toEqual([blobOid(sha1, 'base')]);
    expect(asked).toEqual([blobOid(sha1, 'base1'), blobOid(sha1, 'base')]);
    expect(same(indexed.index, gitIndex(directory.path, 'sha1', indexed.stored))).toBe(true);
  });
});

describe('the caller', () => {
  const pack = craftPack(
    sha256,
    Array.from({ length: 50 }, (_, number) => craftEntry(blob(`blob ${number}`))),
  );

  test('may abort', async () => {
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    await expect(index(pack, { algorithm: sha256, signal: controller.signal })).rejects.toThrow('enough');

    const later = new AbortController();
    const run = index(pack, {
      algorithm: sha256,
      chunkSize: 100,
      signal: later.signal,
      onProgress: ({ loaded }) => loaded > 5 && later.abort(new Error('later')),
    });
    await expect(run).rejects.toThrow('later');
  });

  test('hears of progress', async () => {
    const heard: unknown[] = [];
    await index(pack, { algorithm: sha256, onProgress: (progress) => heard.push(progress) });
    expect(heard.at(0)).toEqual({ phase: 'scan', loaded: 50, total: 50 });
    expect(heard.at(-1)).toEqual({ phase: 'resolve', loaded: 0, total: 0 });
  });

  test.each(['detect', 'trust'] as const)('may choose the hash policy: %s gives the same idx', async (hashPolicy) => {
    const { index: chosen } = await index(pack, { algorithm: sha256, hashPolicy });
    const { index: expected } = await index(pack, { algorithm: sha256 });
    expect(Buffer.compare(chosen, expected)).toBe(0);
  });

  test('hears of a stream that fails', async () => {
    const storage = memoryPackStorage();
    const failing = (async function* () {
      yield pack.subarray(0, 100);
      throw new Error('the network is gone');
    })();
    await expect(indexPack(failing, { algorithm: sha256, storage })).rejects.toThrow('the network is gone');
  });
});

async function memorySourceOf(stored: Uint8Array) {
  const storage = memoryPackStorage();
  await storage.append(stored);
  return storage.source();
}

async function asObject(object: Promise<RawObject>): Promise<RawObject> {
  const { kind, body } = await object;
  expect(hashObject(sha1, kind, body)).toBeDefined();
  return { kind, body: Uint8Array.from(body) };
}
