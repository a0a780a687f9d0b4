// kernel.mjs KERNEL node|wasm|portable: measure one kernel from one entry.
import { reportDeflate, reportDelta, reportHash, reportInflate } from '../../lib/kernel.mjs';

const [kernel = '', entry] = process.argv.slice(2);
/** @type {typeof import('@git-kv/kernels')} */
const kernels = await import(entry === 'node' ? '@git-kv/kernels' : `@git-kv/kernels/${entry}`);
const output = new Uint8Array(1 << 21);

/** @param {'sha1' | 'sha256'} name @param {boolean} detects */
function reportDigests(name, detects) {
  const size = kernels.digestSize(name);
  const digest = output.subarray(0, size);
  const one = detects
    ? (/** @type {Uint8Array} */ input) => {
        if (kernels.digestDetecting(input, 0, input.length, digest, 0)) throw new Error('there is no attack in it');
        return digest;
      }
    : (/** @type {Uint8Array} */ input) => {
        kernels.digestInto(name, input, 0, input.length, digest, 0);
        return digest;
      };
  // As an indexer does it: pieces are copied to a queue, and their digests come in order.
  let at = 0;
  const queue = kernels.createHashQueue(name, {
    detects,
    receive: (_ticket, digests, start) => {
      for (let byte = 0; byte < size; byte++) output[at++] = /** @type {number} */ (digests[start + byte]);
    },
  });
  reportHash(one, (inputs) => {
    at = 0;
    for (const [ticket, input] of inputs.entries()) queue.add(input, 0, input.length, ticket);
    queue.flush();
    return output.subarray(0, at);
  });
}

const delta = new Uint8Array(1 << 21);
const deltas = {
  createDelta(/** @type {Uint8Array} */ base, /** @type {Uint8Array} */ target) {
    const size = kernels.createDelta(base, 0, base.length, target, 0, target.length, delta, 0, delta.length);
    return delta.subarray(0, size);
  },
  applyDelta(/** @type {Uint8Array} */ base, /** @type {Uint8Array} */ bytes, /** @type {number} */ size) {
    const status = kernels.applyDelta(base, 0, base.length, bytes, 0, bytes.length, output, 0, size);
    if (status !== kernels.DeltaStatus.done) throw new Error('the delta is damaged');
    return output.subarray(0, size);
  },
};

const result = { consumed: 0, produced: 0 };
/** @type {Record<string, () => void>} */
const measured = {
  sha1: () => reportDigests('sha1', false),
  'sha1-detect': () => reportDigests('sha1', true),
  sha256: () => reportDigests('sha256', false),
  crc32: () => reportHash((input) => new Uint8Array(Uint32Array.of(kernels.crc32(input)).buffer)),
  inflate: () =>
    reportInflate((stream, inflatedSize) => {
      const status = kernels.inflate(stream, 0, output, 0, inflatedSize, result);
      if (status !== kernels.InflateStatus.done || result.consumed !== stream.length)
        throw new Error('the stream is damaged');
      return output.subarray(0, inflatedSize);
    }),
  deflate: () => reportDeflate((text) => kernels.deflate(text, 6)),
  'delta-create': () => reportDelta(deltas, 'create'),
  'delta-apply': () => reportDelta(deltas, 'apply'),
};

const measure = measured[kernel];
if (measure === undefined)
  throw new Error(`usage: node kernel.mjs ${Object.keys(measured).join('|')} node|wasm|portable`);
measure();
