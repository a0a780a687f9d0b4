import { isGitError } from '@git-kv/objects';
import { type ProtocolVersion, type Service, serializeErrorLine } from '@git-kv/protocol';
import type { Repository } from '../repository.js';
import { wordsForRemote } from './failure-words.js';
import {
  type AdvertiseReceivePackOptions,
  advertiseReceivePack,
  type ServeReceivePackOptions,
  serveReceivePack,
} from './receive-pack.js';
import { advertiseUploadPack, type ServeUploadPackOptions, serveUploadPack } from './upload-pack.js';

/** How a whole conversation is held. */
export interface ConversationOptions {
  /** The highest version that the client asked for; absent is 0. */
  readonly version?: ProtocolVersion | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly uploadPack?: Omit<ServeUploadPackOptions, 'signal'> | undefined;
  readonly receivePack?:
    | (Omit<ServeReceivePackOptions, 'signal'> & Pick<AdvertiseReceivePackOptions, 'pushOptions' | 'atomic'>)
    | undefined;
}

/**
 * Speak first and then answer, as a program at the other end of a connection does: what a client reads from `git-upload-pack` or
 * `git-receive-pack`, for what it writes.
 *
 * A request that cannot be parsed is told to the client in an ERR line before it is thrown.
 * @see gitprotocol-pack(5)
 */
export async function* serveConversation(
  repository: Repository,
  service: Service,
  incoming: AsyncIterable<Uint8Array>,
  options: ConversationOptions = {},
): AsyncGenerator<Uint8Array> {
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const onFailure = service === 'git-upload-pack' ? options.uploadPack?.onFailure : options.receivePack?.onFailure;
  try {
    if (service === 'git-upload-pack') {
      const { version = 0, uploadPack } = options;
      yield* advertiseUploadPack(repository, { version, hidden: uploadPack?.hidden ?? [], rules: uploadPack?.rules });
      yield* serveUploadPack(repository, incoming, { ...uploadPack, ...signal, version });
    } else {
      const { hidden = [], hooks, pushOptions = hooks !== undefined, atomic = true } = options.receivePack ?? {};
      yield* advertiseReceivePack(repository, { version: options.version, hidden, pushOptions, atomic });
      yield* serveReceivePack(repository, incoming, { isOpenEnded: true, ...options.receivePack, ...signal });
    }
  } catch (error) {
    // Nobody listens any more where the connection is what failed.
    if (!options.signal?.aborted && !isGitError(error, 'TRANSPORT_CLOSED')) {
      yield serializeErrorLine(`${service.slice('git-'.length)}: ${wordsForRemote(error, onFailure)}`);
    }
    throw error;
  }
}
