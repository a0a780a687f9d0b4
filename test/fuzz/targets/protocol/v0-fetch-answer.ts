import { isGitError } from '@git-kv/objects';
import { connectUploadPack, parseCapabilityList, serializeV0Advertisement, type Transport } from '@git-kv/protocol';
import { algorithmOfVariant } from '../../lib/formats.js';
import { allSamples } from '../../lib/samples.js';
import type { FuzzTarget } from '../../lib/target.js';
import { drain, mutateLines, WIRE_WORDS } from '../../lib/wire.js';

const FLAGS = 'multi_ack_detailed no-done side-band-64k shallow ofs-delta';

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

export const v0FetchAnswer: FuzzTarget = {
  name: 'v0-fetch-answer',
  about: 'the answer to every round of a v0 fetch, as the whole client reads it',
  isText: true,
  dictionary: [...WIRE_WORDS, 'ACK ', 'NAK\n', ' common\n', ' ready\n', ' continue\n', 'shallow ', 'unshallow '],
  seeds: () => allSamples().map(({ format, wire }) => ({ bytes: wire.v0FetchAnswer, variant: format })),
  mutate: mutateLines,
  async execute(bytes, variant) {
    const algorithm = algorithmOfVariant(variant);
    const oid = 'a'.repeat(algorithm.hexLength);
    const advertisement = serializeV0Advertisement({
      algorithm,
      capabilities: parseCapabilityList(`${FLAGS} object-format=${algorithm.name}`),
      refs: [{ name: 'HEAD', oid }],
    });
    const transport: Transport = {
      url: 'fuzz',
      exchange: async ({ phase }) => once(phase === 'advertise' ? advertisement : bytes),
    };
    const client = await connectUploadPack(transport, { version: 0 });
    const fetchWith = async (count: number): Promise<void> => {
      const haves = Array.from({ length: count }, (_, index) => index.toString(16).padStart(algorithm.hexLength, 'b'));
      const answer = await client.fetch({ wants: [oid], haves, depth: 1 });
      await drain(answer.pack);
    };
    // So many take a second round, for which real bytes are no answer; and they take their time.
    if (bytes.length % 8 === 0) {
      await fetchWith(257).catch((error: unknown) => {
        if (!isGitError(error)) throw error;
      });
    }
    await fetchWith(1);
  },
};
