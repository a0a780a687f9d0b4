import type { Oid, RawObject } from '@git-kv/objects';
import { RemoteError } from '@git-kv/objects';
import { packBytes } from '@git-kv/pack';
import type { FetchOptions } from '@git-kv/protocol';
import type { ObjectReader, PromisorClient } from '@git-kv/repository';

/** What a promisor was asked. */
export interface Asked {
  readonly wants: readonly Oid[];
  readonly haves: number;
  readonly filter: string | undefined;
}

export interface PromisorOptions {
  /** What is sent for the wants, as a server that lies would choose it. */
  readonly send?: (wants: readonly Oid[]) => readonly Oid[];
  /** Called before each answer; it may wait, or throw. */
  readonly beforeAnswer?: (asked: Asked, options: FetchOptions) => Promise<void> | void;
  /** Bytes of the pack that arrive before the connection breaks. */
  readonly cutAt?: number;
}

/** A promisor remote that sends exactly the objects of `source` that it is asked for, and remembers the questions. */
export class TestPromisor {
  readonly asked: Asked[] = [];
  connections = 0;
  closed = 0;
  options: PromisorOptions;
  readonly #source: ObjectReader;

  constructor(source: ObjectReader, options: PromisorOptions = {}) {
    this.#source = source;
    this.options = options;
  }

  readonly connect = async (): Promise<PromisorClient> => {
    this.connections++;
    const client: PromisorClient = {
      capabilities: [{ name: 'fetch', value: 'shallow filter' }],
      fetch: async (options) => {
        const haves: Oid[] = [];
        for await (const oid of options.haves ?? []) haves.push(oid);
        const asked = { wants: options.wants, haves: haves.length, filter: options.filter };
        this.asked.push(asked);
        await this.options.beforeAnswer?.(asked, options);
        const objects: (RawObject & { oid: Oid })[] = [];
        for (const oid of this.options.send?.(options.wants) ?? options.wants) {
          const object = await this.#source.read(oid);
          if (object === undefined) {
            const words = `upload-pack: not our ref ${oid}`;
            throw new RemoteError('REMOTE_ERROR', words, `Cannot go on: the remote says: ${words}`);
          }
          objects.push({ oid, ...object });
        }
        const { bytes } = await packBytes({ algorithm: this.#source.algorithm, objects, objectCount: objects.length });
        const pack = bytes.subarray(0, this.options.cutAt ?? bytes.length);
        return {
          pack: (async function* () {
            for (let at = 0; at < pack.length; at += 512) {
              options.signal?.throwIfAborted();
              yield pack.subarray(at, at + 512);
            }
          })(),
          shallowOids: [],
          unshallowOids: [],
          commonOids: [],
          wantedRefs: [],
        };
      },
      close: async () => void this.closed++,
    };
    return client;
  };
}
