import { generateKeyPairSync } from 'node:crypto';
import {
  buildCommit,
  buildIdentity,
  concatBytes,
  encodeAscii,
  encodeUtf8,
  FileMode,
  type HashName,
  hashAlgorithm,
  hashObject,
  type Oid,
  oidToBytes,
  type RawObject,
} from '@git-kv/objects';
import { type Repository, readSshPrivateKey, sshSigner } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { allowAll, createGitServer } from '@git-kv/server';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { GitKv, Key } from '../../src/index.js';
import { createProof, type KvProof, parseProof, serializeProof, verifyProof } from '../../src/proof/index.js';

const TIME = 1_700_000_000;

async function makeKey(): Promise<Awaited<ReturnType<typeof readSshPrivateKey>>> {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return await readSshPrivateKey(pem);
}

const signerKey = await makeKey();
const signers = [{ principals: 'kv@example.com', key: signerKey.publicKey, line: 1 }] as never;
const strangers = [{ principals: 'kv@example.com', key: (await makeKey()).publicKey, line: 1 }] as never;

interface Sample {
  readonly repository: Repository;
  readonly commit: Oid;
}

async function sample(objectFormat: HashName): Promise<Sample> {
  const repository = createMemoryRepository({ algorithm: hashAlgorithm(objectFormat) });
  const store = await GitKv.open(repository, { sign: sshSigner(signerKey), clock: () => TIME * 1000 });
  await store.changeAndPush(async (batch) => {
    await batch.set('/config/limits/upload', '20');
    await batch.set('/config/limits/download', '30');
    await batch.set('/config.d', 'a file beside');
    await batch.set('/empty', '');
    await batch.set('/name with spaces', 'x');
    for (let at = 0; at < 20; at++) await batch.set(`/many/${at}`, String(at));
  });
  return { repository, commit: store.commit?.oid as Oid };
}

