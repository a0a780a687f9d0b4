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
