import type { Draft } from './draft.js';
import { Key } from './key.js';
import { modeOf } from './permissions.js';
import type { Look } from './tree/slot.js';
import { checkedCount, copyValue } from './value.js';
import type { ValuePermissions, WriteRange } from './writer.js';

/** One write, with its arguments checked and its bytes copied: it may wait for others, and be made again on another draft. */
export interface DraftWrite {
  (draft: Draft): Promise<void>;
  /**
   * Whether it is done again on what others left, instead of merging its outcome with that: for a write that depends on what it finds.
   * Not where they changed what it puts, too.
   */
  readonly isDoneAgain?: (before: Look, after: Look) => Promise<boolean>;
}

export function setIn(key: string | Key, value: Uint8Array | string, options: ValuePermissions): DraftWrite {
  const { at, body, mode } = checkedSet(key, value, options);
  return (draft) => draft.set(at, body, mode);
}

/** What a `set` is given, checked and copied. */
export function checkedSet(
  key: string | Key,
  value: Uint8Array | string,
  { permissions }: ValuePermissions,
): { readonly at: Key; readonly body: Uint8Array; readonly mode: number | undefined } {
  const at = Key.of(key);
  const body = copyValue(at, value);
  return { at, body, mode: permissions === undefined ? undefined : modeOf(permissions) };
}

export function setPartialIn(key: string | Key, range: WriteRange, bytes: Uint8Array | string): DraftWrite {
  const at = Key.of(key);
  const offset = checkedCount(at, 'offset', range.offset ?? 0);
  const body = copyValue(at, bytes);
  return (draft) => draft.setPartial(at, offset, body);
}

export function allocateIn(key: string | Key, size: number): DraftWrite {
  const at = Key.of(key);
  const checkedSize = checkedCount(at, 'size', size);
  const write = (draft: Draft): Promise<void> => draft.allocate(at, checkedSize);
  return Object.assign(write, { isDoneAgain: async () => true });
}

export function removeIn(key: string | Key): DraftWrite {
  const at = Key.of(key);
  return (draft) => draft.remove(at);
}

export function renameIn(source: string | Key, destination: string | Key): DraftWrite {
  const from = Key.of(source);
  const to = Key.of(destination);
  const isDoneAgain = async (before: Look, after: Look): Promise<boolean> => {
    const { goesToTheSame } = await import('./later.js');
    return await goesToTheSame({ from, to }, before, after);
  };
  return Object.assign((draft: Draft) => draft.rename(from, to), { isDoneAgain });
}