describe.each<HashName>(['sha1', 'sha256'])('a proof in %s', (objectFormat) => {
  let repository: Repository;
  let commit: Oid;
  beforeAll(async () => {
    ({ repository, commit } = await sample(objectFormat));
  });
  const prove = (key: string): Promise<KvProof> => createProof(repository.objects, commit, key);

  test.each([
    ['a value in dictionaries', '/config/limits/upload', '20'],
    ['a value at the root', '/config.d', 'a file beside'],
    ['an empty value', '/empty', ''],
    ['a key with spaces', '/name with spaces', 'x'],
    ['no value at the root', '/other', undefined],
    ['no value in a dictionary', '/config/limits/other', undefined],
    ['no dictionary', '/other/key', undefined],
    ['nothing below a value', '/config.d/key', undefined],
  ])('shows %s, from its bytes too, by commit or signature', async (_what, key, expected) => {
    const proof = await prove(key);
    const bytes = serializeProof(proof);
    expect(serializeProof(parseProof(bytes))).toEqual(bytes);
    for (const form of [proof, bytes]) {
      const byCommit = await verifyProof(form, { commit, key });
      const bySigner = await verifyProof(form, { signers, key });
      expect(bySigner).toEqual({ ...byCommit, principal: 'kv@example.com' });
      expect(byCommit).toMatchObject({ commitOid: commit, timestamp: TIME });
      expect(byCommit.key.equals(Key.of(key))).toBe(true);
      expect(byCommit.value && new TextDecoder().decode(byCommit.value)).toBe(expected);
    }
  });

  test('of a dictionary or of the root there is none', async () => {
    await expect(prove('/config')).rejects.toMatchObject({ code: 'VALUE_EXPECTED' });
    await expect(prove('/')).rejects.toMatchObject({ code: 'VALUE_EXPECTED' });
  });

  test('of a commit that is not there, or is none, there is none', async () => {
    const { zeroOid } = repository.algorithm;
    await expect(createProof(repository.objects, zeroOid, '/a')).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
    const blob = await repository.objects.write({ kind: 'blob', body: encodeUtf8('20') });
    await expect(createProof(repository.objects, blob, '/a')).rejects.toMatchObject({ code: 'OBJECT_KIND_MISMATCH' });
  });

  test('is refused for another commit, key, signer or time', async () => {
    const proof = await prove('/empty');
    const other = hashObject(repository.algorithm, 'blob', encodeUtf8('other'));
    const refused = expect.objectContaining({ code: 'INVALID_PROOF' });
    await expect(verifyProof(proof, { commit: other })).rejects.toThrow(refused);
    const otherFormat = hashAlgorithm(objectFormat === 'sha1' ? 'sha256' : 'sha1').zeroOid;
    await expect(verifyProof(proof, { commit: otherFormat })).rejects.toThrow(refused);
    await expect(verifyProof(proof, { commit, key: '/config.d' })).rejects.toThrow(refused);
    await expect(verifyProof(proof, { signers: strangers })).rejects.toThrow(refused);
    await expect(verifyProof(proof, { signers, principal: 'root@example.com' })).rejects.toThrow(refused);
    await expect(verifyProof(proof, { signers, since: TIME + 1 })).rejects.toThrow(refused);
    expect(await verifyProof(proof, { signers, since: TIME })).toMatchObject({ commitOid: commit });
  });

  test('needs exactly one thing to trust', async () => {
    const proof = await prove('/empty');
    await expect(verifyProof(proof, {} as never)).rejects.toThrow(TypeError);
    await expect(verifyProof(proof, { commit, signers } as never)).rejects.toThrow(TypeError);
    await expect(verifyProof(proof, { commit: 'main' })).rejects.toMatchObject({ code: 'INVALID_OID' });
  });

  test('is refused a time that is no whole number of seconds, which nothing would come before', async () => {
    const proof = await prove('/empty');
    for (const time of [Number.NaN, Number.POSITIVE_INFINITY, TIME + 0.5]) {
      await expect(verifyProof(proof, { signers, since: time })).rejects.toThrow(RangeError);
      await expect(verifyProof(proof, { signers, timestamp: time })).rejects.toThrow(RangeError);
    }
  });

  test('is as good when it was cloned, as between threads', async () => {
    const clone = structuredClone(await prove('/config/limits/upload'));
    expect(clone.key).not.toBeInstanceOf(Key);
    const shown = await verifyProof(clone, { commit, key: '/config/limits/upload' });
    expect(new TextDecoder().decode(shown.value)).toBe('20');
    expect(shown.key.toString()).toBe('/config/limits/upload');
  });

  test('of the root, or of segments that are no key, is refused whatever it holds', async () => {
    const proof = await prove('/config/limits/upload');
    const value = encodeUtf8('FORGED');
    const segmentsOf = (...segments: unknown[]): unknown => ({ segments });
    const keys = [
      Key.root,
      segmentsOf(),
      segmentsOf(''),
      segmentsOf('config/limits', 'upload'),
      segmentsOf('config', '', 'limits', 'upload'),
      segmentsOf('.git'),
      segmentsOf(1),
      segmentsOf(undefined),
      { segments: 'config' },
      'config',
      undefined,
      null,
    ];
    for (const key of keys) {
      for (const trees of [[], proof.trees.slice(0, 1), proof.trees]) {
        for (const claimed of [value, undefined]) {
          const forged = { ...proof, key, trees, value: claimed } as KvProof;
          for (const trust of [{ commit }, { signers }]) {
            await expect(verifyProof(forged, trust)).rejects.toMatchObject({ code: 'INVALID_PROOF' });
            await expect(verifyProof(forged, { ...trust, key: '/' })).rejects.toMatchObject({ code: 'INVALID_PROOF' });
          }
        }
      }
    }
  });

  test('with a part of another kind is refused', async () => {
    const proof = await prove('/empty');
    const mutants: readonly unknown[] = [
      undefined,
      null,
      'proof',
      {},
      { ...proof, objectFormat: 'md5' },
      { ...proof, commit: 'tree' },
      { ...proof, commit: undefined },
      { ...proof, trees: undefined },
      { ...proof, trees: [undefined] },
      { ...proof, trees: new Array(1) },
      { ...proof, trees: ['tree'] },
      { ...proof, trees: [new Uint16Array(2)] },
      { ...proof, value: '' },
      { ...proof, value: null },
    ];
    for (const mutant of mutants) {
      await expect(verifyProof(mutant as KvProof, { commit })).rejects.toMatchObject({ code: 'INVALID_PROOF' });
    }
  });

  test('with any byte changed, cut anywhere or made longer is refused', async () => {
    for (const key of ['/config/limits/upload', '/config/limits/other']) {
      const bytes = serializeProof(await prove(key));
      const refuses = async (mutant: Uint8Array): Promise<void> => {
        await expect(verifyProof(mutant, { commit, key })).rejects.toMatchObject({ isGitError: true });
      };
      for (let end = 0; end < bytes.length; end++) await refuses(bytes.subarray(0, end));
      await refuses(concatBytes([bytes, Uint8Array.of(0)]));
      for (let at = 0; at < bytes.length; at++) {
        const mutant = bytes.slice();
        mutant[at] = (mutant[at] as number) ^ (1 << (at % 8));
        await refuses(mutant);
      }
      const change = fc.record({ at: fc.nat(bytes.length - 1), by: fc.integer({ min: 1, max: 255 }) });
      const changes = fc.asyncProperty(change, async ({ at, by }) => {
        const mutant = bytes.slice();
        mutant[at] = (mutant[at] as number) ^ by;
        await refuses(mutant);
        await expect(verifyProof(mutant, { signers, key })).rejects.toMatchObject({ isGitError: true });
      });
      await fc.assert(changes, { numRuns: 100 });
    }
  });

  test('with a part dropped, swapped, doubled or taken from another proof is refused', async () => {
    const key = '/config/limits/upload';
    const proof = await prove(key);
    const absent = await prove('/config/limits/other');
    const [root, middle, leaf] = proof.trees as [Uint8Array, Uint8Array, Uint8Array];
    const unrelated = await prove('/many/3');
    const mutants: KvProof[] = [
      { ...proof, trees: [] },
      { ...proof, trees: [root, middle] },
      { ...proof, trees: [root, leaf] },
      { ...proof, trees: [middle, root, leaf] },
      { ...proof, trees: [root, leaf, middle] },
      { ...proof, trees: [root, middle, leaf, leaf] },
      { ...proof, trees: [root, unrelated.trees[1] as Uint8Array, leaf] },
      { ...proof, value: undefined },
      { ...proof, value: unrelated.value },
      { ...proof, value: new Uint8Array(0) },
      { ...proof, commit: proof.trees[0] as Uint8Array },
      { ...proof, objectFormat: objectFormat === 'sha1' ? 'sha256' : 'sha1' },
      { ...proof, key: Key.of('/config/limits/download') },
      { ...proof, key: Key.of('/config/limits') },
      { ...absent, value: proof.value },
      { ...absent, key: Key.of(key) },
      { ...absent, trees: absent.trees.slice(0, 2) },
    ];
    for (const mutant of mutants) {
      for (const trust of [{ commit }, { signers }]) {
        await expect(verifyProof(mutant, trust)).rejects.toMatchObject({ code: 'INVALID_PROOF' });
      }
    }
  });
});

