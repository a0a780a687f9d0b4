import { concatBytes } from '@git-kv/objects';

/** A request body, held whole (and so repeatable), or streamed because it is too large for that. */
export type RequestBody =
  | { readonly kind: 'held'; readonly bytes: Uint8Array }
  | { readonly kind: 'streamed'; readonly chunks: AsyncIterator<Uint8Array> };

/**
 * Hold `body` if it has at most `maxBytes`: then its length is known before it is sent, as some servers need, and it can be
 * sent again. Else what was read so far comes first in the stream.
 */
export async function holdBody(body: AsyncIterable<Uint8Array> | Uint8Array, maxBytes: number): Promise<RequestBody> {
  if (body instanceof Uint8Array) return { kind: 'held', bytes: body };
  const source = body[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let size = 0;
  while (size <= maxBytes) {
    const step = await source.next();
    if (step.done === true) return { kind: 'held', bytes: concatBytes(held) };
    held.push(step.value.slice()); // the producer may use its buffer again
    size += step.value.length;
  }
  return { kind: 'streamed', chunks: chain(held, source) };
}

/** `chunks` as what `fetch` takes. `onChunk` is told that one was asked for (0), and how large it is. */
export function requestStream(
  chunks: AsyncIterator<Uint8Array>,
  onChunk: (bytes: number) => void,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        onChunk(0);
        let step = await chunks.next();
        while (step.done !== true && step.value.length === 0) step = await chunks.next();
        if (step.done === true) controller.close();
        else {
          onChunk(step.value.length);
          controller.enqueue(step.value);
        }
      },
      async cancel() {
        await chunks.return?.();
      },
    },
    { highWaterMark: 0 }, // what is taken from the source is what is sent
  );
}

function chain(held: Uint8Array[], source: AsyncIterator<Uint8Array>): AsyncIterator<Uint8Array> {
  return {
    async next() {
      const first = held.shift();
      return first === undefined ? await source.next() : { done: false, value: first };
    },
    async return() {
      held.length = 0;
      await source.return?.();
      return { done: true, value: undefined };
    },
  };
}

let streamsRequests: boolean | undefined;

/** Whether this runtime's `fetch` takes a stream for a body: one that does not makes text of it, and asks for no `duplex`. */
export function canStreamRequests(): boolean {
  streamsRequests ??= (() => {
    let isAsked = false;
    const init = {
      method: 'POST',
      body: new ReadableStream<Uint8Array>(),
      get duplex(): 'half' {
        isAsked = true;
        return 'half';
      },
    };
    try {
      return !new Request('http://localhost/', init).headers.has('content-type') && isAsked;
    } catch {
      return false;
    }
  })();
  return streamsRequests;
}
