import { EMPTY_FETCH_REQUEST, type FetchRequest } from '../v2/fetch-request.js';
import type { FetchOptions } from './upload-pack.js';

/** The depth that both sides take for all of history. */
const INFINITE_DEPTH = 0x7fff_ffff;

/** The request for what `options` ask for, before its first haves. @throws {RangeError} for a depth that is none */
export function fetchRequest(options: FetchOptions): FetchRequest {
  const { depth, deepenSince, filter } = options;
  if (depth !== undefined && depth !== Infinity && !(Number.isSafeInteger(depth) && depth > 0)) {
    throw new RangeError(`Cannot fetch with depth ${depth}: it must be a positive integer`);
  }
  if (deepenSince !== undefined && !(Number.isSafeInteger(deepenSince) && deepenSince > 0)) {
    throw new RangeError(`Cannot fetch since ${deepenSince}: it must be seconds since the epoch`);
  }
  return {
    ...EMPTY_FETCH_REQUEST,
    wants: [...new Set(options.wants)],
    wantRefs: options.wantRefs ?? [],
    shallow: options.shallow ?? [],
    thin: options.thin ?? false,
    ofsDelta: true,
    includeTag: options.includeTag ?? false,
    noProgress: options.onProgress === undefined,
    deepenRelative: options.deepenRelative ?? false,
    deepenNot: options.deepenNot ?? [],
    ...(depth === undefined ? {} : { depth: Math.min(depth, INFINITE_DEPTH) }),
    ...(deepenSince === undefined ? {} : { deepenSince }),
    ...(filter === undefined ? {} : { filter }),
  };
}
