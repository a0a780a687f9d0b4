// What a runtime must be able to do with the packages: one module for all runtimes, so nothing that only one of them has.
import * as kernels from '@git-kv/kernels';
import * as portable from '@git-kv/kernels/portable';
import * as wasm from '@git-kv/kernels/wasm';
import {
  buildCommit,
  buildIdentity,
  checkObject,
  FileMode,
  formatSshPublicKey,
  hashObject,
  parseAllowedSigners,
  parseCommit,
  sha1,
  sha256,
  TreeBuilder,
} from '@git-kv/objects';
import { indexPack, memoryPackStorage, memorySource, PackReader, packBytes, parsePackIndex } from '@git-kv/pack';
import {
  commitsFrom,
  readSshPrivateKey,
  signCommit,
  signSsh,
  sshSigner,
  verifyCommitBody,
  verifySsh,
} from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { tryStore } from './store.mjs';

/**
 * @typedef {object} Fixture  made by git, as base64
 * @property {readonly { format: 'sha1' | 'sha256', pack: string, idx: string, oids: readonly string[] }[]} packs
 * @property {readonly { kind: string, privateKey: string, publicLine: string, signature: string }[]} keys  `signature` is of the text
 *   `signed elsewhere`, for the namespace `git`
 * @property {import('./store.mjs').LiveServer} server
 * @property {string | undefined} collision  the beginning of a file with a SHA-1 collision attack in it
 */

/** @param {string} text */
const fromBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
/** @param {string} text */
const bytesOf = (text) => new TextEncoder().encode(text);
/** @param {Uint8Array} bytes */
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** @param {boolean} claim @param {string} what @returns {asserts claim} */
function ensure(claim, what) {
  if (!claim) throw new Error(`It does not work: ${what}`);
}

/** @param {Uint8Array} a @param {Uint8Array} b */
const isEqual = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);

/** @param {typeof portable} entry @param {Fixture} fixture */
function tryKernels(entry, { collision }) {
  const text = bytesOf('what is up, doc? '.repeat(500));
  const output = new Uint8Array(text.length);
  const result = { consumed: 0, produced: 0 };
  for (const level of [1, 6, 9]) {
    const stream = entry.deflate(text, level);
    const status = entry.inflate(stream, 0, output.fill(0), 0, output.length, result);
    ensure(status === entry.InflateStatus.done && result.consumed === stream.length, `inflate of level ${level}`);
    ensure(isEqual(output, text), 'inflated text');
  }
  const delta = new Uint8Array(1000);
  const target = bytesOf('what is up, cat? '.repeat(3) + 'what is up, doc? '.repeat(400));
  const size = entry.createDelta(text, 0, text.length, target, 0, target.length, delta, 0, delta.length);
  const status = entry.applyDelta(text, 0, text.length, delta, 0, size, output, 0, target.length);
  ensure(status === entry.DeltaStatus.done && isEqual(output.subarray(0, target.length), target), 'delta');
  ensure(hex(entry.digest('sha1', bytesOf('abc'))) === 'a9993e364706816aba3e25717850c26c9cd0d89d', 'SHA-1');
  ensure(hex(entry.digest('sha256', bytesOf('abc'))).startsWith('ba7816bf8f01cfea'), 'SHA-256');
  ensure(entry.crc32(bytesOf('123456789')) === 0xcbf43926, 'CRC-32');
  const plain = entry.createDetectingHash().update(text);
  ensure(isEqual(plain.digest(), entry.digest('sha1', text)) && !plain.foundCollision, 'detecting SHA-1');
  if (collision === undefined) return;
  const attacked = entry.createDetectingHash().update(fromBase64(collision));
  attacked.digest();
  ensure(attacked.foundCollision, 'a collision attack is found');
}

function tryObjects() {
  for (const [algorithm, oid] of /** @type {const} */ ([
    [sha1, 'ce013625030ba8dba906f756967f9e9ca394464a'],
    [sha256, '2cf8d83d9ee29543b34a87727421fdecb7e3f3a183d337639025de576db9ebb4'],
  ])) {
    ensure(hashObject(algorithm, 'blob', bytesOf('hello\n')) === oid, `the name of a blob in ${algorithm.name}`);
    const tree = new TreeBuilder(algorithm).set('greeting', FileMode.regular, oid).build();
    const author = buildIdentity({ name: 'A U Thor', email: 'author@example.com', timestamp: 1112911993 });
    const treeOid = hashObject(algorithm, 'tree', tree);
    const commit = buildCommit({ treeOid, parentOids: [], author, committer: author, message: 'Say hello\n' });
    ensure(parseCommit(commit).treeOid === treeOid, 'a commit');
    ensure(checkObject('commit', commit, { algorithm, strict: true }).length === 0, 'a check');
  }
}

