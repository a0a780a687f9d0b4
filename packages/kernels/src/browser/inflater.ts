import { createInflater as createPlainInflater } from '../inflater.js';
import type { Inflater, InflaterOptions } from '../types.js';
import { wantWasm, wasm } from './switch.js';

/** As the plain `createInflater`. */
export function createInflater(options?: InflaterOptions): Inflater {
  wantWasm();
  return (wasm?.createInflater ?? createPlainInflater)(options);
}
