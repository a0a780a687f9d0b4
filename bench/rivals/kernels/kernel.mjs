// kernel.mjs KERNEL NAME: measure one implementation of what a kernel does.
import { createHash, hash } from 'node:crypto';
import * as zlib from 'node:zlib';
import { reportDeflate, reportHash, reportInflate } from '../../lib/kernel.mjs';

/** @typedef {(input: Uint8Array) => Uint8Array} OfBytes */

// @ts-expect-error: it has no types
const pako = async () => (await import('pako')).default;
// @ts-expect-error: it has no types
const shaJs = async () => (await import('sha.js')).default;

/** @type {(algorithm: 'sha1' | 'sha256') => Record<string, () => Promise<OfBytes>>} */
const hashes = (algorithm) => ({
  'crypto.hash': async () => (input) => hash(algorithm, input, 'buffer'),
  'crypto.createHash': async () => (input) => createHash(algorithm).update(input).digest(),
  noble: async () =>
    algorithm === 'sha1'
      ? (await import('@noble/hashes/legacy.js')).sha1
      : (await import('@noble/hashes/sha2.js')).sha256,
  'sha.js': async () => {
    const sha = await shaJs();
    return (input) => sha(algorithm).update(input).digest();
  },
  'hash-wasm': async () => {
    const library = await import('hash-wasm');
    const hasher = await (algorithm === 'sha1' ? library.createSHA1() : library.createSHA256());
    return (input) => hasher.init().update(input).digest('binary');
  },
});

/** @type {Record<string, Record<string, () => Promise<OfBytes>>>} */
const ofBytes = {
  sha1: hashes('sha1'),
  'sha1-detect': hashes('sha1'),
  sha256: hashes('sha256'),
  crc32: {
    'node:zlib': async () => {
      const { crc32 } = /** @type {{ crc32: (input: Uint8Array) => number }} */ (/** @type {unknown} */ (zlib));
      return (input) => new Uint8Array(Uint32Array.of(crc32(input)).buffer);
    },
    'hash-wasm': async () => {
      const hasher = await (await import('hash-wasm')).createCRC32();
      return (input) => hasher.init().update(input).digest('binary').reverse();
    },
  },
};

/** @type {Record<string, () => Promise<OfBytes>>} */
const deflates = {
  'node:zlib': async () => (text) => zlib.deflateSync(text, { level: 6 }),
  fflate: async () => {
    const { zlibSync } = await import('fflate');
    return (text) => zlibSync(text, { level: 6 });
  },
  pako: async () => {
    const library = await pako();
    return (text) => library.deflate(text, { level: 6 });
  },
};

/** @type {Record<string, () => Promise<(stream: Uint8Array, inflatedSize: number) => Uint8Array>>} */
const inflates = {
  'node:zlib': async () => (stream, inflatedSize) => {
    // `info` returns the engine too, which is how a caller learns how many bytes the stream took.
    const options = /** @type {zlib.ZlibOptions} */ ({ info: true, chunkSize: Math.max(64, inflatedSize) });
    const { buffer } = /** @type {{ buffer: Uint8Array }} */ (
      /** @type {unknown} */ (zlib.inflateSync(stream, options))
    );
    return buffer;
  },
  fflate: async () => {
    const { unzlibSync } = await import('fflate');
    return (stream, inflatedSize) => unzlibSync(stream, { out: new Uint8Array(inflatedSize) });
  },
  pako: async () => {
    const library = await pako();
    return (stream) => library.inflate(stream);
  },
};

const [kernel = '', name = ''] = process.argv.slice(2);
const unknown = () => new Error(`there is no ${name} for ${kernel}`);
if (kernel === 'inflate') {
  const load = inflates[name];
  if (load === undefined) throw unknown();
  reportInflate(await load());
} else if (kernel === 'deflate') {
  const load = deflates[name];
  if (load === undefined) throw unknown();
  reportDeflate(await load());
} else {
  const load = ofBytes[kernel]?.[name];
  if (load === undefined) throw unknown();
  reportHash(await load());
}
