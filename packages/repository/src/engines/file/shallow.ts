import { assertOid, type HashAlgorithm, MalformedError } from '@git-kv/objects';
import type { ShallowStore } from '../../repository.js';
import type { Disk } from './disk.js';
import type { AcquireLock } from './lock-file.js';
import { NameQueue } from './name-queue.js';
import { parentPath } from './path.js';

/** git's `shallow` file: one commit a line whose parents this repository does not have. */
export class ShallowFile implements ShallowStore {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #algorithm: HashAlgorithm;
  readonly #acquireLock: AcquireLock;
  readonly #lockTimeoutMs: number;
  readonly #queue = new NameQueue();

  constructor(
    disk: Disk,
    path: string,
    algorithm: HashAlgorithm,
    { acquireLock, lockTimeoutMs }: { readonly acquireLock: AcquireLock; readonly lockTimeoutMs: number },
  ) {
    this.#disk = disk;
    this.#acquireLock = acquireLock;
    this.#path = path;
    this.#algorithm = algorithm;
    this.#lockTimeoutMs = lockTimeoutMs;
  }

  async read(): Promise<ReadonlySet<string>> {
    const bytes = await this.#disk.findFile(this.#path);
    const oids = new Set<string>();
    let offset = 0;
    for (const line of new TextDecoder().decode(bytes ?? new Uint8Array()).split('\n')) {
      if (line !== '') {
        if (line.length !== this.#algorithm.hexLength || !/^[0-9a-f]+$/.test(line)) {
          throw new MalformedError('shallow', offset, `a line is no object id of ${this.#algorithm.name}`);
        }
        oids.add(line);
      }
      offset += line.length + 1;
    }
    return oids;
  }

  async update(change: { readonly add: Iterable<string>; readonly remove: Iterable<string> }): Promise<void> {
    const added = [...change.add];
    const removed = [...change.remove];
    for (const oid of added) assertOid(oid);
    await this.#queue.run([this.#path], async () => {
      const lock = await this.#acquireLock(this.#path, { timeoutMs: this.#lockTimeoutMs });
      try {
        const oids = new Set(await this.read());
        for (const oid of removed) oids.delete(oid);
        for (const oid of added) oids.add(oid);
        if (oids.size === 0) {
          await this.#disk.removeFile(this.#path);
        } else {
          await lock.write(new TextEncoder().encode([...oids].sort().join('\n') + '\n'));
          await lock.commit();
        }
        await this.#disk.syncDirectory(parentPath(this.#path));
      } finally {
        await lock.release();
      }
    });
  }
}
