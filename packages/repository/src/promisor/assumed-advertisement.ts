import type { HashAlgorithm } from '@git-kv/objects';
import { serializeServiceLine, serializeV2Advertisement, type Transport } from '@git-kv/protocol';

/**
 * A transport that says itself what any server of protocol 2 with filters would: its announcement need not be asked for, which spares
 * a request. Where the server is another, what follows fails. `undefined` where the transport has no requests of their own.
 */
export function assumeAdvertisement(transport: Transport, algorithm: HashAlgorithm): Transport | undefined {
  if (!('exchange' in transport)) return undefined;
  return {
    url: transport.url,
    exchange: async (call) => (call.phase === 'advertise' ? advertise(algorithm) : await transport.exchange(call)),
  };
}

async function* advertise({ name }: HashAlgorithm): AsyncGenerator<Uint8Array> {
  yield serializeServiceLine('git-upload-pack');
  yield serializeV2Advertisement([
    { name: 'ls-refs' },
    { name: 'fetch', value: 'shallow filter' },
    { name: 'object-format', value: name },
  ]);
}
