/** Each character moves those before it to the right, out of 32 bits after sixteen. */
const FORGET_BITS = 2;

/**
 * A number that sorts paths alike in their last sixteen characters next to each other, the last weighing most: versions of
 * one file, and files of one kind. White space does not count. The delta search compares objects that stand close to each other.
 * @param before the hash of what stands before `path`: paths can be hashed piece by piece
 * @param start where in `path` to begin, and `end` where to end
 * @see git's pack-objects.h, pack_name_hash()
 */
export function packNameHash(
  path: string | Uint8Array,
  before: number = 0,
  start: number = 0,
  end: number = path.length,
): number {
  let hash = before;
  for (let at = start; at < end; at++) {
    const character = typeof path === 'string' ? path.charCodeAt(at) & 0xff : (path[at] as number);
    if (character === 0x20 || (character >= 0x09 && character <= 0x0d)) continue;
    hash = ((hash >>> FORGET_BITS) + (character << 24)) >>> 0;
  }
  return hash;
}
