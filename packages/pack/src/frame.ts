/** Bytes free before a body: the frame that is hashed with it fits there. */
export const FRAME_ROOM = 32;

const NAMES: readonly Uint8Array[] = ['', 'commit ', 'tree ', 'blob ', 'tag '].map((name) =>
  Uint8Array.from(name, (letter) => letter.charCodeAt(0)),
);

/**
 * Write "<kind> <size>\0" so that it ends at `bodyStart`, where the body follows it: one run of bytes to hash.
 * @returns where the frame begins, at most 27 bytes before
 */
export function writeFrameBefore(bytes: Uint8Array, bodyStart: number, typeCode: number, size: number): number {
  let at = bodyStart;
  bytes[--at] = 0;
  let rest = size;
  do {
    bytes[--at] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  } while (rest > 0);
  const name = NAMES[typeCode] as Uint8Array;
  at -= name.length;
  for (let index = 0; index < name.length; index++) bytes[at + index] = name[index] as number;
  return at;
}
