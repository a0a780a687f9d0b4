import { deflate, deflatedBound, deflateInto } from '@git-kv/kernels';
import type { Oid } from '@git-kv/objects';
import { encodeEntryHeader, MOST_SIZE_BYTES, writeEntryHeader } from './entry-encoding.js';
import type { PackOutput } from './pack-output.js';

/** As in git, of what is written without a level. */
const DEFAULT_LEVEL = 6;

/** Add an entry of `body`, which most often is deflated right where it goes. Apart from `PackOutput`: clients that push can wait for deflate. */
export function addBody(
  output: PackOutput,
  oid: Oid,
  typeCode: number,
  body: Uint8Array,
  level: number = DEFAULT_LEVEL,
): void {
  const isAdded = output.addInPlace(oid, MOST_SIZE_BYTES + deflatedBound(body.length), (chunk, start) =>
    deflateInto(body, level, chunk, writeEntryHeader(typeCode, body.length, chunk, start)),
  );
  if (!isAdded) output.add(oid, encodeEntryHeader(typeCode, body.length), deflate(body, level));
}
