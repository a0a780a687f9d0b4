import { connectUploadPack } from '@git-kv/protocol';
import { backFill, type PromisorClient, type Repository } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import type { Console } from './console.js';
import { openConfiguredRemote } from './remote.js';
import { openHere } from './repository.js';

/** {@link openHere}; what a partial clone lacks is read from its promisor remote. */
export async function openWhole(console: Console): Promise<Repository> {
  return await readingOn(await openHere(console), console);
}

/**
 * The repository, and where it is a partial clone, what it lacks is fetched when it is read, as git does unless GIT_NO_LAZY_FETCH says
 * otherwise. Whoever closes one closes both.
 */
export async function readingOn(repository: FileRepository, console: Console): Promise<Repository> {
  const [promisor] = await repository.promisors.read();
  const url = promisor && repository.layout.config.get('remote', 'url', promisor.name);
  if (url === undefined || /^(?:1|true|yes|on)$/i.test(console.env.GIT_NO_LAZY_FETCH ?? '')) return repository;
  return backFill(repository, () => connectPromisor(url, console));
}

/** A session that lets go of its transport, too. */
async function connectPromisor(url: string, console: Console): Promise<PromisorClient> {
  const transport = await openConfiguredRemote(url, console);
  try {
    const client = await connectUploadPack(transport, { signal: console.signal });
    return {
      capabilities: client.capabilities,
      fetch: (options) => client.fetch(options),
      close: async () => {
        await client.close();
        await transport.close?.();
      },
    };
  } catch (error) {
    await transport.close?.();
    throw error;
  }
}
