import { GitError, type HashAlgorithm, isGitError } from '@git-kv/objects';
import { DEFAULT_PACK_LIMITS, PackScanner } from '@git-kv/pack';

/** A pack as far as it is whole. */
export interface SalvagedPack {
  /** A pack of the entries before the first that is broken, with a count and checksum of its own. */
  readonly pack: AsyncIterable<Uint8Array>;
  /** Once `pack` ended: what was wrong, if anything. */
  readonly problem: string | undefined;
}

/** Take from a pack what can be had: everything before the first byte that cannot be. It is held in memory meanwhile. */
export function salvagePack(input: AsyncIterable<Uint8Array>, algorithm: HashAlgorithm): SalvagedPack {
  const salvaged: { pack: AsyncIterable<Uint8Array>; problem: string | undefined } = {
    pack: scan(),
    problem: undefined,
  };
  return salvaged;

  async function* scan(): AsyncGenerator<Uint8Array> {
    const parts: Uint8Array[] = [];
    const scanner = new PackScanner({ algorithm, limits: DEFAULT_PACK_LIMITS, visitor: { entry: () => undefined } });
    try {
      for await (const chunk of input) {
        try {
          scanner.push(chunk);
        } finally {
          const scanned = scanner.drain();
          if (scanned.length > 0) parts.push(scanned.slice());
        }
      }
      scanner.end();
    } catch (error) {
      if (!isGitError(error) || scanner.objectCount < 0) throw error;
      salvaged.problem = error.message;
    }
    const header = parts.shift();
    if (header === undefined || header.length < 12)
      throw new GitError('MALFORMED', 'Cannot salvage pack: it has no header');
    new DataView(header.buffer, header.byteOffset).setUint32(8, scanner.scannedCount);
    const hasher = algorithm.create();
    for (const part of [header, ...parts]) {
      hasher.update(part);
      yield part;
    }
    yield hasher.digest();
  }
}
