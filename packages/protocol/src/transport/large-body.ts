import { concatBytes, LimitError } from '@git-kv/objects';
import { holdBody, type RequestBody } from './request-body.js';

/** How a body goes out that is no small one. */
export interface LargeBodyOptions {
  readonly postBufferBytes: number;
  readonly maxHeldRequestBytes: number;
  /** Default: as the runtime says. */
  readonly streamsRequests: boolean | undefined;
}

/**
 * A body of which `held` was read, and `source` has the rest: streamed where the runtime can, and what was read comes first; else held.
 * @throws {LimitError} maxHeldRequestBytes
 */
export async function largeBody(
  held: Uint8Array[],
  source: AsyncIterator<Uint8Array>,
  options: LargeBodyOptions,
): Promise<RequestBody> {
  const { postBufferBytes, maxHeldRequestBytes, streamsRequests = canStreamRequests() } = options;
  const isAll = await holdBody(held, source, streamsRequests ? postBufferBytes : maxHeldRequestBytes);
  if (isAll) return { kind: 'held', bytes: concatBytes(held) };
  const chunks = chain(held, source);
  if (streamsRequests) return { kind: 'streamed', chunks, open: (onChunk) => requestStream(chunks, onChunk) };
  await chunks.return?.();
  throw new LimitError('maxHeldRequestBytes', maxHeldRequestBytes + 1, maxHeldRequestBytes);
}

function requestStream(
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
function canStreamRequests(): boolean {
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

/**
 * Bytes as `Content-Encoding: gzip` has them; `undefined` where the runtime does not compress, or a page is of another origin than
 * `url`: few proxies for pages let that header pass.
 */
export async function gzip(
  bytes: Uint8Array,
  url: string,
  pageOrigin: string | undefined = globalThis.location?.origin,
): Promise<Uint8Array | undefined> {
  if (pageOrigin !== undefined && pageOrigin !== new URL(url).origin) return undefined;
  if (!('CompressionStream' in globalThis)) return undefined;
  // The cast: no body of ours lies in shared memory.
  const stream = new Response(bytes as Uint8Array<ArrayBuffer>).body?.pipeThrough(new CompressionStream('gzip'));
  return stream && new Uint8Array(await new Response(stream).arrayBuffer());
}