describe('verifyProof does not believe', () => {
  const algorithm = hashAlgorithm('sha1');
  const author = buildIdentity({ name: 'A', email: 'a@example.com', timestamp: TIME });
  const entry = (mode: string, name: string, oid: Oid): Uint8Array =>
    concatBytes([encodeAscii(`${mode} ${name}\0`), oidToBytes(oid)]);
  const [one, two] = ['one', 'two'].map((text): RawObject => ({ kind: 'blob', body: encodeUtf8(text) })) as [
    RawObject,
    RawObject,
  ];
  const oidOf = ({ kind, body }: RawObject): Oid => hashObject(algorithm, kind, body);

  /** A proof over a root tree that its maker chose. */
  function forged(tree: Uint8Array, key: string, value: Uint8Array | undefined): { proof: KvProof; commit: Oid } {
    const treeOid = hashObject(algorithm, 'tree', tree);
    const commit = buildCommit({ treeOid, parentOids: [], author, committer: author, message: '' });
    const proof = { objectFormat: 'sha1' as const, key: Key.of(key), commit, trees: [tree], value };
    return { proof, commit: hashObject(algorithm, 'commit', commit) };
  }

  test.each<[string, Uint8Array, string, Uint8Array | undefined]>([
    [
      'one of two entries of a name',
      concatBytes([entry('100644', 'a', oidOf(one)), entry('100644', 'a', oidOf(two))]),
      'a',
      one.body,
    ],
    [
      'a value beside a dictionary of the same name',
      concatBytes([
        entry('100644', 'a', oidOf(one)),
        entry('100644', 'a.b', oidOf(one)),
        entry('40000', 'a', algorithm.emptyTreeOid),
      ]),
      'a',
      one.body,
    ],
    [
      'that a key is absent from a tree out of order',
      concatBytes([entry('100644', 'b', oidOf(one)), entry('100644', 'a', oidOf(two))]),
      'c',
      undefined,
    ],
    ['a link', entry('120000', 'a', oidOf(one)), 'a', one.body],
    ['a submodule', entry('160000', 'a', oidOf(one)), 'a', one.body],
    ['that a dictionary is a value', entry('40000', 'a', oidOf(one)), 'a', one.body],
    ['a broken tree', encodeAscii('100644 a'), 'a', undefined],
  ])('%s', async (_what, tree, key, value) => {
    const { proof, commit } = forged(tree, key, value);
    await expect(verifyProof(proof, { commit })).rejects.toMatchObject({ code: 'INVALID_PROOF' });
  });

  test('a mode that is not a plain one is a value all the same', async () => {
    const { proof, commit } = forged(entry(FileMode.executable.toString(8), 'a', oidOf(one)), 'a', one.body);
    expect((await verifyProof(proof, { commit })).value).toEqual(one.body);
  });
});

