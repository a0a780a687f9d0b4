import type * as WasmKernels from '../wasm/index.js';

/** The kernels in WebAssembly, once they are there. What is asked of the plain ones before stays with these. */
export let wasm: typeof WasmKernels | undefined;
let loading: Promise<typeof WasmKernels> | undefined;

/** Load the WebAssembly kernels, with the plain ones that they fall back to. */
export function loadWasm(): Promise<typeof WasmKernels> {
  loading ??= import('../wasm/index.js').then((kernels) => (wasm = kernels));
  return loading;
}

/** The same without waiting for them, by those whose work is worth it: pages that hold little never load them. */
export function wantWasm(): void {
  loadWasm().catch(() => {}); // The plain ones serve on.
}
