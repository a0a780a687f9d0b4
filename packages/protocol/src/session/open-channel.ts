import type { ProtocolVersion, Service, Transport } from '../transport/transport.js';
import type { Channel } from './channel.js';
import { RequestChannel } from './request-channel.js';

/** The channel to `service` over `transport`. Nothing is sent yet. */
export async function openChannel(transport: Transport, service: Service, version: ProtocolVersion): Promise<Channel> {
  if ('exchange' in transport) return new RequestChannel(transport, service, version);
  // Loaded when it is needed: a page has requests alone.
  const { ConnectionChannel } = await import('../later.js');
  return new ConnectionChannel(transport, service, version);
}
