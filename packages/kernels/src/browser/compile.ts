import { decodeBase64, findWasmPlatform } from '../wasm/platform.js';

let compiled: object | null | undefined;
let isLoading = false;

/**
 * The compiled module; `undefined` until it is there. Stands in for src/wasm/compile.ts in bundles for browsers: the module is a file of
 * its own there, that is loaded when it is first asked for, and compiled without keeping the page waiting. The plain kernels serve until
 * then, and go on where it cannot be had.
 */
export function compileKernels(): object | null | undefined {
  if (compiled === undefined && !isLoading) {
    isLoading = true;
    void load().then((module) => {
      compiled = module;
    });
  }
  return compiled;
}

async function load(): Promise<object | null> {
  const platform = findWasmPlatform();
  if (platform === undefined) return null;
  try {
    const { MODULE } = await import('../wasm/module.js');
    return await platform.compile(decodeBase64(MODULE));
  } catch {
    return null;
  }
}
