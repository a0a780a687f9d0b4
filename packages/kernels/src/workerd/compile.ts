// Workers forbid making WebAssembly from bytes; what they import as a file is compiled already. The path holds from here and from
// dist/workerd alike: a build copies nothing.
import kernels from '../../src/wasm/kernels.wasm';

/** The module, as the runtime compiled it. */
export function compileKernels(): object | null {
  return kernels;
}
