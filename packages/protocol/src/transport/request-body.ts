/** A request body, held whole (and so repeatable), or streamed because it is too large for that. */
export type RequestBody =
  | { readonly kind: 'held'; readonly bytes: Uint8Array }
  | { readonly kind: 'streamed'; readonly chunks: AsyncIterator<Uint8Array>; readonly open: OpenBody };

/** The stream as what `fetch` takes. `onChunk` is told that a chunk was asked for (0), and how large it is. */
export type OpenBody = (onChunk: (bytes: number) => void) => ReadableStream<Uint8Array>;

/** Read on into `held` until that is all of a body, or more than `maxBytes`. @returns whether it is all */
export async function holdBody(
  held: Uint8Array[],
  source: AsyncIterator<Uint8Array>,
  maxBytes: number,
): Promise<boolean> {
  let size = held.reduce((sum, { length }) => sum + length, 0);
  while (size <= maxBytes) {
    const step = await source.next();
    if (step.done === true) return true;
    held.push(new Uint8Array(step.value)); // the producer may use its buffer again
    size += step.value.length;
  }
  return false;
}
