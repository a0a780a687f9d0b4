import type { DeflateSoon } from '../types.js';
import { loadWasm, wasm } from './switch.js';

/** What is used of the platform; old browsers have no such streams. */
interface StreamPlatform {
  readonly Blob: new (parts: readonly Uint8Array[]) => { stream(): { pipeThrough(transform: object): unknown } };
  readonly CompressionStream: new (format: 'deflate') => object;
  readonly Response: new (body: unknown) => { arrayBuffer(): Promise<ArrayBuffer> };
}

/**
 * As the plain `deflateSoon`, but little is left to the browser, which has it built in. Who has much to do has asked for WebAssembly
 * on the way there.
 */
export const deflateSoon: DeflateSoon = (input, level) => {
  if (wasm !== undefined) return wasm.deflate(input, level);
  const platform = globalThis as unknown as StreamPlatform;
  if (level === undefined && 'CompressionStream' in platform) return compress(input, platform);
  return loadWasm().then(({ deflate }) => deflate(input, level));
};

async function compress(input: Uint8Array, { Blob, CompressionStream, Response }: StreamPlatform): Promise<Uint8Array> {
  const stream = new Blob([input]).stream().pipeThrough(new CompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
