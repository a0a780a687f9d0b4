import * as portable from '@git-kv/kernels/portable';
import { afterEach, describe, expect, test, vi } from 'vitest';

/** The module as a page has it that was just loaded. */
async function load(): Promise<typeof import('../src/browser/compile.js')> {
  vi.resetModules();
  return await import('../src/browser/compile.js');
}

describe('the module in a browser', () => {
  afterEach(() => vi.unstubAllGlobals());

  test('is not there when it is first asked for, and keeps nobody waiting', async () => {
    const { compileKernels } = await load();
    expect(compileKernels()).toBeUndefined();
    await vi.waitUntil(() => compileKernels() !== undefined);
    expect(compileKernels()).toBeInstanceOf(WebAssembly.Module);
  });

  test.each([
    ['there is no WebAssembly', undefined],
    ['the page forbids it', { compile: () => Promise.reject(new Error('blocked')) }],
  ])('is never there where %s', async (_why, platform) => {
    vi.stubGlobal('WebAssembly', platform);
    const { compileKernels } = await load();
    await vi.waitUntil(() => compileKernels() !== undefined);
    expect(compileKernels()).toBeNull();
  });
});

describe('the entry for browsers', () => {
  /** What each kernel makes of one text, as text. */
  function results(kernels: typeof portable): string[] {
    const text = new TextEncoder().encode('a text that repeats a text that repeats '.repeat(400));
    const target = text.subarray(100, 9000).toReversed();
    target.set(text.subarray(0, 6000));
    const deflated = kernels.deflate(text);
    const into = new Uint8Array(kernels.deflatedBound(text.length));
    const output = new Uint8Array(text.length);
    const result = { consumed: 0, produced: 0 };
    const digests = new Uint8Array(40);
    const bounds = Int32Array.of(0, 100, 50, text.length);
    const found = new Uint8Array(2);
    const delta = new Uint8Array(text.length);
    const index = kernels.createDeltaIndex(text);
    const sizes = [0, text.length, target, 0, target.length, delta, 0] as const;
    const deltaSize = kernels.createDelta(text, ...sizes, delta.length, index);
    const restored = new Uint8Array(target.length);
    const pieces: Uint8Array[] = [];
    const arena = kernels.createArena(text.length);
    arena.set(text);
    const queued: unknown[] = [];
    const queue = kernels.createHashQueue('sha1', {
      detects: true,
      receive: (ticket, bytes, start, isCollision) => queued.push(ticket, bytes.slice(start, start + 20), isCollision),
    });
    queue.add(text, 0, 1000, 7);
    queue.flush();
    return [
      deflated,
      into.subarray(0, kernels.deflateInto(text, 6, into, 0)),
      kernels.inflate(deflated, 0, output, 0, output.length, result),
      output,
      result.consumed,
      kernels.createInflater().push(deflated, 0, deflated.length, (bytes) => pieces.push(bytes.slice())),
      ...pieces,
      kernels.digest('sha1', text),
      kernels.digest('sha256', text),
      kernels.createHash('sha1').update(text).digest(),
      kernels.createDetectingHash().update(text).digest(),
      kernels.digestDetecting(arena, 0, text.length, digests, 0),
      kernels.digestInto('sha256', text, 0, 1000, digests, 8),
      digests.slice(),
      kernels.hashBatch('sha1', text, bounds, 2, digests),
      digests.slice(),
      kernels.hashBatchDetecting(text, bounds, 2, digests, found),
      digests,
      delta.subarray(0, deltaSize),
      kernels.applyDelta(text, 0, text.length, delta, 0, deltaSize, restored, 0, restored.length),
      restored,
      kernels.crc32(text),
      queued,
    ].map((value) => JSON.stringify(value));
  }

  test('has the names and results of the plain one, before WebAssembly is there and after', async () => {
    vi.resetModules();
    const browser = await import('../src/browser/index.js');
    const { wasm } = await import('../src/browser/switch.js');
    expect(Object.keys(browser).sort()).toEqual(Object.keys(portable).sort());
    const expected = results(portable);
    expect(wasm).toBeUndefined();
    expect(results(browser)).toEqual(expected);
    const loaded = await vi.waitUntil(async () => (await import('../src/browser/switch.js')).wasm);
    expect(loaded).toBeDefined();
    expect(results(browser)).toEqual(expected);
  });

  test('asks for WebAssembly only when there is much to do', async () => {
    vi.resetModules();
    const { digest, createArena } = await import('../src/browser/index.js');
    const load = await import('../src/browser/switch.js');
    digest('sha1', new Uint8Array(8));
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve));
    expect(load.wasm).toBeUndefined();
    createArena(16);
    await vi.waitUntil(() => load.wasm !== undefined);
  });

  test.each([
    ['by the browser itself', undefined, false],
    ['in WebAssembly, at a level', 9, true],
  ])('deflates what can wait %s', async (_how, level, isLoaded) => {
    vi.resetModules();
    const { deflateSoon } = await import('../src/browser/index.js');
    const load = await import('../src/browser/switch.js');
    const text = new TextEncoder().encode('a text that repeats a text that repeats '.repeat(400));
    const stream = await deflateSoon(text, level);
    expect(load.wasm !== undefined).toBe(isLoaded);
    expect(stream.length).toBeLessThan(200);
    const output = new Uint8Array(text.length);
    const result = { consumed: 0, produced: 0 };
    expect(portable.inflate(stream, 0, output, 0, output.length, result)).toBe(portable.InflateStatus.done);
    expect(output).toEqual(text);
    expect(result.consumed).toBe(stream.length);
  });

  test('deflates in WebAssembly where the browser is too old to do so', async () => {
    vi.resetModules();
    const { CompressionStream } = globalThis;
    try {
      Reflect.deleteProperty(globalThis, 'CompressionStream');
      const { deflateSoon } = await import('../src/browser/index.js');
      const text = new TextEncoder().encode('what is up, doc?');
      expect(await deflateSoon(text)).toEqual(portable.deflate(text));
    } finally {
      globalThis.CompressionStream = CompressionStream;
    }
  });
});
