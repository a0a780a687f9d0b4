import { TransportError } from '@git-kv/objects';
import type { ConnectionTransport } from '@git-kv/protocol';
import { createRepositoryTransport, type PushHooks, type Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { type ConnectOptions, GitKv } from '../../src/index.js';

type Service = Parameters<ConnectionTransport['connect']>[0]['service'];

/** A repository of this process behind the whole protocol, and what happens on the way to it. */
export class InProcessRemote {
  readonly repository: Repository;
  readonly hooks: PushHooks = {};
  /** Connections so far. */
  readonly connections: Service[] = [];
  /** Run before each connection; what it throws is what the client gets. */
  onConnect: ((service: Service) => unknown) | undefined;
  /** No answer arrives any more, and nobody can connect. */
  isCut = false;

  constructor(repository: Repository = createMemoryRepository()) {
    this.repository = repository;
  }

  get transport(): ConnectionTransport {
    const { hooks } = this;
    const transport = createRepositoryTransport(this.repository, { receivePack: { hooks } });
    return {
      url: transport.url,
      connect: async (call) => {
        this.connections.push(call.service);
        await this.onConnect?.(call.service);
        this.#assertConnected();
        const connection = await transport.connect(call);
        return {
          incoming: this.#untilCut(connection.incoming),
          send: (bytes) => connection.send(bytes),
          finish: () => connection.finish(),
          close: () => connection.close(),
        };
      },
    };
  }

  async *#untilCut(incoming: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of incoming) {
      this.#assertConnected();
      yield chunk;
    }
  }

  #assertConnected(): void {
    if (this.isCut) throw new TransportError('TRANSPORT_CLOSED', 'Cannot reach the remote: the line is cut');
  }

  get pushes(): number {
    return this.connections.filter((service) => service === 'git-receive-pack').length;
  }

  /** A store that waits for nobody. */
  connect(options: ConnectOptions = {}): Promise<GitKv> {
    return GitKv.connect('test://in-process/store.git', { transport: this.transport, backOff: noWait, ...options });
  }

  /** The values there, by path. */
  async values(): Promise<Record<string, string>> {
    return await valuesOf(await GitKv.open(this.repository));
  }

  /** Messages from the newest commit back, along first parents. */
  async log(): Promise<string[]> {
    const value = await this.repository.refs.read('refs/heads/main');
    const messages: string[] = [];
    let oid = value !== undefined && 'oid' in value ? value.oid : undefined;
    while (oid !== undefined) {
      const commit = await this.repository.objects.read(oid);
      const text = new TextDecoder().decode(commit?.body);
      messages.push(text.slice(text.indexOf('\n\n') + 2));
      oid = /^parent ([0-9a-f]+)$/m.exec(text)?.[1];
    }
    return messages;
  }
}

export const noWait = async (): Promise<void> => {};

/** All values of a store, by path. */
export async function valuesOf(store: GitKv, key = '/'): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const { key: at, kind } of (await store.list(key)) ?? []) {
    if (kind === 'dictionary') Object.assign(values, await valuesOf(store, String(at)));
    else values[String(at).slice(1)] = (await store.getText(at)) ?? '';
  }
  return values;
}
