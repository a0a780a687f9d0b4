import { NotFoundError, type Oid } from '@git-kv/objects';
import type { Transport } from '@git-kv/protocol';
import type { RemoteRepository } from '@git-kv/repository';
import { pushBranch, type SyncOptions, type Upstream, type UpstreamRefusal, type UpstreamTip } from '../upstream.js';

/**
 * A branch behind a transport, of which only what is asked for comes here. The store's repository is the remote itself, as
 * {@link RemoteRepository} shows it.
 */
export class PartialUpstream implements Upstream {
  readonly display: string;
  readonly keepsHistory = false;
  readonly #remote: RemoteRepository;
  readonly #transport: Transport;
  readonly #refName: string;
  /** What a pull brings along. */
  readonly #filter: string;

  constructor(remote: RemoteRepository, transport: Transport, refName: string, filter: string) {
    this.#remote = remote;
    this.#transport = transport;
    this.#refName = refName;
    this.#filter = filter;
    this.display = transport.url;
  }

  async find({ signal }: SyncOptions): Promise<UpstreamTip | undefined> {
    const branch = await this.#remote.findRef(this.#refName, signal ? { signal } : {});
    if (branch.status === 'empty') return undefined;
    if (branch.status === 'absent') {
      const message = `Cannot fetch ${this.#refName} from ${this.display}: it does not exist`;
      throw new NotFoundError('REMOTE_REF_NOT_FOUND', this.#refName, message);
    }
    const { oid } = branch;
    return {
      oid,
      fetch: async (what, haves, options) => {
        const given = options.signal ? { signal: options.signal } : {};
        // Trees and values of the commits between come when something reads them.
        if (what === 'history') await this.#remote.fetchCommit(oid, { ...given, filter: 'tree:0', haves });
        const known = this.#filter === 'tree:1' || haves.length === 0 ? {} : { haves };
        await this.#remote.fetchCommit(oid, { ...given, filter: this.#filter, ...known });
      },
    };
  }

  async push(expected: Oid | undefined, next: Oid, options: SyncOptions): Promise<UpstreamRefusal | undefined> {
    return await pushBranch(this.#remote.written, this.#transport, { name: this.#refName, expected, next }, options);
  }

  async settle(tips: readonly Oid[] | undefined, boundary: Oid | undefined): Promise<void> {
    if (tips !== undefined) await this.#remote.settle(tips);
    if (boundary === undefined) return;
    const { shallow } = this.#remote;
    const remove = [...(await shallow.read())].filter((oid) => oid !== boundary);
    await shallow.update({ add: [boundary], remove });
  }

  async close(): Promise<void> {
    await this.#remote.disconnect();
  }
}
