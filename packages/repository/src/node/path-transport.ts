import { stat } from 'node:fs/promises';
import { isGitError, NotFoundError } from '@git-kv/objects';
import type { ConnectionTransport, ProtocolVersion, Service } from '@git-kv/protocol';
import type { FileRepository, FileRepositoryOptions } from '../engines/file/index.js';
import { createInProcessTransport } from '../remote/in-process.js';
import { type ConversationOptions, serveConversation } from '../serve/conversation.js';
import { openRepository } from './repository.js';

/** How a repository on this machine serves its clients. */
export interface PathTransportOptions extends FileRepositoryOptions {
  /** Rules, hooks and the like of one conversation, found when the repository is open. */
  readonly serve?: (
    repository: FileRepository,
    service: Service,
  ) => Omit<ConversationOptions, 'version' | 'signal'> | Promise<Omit<ConversationOptions, 'version' | 'signal'>>;
}

/** What git tries for a path, in its order. */
const SPELLINGS = ['/.git', '', '.git/.git', '.git'];

/**
 * A transport to the repository at a path of this machine, served by this process: no program is run, and so none of the scripts
 * in its `hooks`, unless `serve` gives hooks that do. It is opened for each connection, and closed with it.
 */
export function createPathTransport(path: string, options: PathTransportOptions = {}): ConnectionTransport {
  const { serve, ...open } = options;
  const service = (name: Service) =>
    async function* (
      incoming: AsyncIterable<Uint8Array>,
      call: { readonly version: ProtocolVersion; readonly signal: AbortSignal },
    ): AsyncGenerator<Uint8Array> {
      const repository = await openAnySpelling(path, open);
      try {
        yield* serveConversation(repository, name, incoming, { ...(await serve?.(repository, name)), ...call });
      } finally {
        await repository.close();
      }
    };
  return createInProcessTransport({
    url: path,
    uploadPack: service('git-upload-pack'),
    receivePack: service('git-receive-pack'),
  });
}

async function openAnySpelling(path: string, options: FileRepositoryOptions): Promise<FileRepository> {
  for (const ending of SPELLINGS) {
    const spelling = `${path}${ending}`;
    if (!(await isDirectory(spelling))) continue;
    try {
      return await openRepository(spelling, options);
    } catch (error) {
      if (!isGitError(error, 'NOT_A_REPOSITORY')) throw error;
    }
  }
  throw new NotFoundError('REPOSITORY_NOT_FOUND', path, `Cannot find a repository at ${path}`);
}

async function isDirectory(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false, // nothing there, or nothing that can be seen
  );
}
