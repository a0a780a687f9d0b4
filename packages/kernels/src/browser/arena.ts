import { createArena as createPlainArena } from '../arena.js';
import { wantWasm, wasm } from './switch.js';

/** As the plain `createArena`. Who makes one is about to do much. */
export function createArena(size: number): Uint8Array {
  wantWasm();
  return (wasm?.createArena ?? createPlainArena)(size);
}
