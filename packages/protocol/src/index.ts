/**
 * Git's wire protocol: lines and messages, sessions over them, and the transports that carry them. To it, a pack is opaque
 * bytes: it neither reads nor makes one, and it stores nothing.
 *
 * ```ts
 * import { connectUploadPack, createHttpTransport } from '@git-kv/protocol';
 *
 * const remote = await connectUploadPack(createHttpTransport('https://example.org/project.git'));
 * const head = (await remote.lsRefs({ prefixes: ['HEAD'] })).find((ref) => ref.name === 'HEAD');
 * if (head?.oid !== undefined) {
 *   const { pack } = await remote.fetch({ wants: [head.oid], depth: 1 });
 *   for await (const chunk of pack ?? []) process.stdout.write(chunk);
 * }
 * ```
 *
 * @module
 */
export * from './bundle/index.js';
export * from './capabilities.js';
export * from './limits.js';
export * from './negotiation.js';
export * from './object-filter.js';
export * from './pkt-line/buffer.js';
export * from './pkt-line/decode.js';
export * from './pkt-line/encode.js';
export * from './pkt-line/line.js';
export * from './pkt-line/reader.js';
export * from './receive-pack/advertisement.js';
export * from './receive-pack/coded-refusal.js';
export * from './receive-pack/report.js';
export * from './receive-pack/request.js';
export { assertRemoteRefName, type RemoteRef } from './ref-line.js';
export * from './refspec.js';
export { parseErrorLine, serializeErrorLine } from './remote-words.js';
export * from './session/push-interrupted.js';
export {
  connectReceivePack,
  type PushOptions,
  type ReceivePackClient,
} from './session/receive-pack-client.js';
export * from './session/upload-pack.js';
export { connectUploadPack } from './session/upload-pack-client.js';
export * from './sideband.js';
export { BytePipe } from './transport/byte-pipe.js';
export {
  type Credentials,
  type CredentialsProvider,
  type CredentialsRequest,
  type CredentialsStore,
  chainCredentials,
} from './transport/credentials.js';
export * from './transport/daemon-request.js';
export type { FetchBodyReader, FetchFunction, FetchResponse } from './transport/fetch-function.js';
export { createHttpTransport, type HttpTransportOptions } from './transport/http.js';
export type { PaceOptions } from './transport/pace.js';
export { parseRemoteAddress, type RemoteAddress } from './transport/remote-address.js';
export * from './transport/requested-version.js';
export { parseRetryAfter, type RetryClock, type RetryOptions } from './transport/retry.js';
export * from './transport/transport.js';
export * from './v0/acknowledgment.js';
export * from './v0/advertisement.js';
export * from './v0/have-line.js';
export * from './v0/shallow-lines.js';
export * from './v0/upload-request.js';
export * from './v2/advertisement.js';
export * from './v2/command.js';
export * from './v2/fetch-answer.js';
export * from './v2/fetch-request.js';
export * from './v2/ls-refs.js';
export * from './v2/object-info.js';
