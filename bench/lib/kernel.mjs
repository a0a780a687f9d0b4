// The kernel cases: the same inputs for everyone, one call after another, timed inside the process.
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { createRandom } from './random.mjs';
import { report, verifying } from './report.mjs';
import { makeLines, makeVocabulary } from './text.mjs';

/**
 * @typedef {{ name: string, bytes: number, inputs: Uint8Array[] }} InputSet  `bytes`: the mean size of the content
 * @typedef {{ name: string, bytes: number, streams: Uint8Array[] }} StreamSet
 */

const HASH_SIZES = /** @type {const} */ ([
  ['64 B', 64],
  ['1 KiB', 1024],
  ['64 KiB', 65536],
  ['1 MiB', 1048576],
]);

const INFLATE_SIZES = /** @type {const} */ ([
  ['43 B', 43],
  ['270 B', 270],
  ['1 KB', 1000],
  ['3.9 KB', 3900],
  ['17 KB', 17000],
  ['58 KB', 58000],
  ['668 KB', 668000],
]);

const WARM_UP_MS = 80;
const MEASURED_MS = 150;

/**
 * What the hashes are made of: four sizes, and `objects`, a thousand inputs of 100 bytes to 20 kB, most of them small.
 *
 * @returns {InputSet[]}
 */
export function hashInputs() {
  const random = createRandom(1);
  const vocabulary = makeVocabulary(random, 3000);
  const text = Buffer.from(makeLines(random, vocabulary, 1 << 21).join('\n'));
  const cut = (/** @type {number} */ size) =>
    new Uint8Array(text.subarray(random.below(text.length - size)).subarray(0, size));
  const sets = HASH_SIZES.map(([name, bytes]) => ({
    name: /** @type {string} */ (name),
    bytes: /** @type {number} */ (bytes),
    inputs: Array.from({ length: Math.max(2, Math.min(256, (1 << 20) / bytes)) }, () => cut(bytes)),
  }));
  const inputs = Array.from({ length: 1000 }, () => cut(100 + random.skewed(20000)));
  const bytes = Math.round(inputs.reduce((sum, input) => sum + input.length, 0) / inputs.length);
  return [...sets, { name: 'objects', bytes, inputs }];
}

/**
 * zlib streams of text at level 6, by the size of the text.
 *
 * @returns {StreamSet[]}
 */
export function inflateInputs() {
  const random = createRandom(2);
  const vocabulary = makeVocabulary(random, 3000);
  return INFLATE_SIZES.map(([name, bytes]) => {
    const count = Math.max(1, Math.min(256, Math.floor((1 << 20) / bytes)));
    const streams = Array.from({ length: count }, () => {
      const text = makeLines(random, vocabulary, bytes).join('\n').padEnd(bytes).slice(0, bytes);
      return new Uint8Array(deflateSync(text, { level: 6 }));
    });
    return { name, bytes, streams };
  });
}

/**
 * Measure an implementation of SHA-1 and report it.
 *
 * @param {(input: Uint8Array) => Uint8Array} sha1  its result may be overwritten by the next call
 */
export function reportHash(sha1) {
  reportCalls(
    hashInputs().map(({ name, inputs }) => ({ name, count: inputs.length, call: (at) => sha1(nth(inputs, at)) })),
  );
}

/**
 * Measure an inflate and report it.
 *
 * @param {(stream: Uint8Array, inflatedSize: number) => Uint8Array} inflate  its result may be overwritten by the next call
 */
export function reportInflate(inflate) {
  reportCalls(
    inflateInputs().map(({ name, bytes, streams }) => ({
      name,
      count: streams.length,
      call: (at) => inflate(nth(streams, at), bytes),
    })),
  );
}

/**
 * @param {{ name: string, count: number, call: (at: number) => Uint8Array }[]} sets
 */
function reportCalls(sets) {
  /** @type {Record<string, string>} */
  const answer = {};
  /** @type {Record<string, number>} */
  const measures = {};
  for (const { name, count, call } of sets) {
    const hash = createHash('sha256');
    for (let at = 0; at < count; at++) hash.update(call(at));
    answer[name] = hash.digest('hex');
    if (!verifying) measures[name] = timeCalls(call, count);
  }
  report(answer, verifying ? undefined : measures);
}

/**
 * @param {(at: number) => unknown} call
 * @param {number} count  of different inputs
 * @returns {number}  nanoseconds a call
 */
function timeCalls(call, count) {
  const runFor = (/** @type {number} */ milliseconds) => {
    const started = performance.now();
    let calls = 0;
    let spent = 0;
    let at = 0;
    // The clock is asked after growing batches, so that asking costs nothing even for the smallest input.
    for (let batch = 1; spent < milliseconds; batch = Math.min(batch * 2, 1024)) {
      for (let left = batch; left > 0; left--) {
        call(at);
        at = at + 1 === count ? 0 : at + 1;
      }
      calls += batch;
      spent = performance.now() - started;
    }
    return (spent * 1e6) / calls;
  };
  runFor(WARM_UP_MS);
  return runFor(MEASURED_MS);
}

/**
 * @param {readonly Uint8Array[]} values
 * @param {number} at
 */
function nth(values, at) {
  return /** @type {Uint8Array} */ (values[at]);
}
