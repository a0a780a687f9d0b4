import { TransportError } from '@git-kv/objects';

/** The peer closed the connection before its message was whole. @throws {TransportError} TRANSPORT_CLOSED, always */
export function closedEarly(): never {
  throw new TransportError('TRANSPORT_CLOSED', 'Cannot read the message to its end: the remote closed the connection', {
    retryable: true,
  });
}
