import { createArena as createPlainArena } from '../arena.js';
import { loadWasm, wasm } from './switch.js';

/** As the plain `createArena`. Who makes one is about to do much. */
export function createArena(size: number): Uint8Array {
  loadWasm();
  return (wasm?.createArena ?? createPlainArena)(size);
}
