// inflate.mjs NAME: measure one implementation of inflate for zlib streams.
import { inflateSync } from 'node:zlib';
import { reportInflate } from '../../lib/kernel.mjs';

/** @type {Record<string, () => Promise<(stream: Uint8Array, inflatedSize: number) => Uint8Array>>} */
const implementations = {
  'node:zlib': async () => (stream, inflatedSize) => {
    // `info` returns the engine too, which is how a caller learns how many bytes the stream took.
    const { buffer } = /** @type {{ buffer: Uint8Array }} */ (
      /** @type {unknown} */ (inflateSync(stream, { info: true, chunkSize: Math.max(64, inflatedSize) }))
    );
    return buffer;
  },
  fflate: async () => {
    const { unzlibSync } = await import('fflate');
    return (stream, inflatedSize) => unzlibSync(stream, { out: new Uint8Array(inflatedSize) });
  },
  pako: async () => {
    // @ts-expect-error: it has no types
    const { default: pako } = await import('pako');
    return (stream) => pako.inflate(stream);
  },
};

const load = implementations[process.argv[2] ?? ''];
if (!load) throw new Error(`usage: node inflate.mjs ${Object.keys(implementations).join('|')}`);
reportInflate(await load());
