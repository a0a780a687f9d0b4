import type { RawObject } from '@git-kv/objects';
import type { CommitGraph } from '@git-kv/pack';
import type { ObjectReader } from '../../object-store.js';
import type { CommitSource } from '../../walk/commit-source.js';
import { commitsAtOnce } from '../../walk/commit-table.js';

/** What the layers answer without waiting. A commit-graph has the parents of all that it has, so one of any layer may be asked. */
export async function openLayeredCommits(layers: readonly ObjectReader[]): Promise<CommitSource | undefined> {
  const sources: CommitSource[] = [];
  for (const layer of layers) {
    const source = (await layer.openCommits?.()) ?? commitsAtOnce(layer);
    if (source !== undefined) sources.push(source);
  }
  return sources.length === 0 ? undefined : new LayeredCommits(sources);
}

class LayeredCommits implements CommitSource {
  readonly graph: CommitGraph | undefined;
  readonly #sources: readonly CommitSource[];

  constructor(sources: readonly CommitSource[]) {
    this.#sources = sources;
    this.graph = sources.find(({ graph }) => graph !== undefined)?.graph;
  }

  readSync(oidBytes: Uint8Array, offset: number, headBytes?: number): RawObject | undefined {
    for (const source of this.#sources) {
      const object = source.readSync(oidBytes, offset, headBytes);
      if (object !== undefined) return object;
    }
    return undefined;
  }

  hasSync(oidBytes: Uint8Array, offset: number): boolean {
    return this.#sources.some((source) => source.hasSync(oidBytes, offset));
  }

  async close(): Promise<void> {
    for (const source of this.#sources) await source.close();
  }
}
