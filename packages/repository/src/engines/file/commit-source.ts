import type { RawObject } from '@git-kv/objects';
import type { CommitGraph, PackReader } from '@git-kv/pack';
import type { CommitSource } from '../../walk/commit-source.js';
import type { ObjectDirectory } from './object-directory.js';
import type { PackFile } from './pack-file.js';

/** Packs that a walk holds open. What lies in further ones, or loose, it asks the store for. */
const MAX_HELD_PACKS = 24;

/** The packs of `directories`, held open for a walk, and the commit-graph it may use. */
export async function openCommitSource(
  directories: readonly ObjectDirectory[],
  graph: CommitGraph | undefined,
): Promise<CommitSource> {
  const held: PackFile[] = [];
  const readers: PackReader[] = [];
  for (const { packs } of directories) {
    for (const pack of await packs.packs()) {
      if (held.length === MAX_HELD_PACKS) break;
      const reader = await packs.ifThere(pack, () => pack.acquire());
      if (reader === undefined) continue;
      held.push(pack);
      if (reader.isSync) readers.push(reader);
    }
  }
  return new PackedCommits(held, readers, graph);
}

class PackedCommits implements CommitSource {
  readonly graph: CommitGraph | undefined;
  readonly #held: readonly PackFile[];
  readonly #readers: readonly PackReader[];
  /** The next object is often in the pack of the last one. */
  #latest: PackReader | undefined;

  constructor(held: readonly PackFile[], readers: readonly PackReader[], graph: CommitGraph | undefined) {
    this.#held = held;
    this.#readers = readers;
    this.graph = graph;
    this.#latest = readers[0];
  }

  readSync(oidBytes: Uint8Array, offset: number, headBytes = Number.POSITIVE_INFINITY): RawObject | undefined {
    const latest = this.#latest;
    if (latest === undefined) return undefined;
    const object = latest.readHeadSync(oidBytes, offset, headBytes);
    if (object !== undefined) return object;
    for (const reader of this.#readers) {
      if (reader === latest) continue;
      const found = reader.readHeadSync(oidBytes, offset, headBytes);
      if (found === undefined) continue;
      this.#latest = reader;
      return found;
    }
    return undefined;
  }

  hasSync(oidBytes: Uint8Array, offset: number): boolean {
    return this.#readers.some((reader) => reader.index.findBytes(oidBytes, offset) !== undefined);
  }

  async close(): Promise<void> {
    for (const pack of this.#held) await pack.release();
  }
}
