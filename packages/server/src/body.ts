import { isGitError, LimitError, MalformedError } from '@git-kv/objects';

/** Below this many bytes out of gunzip no ratio is asked about: small requests compress well. */
const RATIO_FLOOR_BYTES = 64 * 1024;

/** The chunks of a request body, none where there is no body. */
export async function* readBody(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      if (value.length > 0) yield value;
    }
  } finally {
    letGo(reader);
  }
}

/** The sender may be gone already, or somebody may read a clone of the body: neither is waited for. */
function letGo(reader: ReadableStreamDefaultReader<Uint8Array>): void {
  void reader.cancel().catch(() => undefined);
}

/** Pass chunks on until there are more than `maxBytes`. @throws {LimitError} */
export async function* capBytes(
  chunks: AsyncIterable<Uint8Array>,
  limit: string,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of chunks) {
    total += chunk.length;
    if (total > maxBytes) throw new LimitError(limit, total, maxBytes);
    yield chunk;
  }
}

/**
 * Gunzip a request body (git compresses requests over 1 KiB). Output is capped against what arrived, so that a small body cannot
 * ask for much memory.
 * @throws {LimitError} over the ratio; {MalformedError} with origin `remote` where the stream is not gzip
 */
export async function* gunzip(chunks: AsyncIterable<Uint8Array>, maxRatio: number): AsyncGenerator<Uint8Array> {
  let bytesIn = 0;
  let bytesOut = 0;
  let sourceFailure: { readonly error: unknown } | undefined;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of chunks) {
        bytesIn += chunk.length;
        yield chunk;
      }
    } catch (error) {
      sourceFailure = { error };
      throw error;
    }
  };
  const inflated = toStream(counted()).pipeThrough(
    new DecompressionStream('gzip') as unknown as TransformStream<Uint8Array, Uint8Array>,
  );
  const reader = inflated.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      bytesOut += value.length;
      if (bytesOut > RATIO_FLOOR_BYTES && bytesOut > bytesIn * maxRatio) {
        throw new LimitError('gzipRatio', Math.ceil(bytesOut / bytesIn), maxRatio);
      }
      yield value;
    }
  } catch (error) {
    if (sourceFailure !== undefined) throw sourceFailure.error;
    if (isGitError(error)) throw error;
    // Runtimes differ in what they throw here: a TypeError by the standard, an error of zlib on Node.
    throw new MalformedError('request body', 0, 'it is not a whole gzip stream', { cause: error, origin: 'remote' });
  } finally {
    letGo(reader);
  }
}

/** A stream that pulls from `chunks` as it is read. (`ReadableStream.from` is missing in some runtimes.) */
export function toStream(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel(reason) {
      await iterator.return?.(reason);
    },
  });
}
