import type { Draft } from './draft.js';
import { Key } from './key.js';
import { modeOf } from './permissions.js';
import { checkedCount, copyValue } from './value.js';
import type { ValuePermissions, WriteRange } from './writer.js';

/** One write, with its arguments checked and its bytes copied: it may wait for others, and be made again on another draft. */
export type DraftWrite = (draft: Draft) => Promise<void>;

export function setIn(key: string | Key, value: Uint8Array | string, { permissions }: ValuePermissions): DraftWrite {
  const at = Key.of(key);
  const body = copyValue(at, value);
  const mode = permissions === undefined ? undefined : modeOf(permissions);
  return (draft) => draft.set(at, body, mode);
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
  return (draft) => draft.allocate(at, checkedSize);
}

export function removeIn(key: string | Key): DraftWrite {
  const at = Key.of(key);
  return (draft) => draft.remove(at);
}

export function renameIn(source: string | Key, destination: string | Key): DraftWrite {
  const from = Key.of(source);
  const to = Key.of(destination);
  return (draft) => draft.rename(from, to);
}
