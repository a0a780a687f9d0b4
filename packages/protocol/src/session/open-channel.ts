import type { ProtocolVersion, Service, Transport } from '../transport/transport.js';
import type { Channel } from './channel.js';
import { ConnectionChannel } from './connection-channel.js';
import { RequestChannel } from './request-channel.js';

/** The channel to `service` over `transport`. Nothing is sent yet. */
export function openChannel(transport: Transport, service: Service, version: ProtocolVersion): Channel {
  return 'exchange' in transport
    ? new RequestChannel(transport, service, version)
    : new ConnectionChannel(transport, service, version);
}
