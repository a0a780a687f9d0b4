import { encodeDataLine, MAX_BAND_BYTES } from '@git-kv/protocol';

/** A pack on band 1, in lines as long as they may be: chunks of other lengths would make short ones. */
export async function* packLines(
  pack: AsyncIterable<Uint8Array>,
  bandBytes: number = MAX_BAND_BYTES,
): AsyncGenerator<Uint8Array> {
  const payload = new Uint8Array(1 + bandBytes);
  payload[0] = 1;
  let used = 1;
  for await (const chunk of pack) {
    for (let at = 0; at < chunk.length; ) {
      const end = Math.min(at + payload.length - used, chunk.length);
      payload.set(chunk.subarray(at, end), used);
      used += end - at;
      at = end;
      if (used < payload.length) continue;
      yield encodeDataLine(payload);
      used = 1;
    }
  }
  if (used > 1) yield encodeDataLine(payload.subarray(0, used));
}
