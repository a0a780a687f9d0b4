import { equalBytes, type HashAlgorithm } from '@git-kv/objects';

/**
 * Whether a file ends with the digest of the bytes before, as pack, idx, `.rev`, multi-pack-index and commit-graph do. Reads it whole.
 */
export function hasValidTrailer(bytes: Uint8Array, algorithm: HashAlgorithm): boolean {
  const trailerAt = bytes.length - algorithm.oidLength;
  return trailerAt >= 0 && equalBytes(algorithm.digest(bytes.subarray(0, trailerAt)), bytes.subarray(trailerAt));
}
