// The kernel cases: the same inputs for everyone, one call after another, timed inside the process.
import { createHash } from 'node:crypto';
import { deflateSync, inflateSync } from 'node:zlib';
import { createRandom } from './random.mjs';
import { report, verifying } from './report.mjs';
import { editLines, makeLines, makeVocabulary } from './text.mjs';

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

const DELTA_SIZES = /** @type {const} */ ([
  ['1 KB', 1000],
  ['17 KB', 17000],
  ['300 KB', 300000],
]);

const WARM_UP_MS = 80;
const SLICES = 7;
const SLICE_MS = 30;

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
 * Texts and versions of them with a few lines changed, by the size of the text.
 *
 * @returns {{ name: string, bytes: number, pairs: { base: Uint8Array, target: Uint8Array }[] }[]}
 */
export function deltaInputs() {
  const random = createRandom(4);
  const vocabulary = makeVocabulary(random, 3000);
  return DELTA_SIZES.map(([name, bytes]) => {
    const pairs = Array.from({ length: Math.max(2, Math.min(64, Math.floor((1 << 20) / bytes))) }, () => {
      const lines = makeLines(random, vocabulary, bytes);
      const changed = editLines(random, vocabulary, lines);
      return {
        base: new Uint8Array(Buffer.from(lines.join('\n'))),
        target: new Uint8Array(Buffer.from(changed.join('\n'))),
      };
    });
    return { name, bytes, pairs };
  });
}

/** What is hashed as one batch in the set of this name. */
export const BATCH = 'objects, batch';

/**
 * Measure a hash or a checksum and report it.
 *
 * @param {(input: Uint8Array) => Uint8Array} hashOne  its result may be overwritten by the next call
 * @param {(inputs: readonly Uint8Array[]) => Uint8Array} [hashMany]  all digests, one after another; one by one unless given
 */
export function reportHash(hashOne, hashMany) {
  const many = hashMany ?? ((inputs) => Buffer.concat(inputs.map((input) => Uint8Array.from(hashOne(input)))));
  const sets = hashInputs().map(({ name, inputs }) => ({
    name,
    count: inputs.length,
    call: (/** @type {number} */ at) => hashOne(nth(inputs, at)),
  }));
  const { inputs } = /** @type {InputSet} */ (hashInputs().at(-1));
  reportCalls([...sets, { name: BATCH, count: 1, pieces: inputs.length, call: () => many(inputs) }]);
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
 * Measure a deflate at level 6 and report it. Streams differ between implementations: what they inflate to is the answer.
 *
 * @param {(text: Uint8Array) => Uint8Array} deflate
 */
export function reportDeflate(deflate) {
  const sets = inflateInputs().map(({ name, streams }) => ({
    name,
    texts: streams.map((stream) => inflateSync(stream)),
  }));
  reportCalls(
    sets.map(({ name, texts }) => ({
      name,
      count: texts.length,
      call: (at) => deflate(nth(texts, at)),
      check: (stream) => inflateSync(stream),
    })),
  );
}

/**
 * Measure how deltas are made or applied, and report it.
 *
 * @param {{ createDelta: (base: Uint8Array, target: Uint8Array) => Uint8Array, applyDelta: (base: Uint8Array, delta: Uint8Array, size: number) => Uint8Array }} kernels
 * @param {'create' | 'apply'} verb
 */
export function reportDelta({ createDelta, applyDelta }, verb) {
  reportCalls(
    deltaInputs().map(({ name, pairs }) => {
      const deltas = pairs.map(({ base, target }) => Uint8Array.from(createDelta(base, target)));
      const applied = (/** @type {number} */ at, /** @type {Uint8Array} */ delta) => {
        const { base, target } = /** @type {(typeof pairs)[number]} */ (pairs[at]);
        return applyDelta(base, delta, target.length);
      };
      if (verb === 'apply') return { name, count: pairs.length, call: (at) => applied(at, nth(deltas, at)) };
      return {
        name,
        count: pairs.length,
        call: (at) => {
          const { base, target } = /** @type {(typeof pairs)[number]} */ (pairs[at]);
          return createDelta(base, target);
        },
        check: (delta, at) => applied(at, delta),
      };
    }),
  );
}

/**
 * @typedef {object} CallSet
 * @property {string} name
 * @property {number} count  of different inputs
 * @property {number} [pieces]  that one call works on; 1 unless given
 * @property {(at: number) => Uint8Array} call
 * @property {(result: Uint8Array, at: number) => Uint8Array} [check]  makes of a result what must be the same for everyone
 */

/** @param {CallSet[]} sets */
function reportCalls(sets) {
  /** @type {Record<string, string>} */
  const answer = {};
  /** @type {Record<string, number>} */
  const measures = {};
  for (const { name, count, pieces = 1, call, check } of sets) {
    const hash = createHash('sha256');
    for (let at = 0; at < count; at++) hash.update(check === undefined ? call(at) : check(call(at), at));
    answer[name] = hash.digest('hex');
    if (!verifying) measures[name] = timeCalls(call, count) / pieces;
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
  // The median of slices: one in which the machine did something else must not decide.
  const slices = Array.from({ length: SLICES }, () => runFor(SLICE_MS)).toSorted((a, b) => a - b);
  return /** @type {number} */ (slices[SLICES >> 1]);
}

/**
 * @param {readonly Uint8Array[]} values
 * @param {number} at
 */
function nth(values, at) {
  return /** @type {Uint8Array} */ (values[at]);
}
