import { GitError, TransportError } from '@git-kv/objects';
import { BytePipe, type Connection, type ConnectionTransport, type ProtocolVersion } from '@git-kv/protocol';
import type { Repository } from '../repository.js';
import { type ConversationOptions, serveConversation } from '../serve/conversation.js';

/** One service: what it says, given what the client says. It is begun at once and read as fast as the client reads. */
export type ServiceFunction = (
  incoming: AsyncIterable<Uint8Array>,
  call: { readonly version: ProtocolVersion; readonly signal: AbortSignal },
) => AsyncIterable<Uint8Array>;

/** The services that a client of this process can have. */
export interface InProcessServices {
  /** What {@link ConnectionTransport.url} says; default `in-process:`. */
  readonly url?: string;
  readonly uploadPack?: ServiceFunction;
  readonly receivePack?: ServiceFunction;
}

/** A transport to functions of this process, such as those that serve a repository. */
export function createInProcessTransport(services: InProcessServices): ConnectionTransport {
  const { url = 'in-process:' } = services;
  return {
    url,
    async connect({ service, version = 0, signal }) {
      signal?.throwIfAborted();
      const serve = service === 'git-upload-pack' ? services.uploadPack : services.receivePack;
      if (serve === undefined) throw new GitError('UNSUPPORTED', `Cannot use ${service} at ${url}: it is not served`);
      return converse(serve, version);
    },
  };
}

/** A transport to a repository that this process has open already; it stays open. */
export function createRepositoryTransport(
  repository: Repository,
  options: Omit<ConversationOptions, 'version' | 'signal'> & { readonly url?: string } = {},
): ConnectionTransport {
  const { url, ...rest } = options;
  return createInProcessTransport({
    ...(url !== undefined && { url }),
    uploadPack: (incoming, call) => serveConversation(repository, 'git-upload-pack', incoming, { ...rest, ...call }),
    receivePack: (incoming, call) => serveConversation(repository, 'git-receive-pack', incoming, { ...rest, ...call }),
  });
}

function converse(serve: ServiceFunction, version: ProtocolVersion): Connection {
  const requests = new BytePipe();
  const answers = new BytePipe();
  const controller = new AbortController();

  const served = (async () => {
    try {
      for await (const chunk of serve(requests, { version, signal: controller.signal })) await answers.write(chunk);
      answers.end();
    } catch (error) {
      answers.end(error);
    } finally {
      requests.closeReader();
    }
  })();

  return {
    incoming: answers,
    send: (bytes) => requests.write(bytes),
    finish: async () => requests.end(),
    close: async () => {
      const reason = new TransportError('TRANSPORT_CLOSED', 'Cannot go on: the client has let go of the connection');
      requests.end(reason);
      answers.closeReader();
      controller.abort(reason);
      await served;
    },
  };
}
