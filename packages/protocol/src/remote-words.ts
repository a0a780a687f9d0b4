import { encodeUtf8, RemoteError, startsWithBytes } from '@git-kv/objects';
import { encodeDataLine } from './pkt-line/encode.js';
import { lineText, remoteWords } from './text.js';

const ERR = /* @__PURE__ */ encodeUtf8('ERR ');

/**
 * The error in a line "ERR explanation", which a server may send in place of any line, or `undefined`.
 * @see gitprotocol-pack(5), "error-line"
 */
export function parseErrorLine(payload: Uint8Array): RemoteError | undefined {
  if (!startsWithBytes(payload, ERR)) return undefined;
  return remoteFailure(lineText(payload.subarray(ERR.length)));
}

/** A line "ERR explanation". It ends the conversation. */
export function serializeErrorLine(explanation: string): Uint8Array {
  return encodeDataLine(encodeUtf8(`ERR ${explanation}\n`.slice(0, 4096)));
}

/** What the remote said as it gave up. */
export function remoteFailure(text: string): RemoteError {
  const words = remoteWords(text) || 'no reason given';
  return new RemoteError('REMOTE_ERROR', words, `Cannot go on: the remote says: ${words}`);
}