test('a store gives its values with proofs, of absence too, and verifying needs nothing of it', async () => {
  for (const objectFormat of ['sha1', 'sha256'] as const) {
    const { repository, commit } = await sample(objectFormat);
    const server = createGitServer({ resolve: () => repository, authorize: allowAll });
    const fetch = (url: string | URL | Request, init?: RequestInit): Promise<Response> =>
      server(new Request(url, init));
    for (const store of [await GitKv.open(repository), await GitKv.connect('http://localhost/kv.git', { fetch })]) {
      const { value, proof } = await store.get('/config/limits/upload', { proof: true });
      expect(new TextDecoder().decode(value)).toBe('20');
      expect((await verifyProof(serializeProof(proof), { commit })).value).toEqual(value);
      const none = await store.get('/other', { proof: true });
      expect(none.value).toBeUndefined();
      expect((await verifyProof(none.proof, { signers })).value).toBeUndefined();
      await expect(store.get('/config', { proof: true })).rejects.toMatchObject({ code: 'VALUE_EXPECTED' });
    }
  }
  const empty = await GitKv.open(createMemoryRepository());
  await expect(empty.get('/a', { proof: true })).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
});

describe('parseProof refuses', () => {
  const part = (bytes: Uint8Array): Uint8Array => concatBytes([Uint8Array.of(bytes.length), bytes]);
  const good = [
    encodeAscii('GKVP'),
    Uint8Array.of(1, 1),
    part(encodeAscii('a/b')),
    part(encodeAscii('c')),
    Uint8Array.of(1),
    part(encodeAscii('t')),
    Uint8Array.of(0),
  ];
  const withPart = (index: number, bytes: readonly number[]): Uint8Array =>
    concatBytes(good.map((piece, at) => (at === index ? Uint8Array.from(bytes) : piece)));
  const key = (text: string): number[] => [...part(encodeUtf8(text))];

  test('nothing that is as it should be', () => {
    expect(parseProof(concatBytes(good))).toMatchObject({ objectFormat: 'sha1', value: undefined });
  });

  test.each<[problem: string, bytes: Uint8Array, offset: number]>([
    ['other magic', withPart(0, [0x47, 0x4b, 0x56, 0x51]), 0],
    ['another version', withPart(1, [2, 1]), 4],
    ['another object format', withPart(1, [1, 3]), 5],
    ['no key', withPart(2, [0]), 7],
    ['a key that spells .git', withPart(2, key('a/.GIT')), 7],
    ['a key with a slash at its end', withPart(2, key('a/b/')), 7],
    ['a key that is not UTF-8', withPart(2, [1, 0xff]), 7],
    ['a length with a byte too many', withPart(3, [0x81, 0x00, 0x63]), 11],
    ['a length over 53 bits', withPart(3, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]), 17],
    ['a commit that is cut short', withPart(3, [0x7f]), 11],
    ['no trees', withPart(4, [0]), 12],
    ['more trees than segments', withPart(4, [3]), 12],
    ['neither presence nor absence', withPart(6, [2]), 15],
    ['bytes after its end', concatBytes([...good, Uint8Array.of(0)]), 16],
  ])('%s', (_problem, bytes, offset) => {
    expect(() => parseProof(bytes)).toThrow(expect.objectContaining({ code: 'MALFORMED', format: 'proof', offset }));
  });

  test.each([
    ['proofBytes', concatBytes(good), { proofBytes: 4 }],
    ['treeDepth', withPart(4, [0xff, 0xff, 0x03]), {}],
    ['pathBytes', withPart(2, [0xff, 0x7f]), {}],
  ])('more than %s allows', (limit, bytes, limits) => {
    expect(() => parseProof(bytes, limits)).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED', limit }));
  });
});
