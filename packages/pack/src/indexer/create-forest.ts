import type { ByteSource } from '../byte-source.js';
import { ReadWindows } from '../read-windows.js';
import { DeltaForest, type ForestParts } from './delta-forest.js';

/** Full objects are read again in pack order. */
const ROOT_WINDOWS = { windowBytes: 2 ** 17, windowCount: 2 };

/** Deltas there was no room for are read as their trees ask for them: small windows, as a tree is scattered. */
const DELTA_WINDOW_BYTES = 16384;

/** A forest whose windows of the pack lie in the arena, where its input was while the pack was scanned. */
export function createForest(
  parts: Omit<ForestParts, 'rootWindows' | 'deltaWindows' | 'heldBytes'> & { readonly source: ByteSource },
): DeltaForest {
  const { arena, source } = parts;
  const { windowCount } = ROOT_WINDOWS;
  const rootBytes = Math.min(ROOT_WINDOWS.windowBytes * windowCount, arena.inputEnd / 2);
  return new DeltaForest({
    ...parts,
    rootWindows: new ReadWindows(source, {
      windowBytes: rootBytes / windowCount,
      windowCount,
      room: arena.bytes.subarray(0, rootBytes),
    }),
    deltaWindows: new ReadWindows(source, {
      windowBytes: DELTA_WINDOW_BYTES,
      windowCount: (arena.inputEnd - rootBytes) / DELTA_WINDOW_BYTES,
      room: arena.bytes.subarray(rootBytes, arena.inputEnd),
    }),
    heldBytes: arena.totalBytes,
  });
}