/** @param {Fixture['packs'][number]} pack */
async function tryPack({ format, pack, idx, oids }) {
  const algorithm = format === 'sha1' ? sha1 : sha256;
  const storage = memoryPackStorage();
  const bytes = fromBase64(pack);
  const chunks = (async function* () {
    for (let at = 0; at < bytes.length; at += 999) yield bytes.subarray(at, at + 999);
  })();
  const { index } = await indexPack(chunks, { algorithm, storage });
  ensure(isEqual(index, fromBase64(idx)), `the idx is that of git for ${format}`);
  const reader = new PackReader({ source: memorySource(bytes), index: parsePackIndex(index, algorithm) });
  for await (const [oid, object] of reader.readMany(oids)) {
    ensure(object !== undefined && hashObject(algorithm, object.kind, object.body) === oid, `object ${oid}`);
  }
  const objects = Array.from({ length: 20 }, (_, at) => ({
    kind: /** @type {const} */ ('blob'),
    body: bytesOf('line\n'.repeat(at + 50)),
  }));
  const written = await packBytes({ algorithm, objects, objectCount: objects.length });
  const again = memoryPackStorage();
  const indexed = await indexPack(
    (async function* () {
      yield written.bytes;
    })(),
    { algorithm, storage: again },
  );
  ensure(indexed.objectCount === objects.length, 'a pack of our own');
}

/** @param {Fixture['keys'][number]} fixture */
async function trySignatures({ kind, privateKey, publicLine, signature }) {
  const allowedSigners = parseAllowedSigners(`a@example.com ${publicLine}\n`);
  const statusOf = async (/** @type {string} */ text, /** @type {string} */ armored) =>
    (await verifySsh(bytesOf(text), armored, { allowedSigners })).status;
  ensure((await statusOf('signed elsewhere', signature)) === 'good', `a signature by ssh-keygen with ${kind}`);
  ensure((await statusOf('signed elsewherf', signature)) === 'bad', `a signature of another text with ${kind}`);
  const key = await readSshPrivateKey(privateKey);
  ensure(publicLine.startsWith(formatSshPublicKey(key.publicKey)), `the public half of a key of ${kind}`);
  ensure(
    (await statusOf('signed here', await signSsh(bytesOf('signed here'), key))) === 'good',
    `to sign with ${kind}`,
  );
  const author = buildIdentity({ name: 'A U Thor', email: 'a@example.com', timestamp: 1112911993 });
  const plain = buildCommit({ treeOid: sha1.emptyTreeOid, parentOids: [], author, committer: author, message: 'x\n' });
  const commit = await signCommit(plain, sha1, sshSigner(key));
  const verdict = await verifyCommitBody(commit, sha1, { allowedSigners });
  ensure(verdict.status === 'good', `a commit signed with ${kind}: ${verdict.status}, ${verdict.reason}`);
}

async function tryRepository() {
  const repository = createMemoryRepository();
  const { objects, refs } = repository;
  const author = buildIdentity({ name: 'A U Thor', email: 'a@example.com', timestamp: 1112911993 });
  /** @type {string[]} */
  const oids = [];
  for (const text of ['one', 'two', 'three']) {
    const blob = await objects.write({ kind: 'blob', body: bytesOf(text) });
    const body = new TreeBuilder(sha1).set('file', FileMode.regular, blob).build();
    const treeOid = await objects.write({ kind: 'tree', body });
    const message = `${text}\n`;
    const commit = buildCommit({ treeOid, parentOids: oids.slice(-1), author, committer: author, message });
    oids.push(await objects.write({ kind: 'commit', body: commit }));
  }
  const [first = '', , last = ''] = oids;
  const main = 'refs/heads/main';
  const update = (/** @type {string | null} */ from, /** @type {string} */ to) =>
    refs.update([{ name: main, expected: from === null ? null : { oid: from }, next: { oid: to } }]);
  ensure((await update(null, first)).status === 'updated', 'a new ref');
  ensure((await update(null, last)).status === 'conflict', 'a ref that is there');
  ensure((await update(first, last)).status === 'updated', 'a ref that moves');
  const snapshot = await refs.snapshot([main, 'HEAD']);
  ensure(JSON.stringify(snapshot.get(main)) === JSON.stringify({ oid: last }), 'a snapshot of refs');
  const walked = [];
  for await (const { oid } of commitsFrom(objects, [last])) walked.push(oid);
  ensure(walked.join() === oids.reverse().join(), 'a walk through history');
}

/**
 * Try everything; throws where something does not work.
 *
 * @param {Fixture} fixture
 * @returns {Promise<{ wasm: boolean, default: 'wasm' | 'plain' | 'other', packs: number, keys: string,
 *   collision: boolean, store: string }>}  `wasm`: whether
 *   WebAssembly ran; `default`: what the entry `@git-kv/kernels` has its arenas in
 */
export async function smoke(fixture) {
  for (const entry of [kernels, wasm, portable]) tryKernels(entry, fixture);
  tryObjects();
  for (const pack of fixture.packs) await tryPack(pack);
  for (const key of fixture.keys) await trySignatures(key);
  await tryRepository();
  const store = await tryStore(fixture.server);
  // An arena of WebAssembly lies in a memory that is larger than the arena.
  const isWasm = (/** @type {typeof portable} */ entry) => entry.createArena(100).buffer.byteLength > 100;
  return {
    wasm: isWasm(wasm),
    default: isWasm(kernels) ? 'wasm' : 'plain',
    packs: fixture.packs.length,
    keys: fixture.keys.map(({ kind }) => kind).join(' '),
    collision: fixture.collision !== undefined,
    store,
  };
}
