import type { ProtocolVersion } from './transport.js';

/**
 * The highest protocol version that a client asks for in the header `Git-Protocol`, or the environment variable GIT_PROTOCOL:
 * keys between colons, of which `version=N` counts and others are passed over.
 * @param text absent for a client that says nothing: version 0
 * @see git(1), "GIT_PROTOCOL"
 */
export function requestedVersion(text: string | null | undefined): ProtocolVersion {
  const keys = (text ?? '').split(':');
  const versions: readonly ProtocolVersion[] = [2, 1];
  return versions.find((version) => keys.includes(`version=${version}`)) ?? 0;
}
