import type * as WasmKernels from '../wasm/index.js';

/** The kernels in WebAssembly, once they are there. What is asked of the plain ones before stays with these. */
export let wasm: typeof WasmKernels | undefined;
let isLoading = false;

/**
 * Have the WebAssembly kernels loaded, without waiting for them. Asked by those whose work is worth it: pages that hold little
 * never load them.
 */
export function loadWasm(): void {
  if (isLoading) return;
  isLoading = true;
  void import('../wasm/index.js').then(
    (kernels) => {
      wasm = kernels;
    },
    () => {}, // The plain ones serve on.
  );
}
