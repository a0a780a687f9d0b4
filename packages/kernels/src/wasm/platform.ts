/** What is used of WebAssembly, which every runtime has or lacks as a whole. */
export interface WasmGlobal {
  readonly value: number;
}
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}
interface WasmPlatform {
  readonly Module: new (bytes: Uint8Array) => object;
  compile(bytes: Uint8Array): Promise<object>;
  readonly Memory: new (size: { initial: number; maximum: number }) => WasmMemory;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

/** `undefined` where the runtime has no WebAssembly. */
export function findWasmPlatform(): WasmPlatform | undefined {
  return (globalThis as { WebAssembly?: WasmPlatform }).WebAssembly;
}

/** The bytes of `text`, which is base64 with its padding. */
export function decodeBase64(text: string): Uint8Array {
  // Node's own takes 0.3 ms for the module, and the loop below, which is compiled meanwhile, 3 to 8.
  const { Buffer } = globalThis as { readonly Buffer?: { from(text: string, encoding: 'base64'): Uint8Array } };
  return Buffer === undefined ? decodePlainly(text) : Buffer.from(text, 'base64');
}

/** {@link decodeBase64} where the runtime has nothing for it. */
export function decodePlainly(text: string): Uint8Array {
  const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const values = new Uint8Array(128);
  for (let value = 0; value < DIGITS.length; value++) values[DIGITS.charCodeAt(value)] = value;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  for (let from = 0, to = 0; from < text.length; from += 4, to += 3) {
    const word =
      (values[text.charCodeAt(from)]! << 18) |
      (values[text.charCodeAt(from + 1)]! << 12) |
      (values[text.charCodeAt(from + 2)]! << 6) |
      values[text.charCodeAt(from + 3)]!;
    // A typed array drops what is written past its end: the padding.
    bytes[to] = word >>> 16;
    bytes[to + 1] = word >>> 8;
    bytes[to + 2] = word;
  }
  return bytes;
}
