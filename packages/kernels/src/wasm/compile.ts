import { MODULE } from './module.js';
import { decodeBase64, findWasmPlatform } from './platform.js';

/**
 * The compiled module, or `null` where WebAssembly is missing or may not be made from bytes. src/workerd/compile.ts stands in for this
 * file where the runtime compiles `.wasm` files itself: package.json chooses, under `imports`.
 */
export function compileKernels(): object | null {
  const platform = findWasmPlatform();
  return platform === undefined ? null : new platform.Module(decodeBase64(MODULE));
}
