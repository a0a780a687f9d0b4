import { decodeLoose, type HashAlgorithm, hashObject, type Oid, oidToBytes } from '@git-kv/objects';
import type { AuditOptions, AuditVisitor } from '../../audit.js';
import { isDamage } from '../../is-damage.js';
import { auditPack } from './audit-packs.js';
import type { Disk } from './disk.js';
import { isAbsent } from './fs.js';
import { joinPath } from './path.js';

/** Loose objects read at a time. */
const CONCURRENCY = 16;

/** Look at everything in one `objects` directory, whole or not. */
export async function auditObjects(
  disk: Disk,
  directory: string,
  algorithm: HashAlgorithm,
  visitor: AuditVisitor,
  options: AuditOptions,
): Promise<void> {
  await new LooseAudit(disk, directory, algorithm, visitor, options).run();
  const entries = await disk.findEntries(joinPath(directory, 'pack'));
  const names = entries.flatMap(({ name }) => /^(pack-[0-9a-f]+)\.idx$/.exec(name)?.[1] ?? []);
  const packs = new Set(entries.map(({ name }) => name));
  for (const [at, name] of names.sort().entries()) {
    const path = joinPath(directory, `pack/${name}`);
    // An idx without its pack is no pack, as with git.
    if (!packs.has(`${name}.pack`)) continue;
    const onProgress = (loaded: number): void =>
      options.onProgress?.({ phase: `pack ${at + 1} of ${names.length}`, loaded });
    await auditPack({ disk, algorithm, path, visitor, options, onProgress });
  }
}

class LooseAudit {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #algorithm: HashAlgorithm;
  readonly #visitor: AuditVisitor;
  readonly #options: AuditOptions;

  constructor(disk: Disk, directory: string, algorithm: HashAlgorithm, visitor: AuditVisitor, options: AuditOptions) {
    this.#disk = disk;
    this.#directory = directory;
    this.#algorithm = algorithm;
    this.#visitor = visitor;
    this.#options = options;
  }

  async run(): Promise<void> {
    const rest = new RegExp(`^[0-9a-f]{${this.#algorithm.hexLength - 2}}$`);
    for (let byte = 0; byte < 256; byte++) {
      const { signal, onProgress } = this.#options;
      signal?.throwIfAborted();
      const firstByte = byte.toString(16).padStart(2, '0');
      const oids: Oid[] = [];
      for (const { name } of await this.#disk.findEntries(joinPath(this.#directory, firstByte))) {
        if (rest.test(name)) oids.push(firstByte + name);
        else if (!name.startsWith('tmp_obj_')) this.#tellStray(`${firstByte}/${name}`);
      }
      oids.sort();
      for (let start = 0; start < oids.length; start += CONCURRENCY) {
        await this.#auditBatch(oids.slice(start, start + CONCURRENCY));
      }
      onProgress?.({ phase: 'loose', loaded: byte + 1, total: 256 });
    }
  }

  #tellStray(name: string): void {
    const path = joinPath(this.#directory, name);
    this.#visitor.damage({ area: 'stray', path, message: 'the file has not the name of an object' });
  }

  async #auditBatch(oids: readonly Oid[]): Promise<void> {
    if (this.#options.presentOnly === true) {
      for (const oid of oids) this.#visitor.present(oidToBytes(oid), 0, undefined, false);
      return;
    }
    const files = await Promise.allSettled(oids.map((oid) => this.#disk.readFile(this.#path(oid))));
    for (const [at, file] of files.entries()) {
      const oid = oids[at] as Oid;
      if (file.status === 'fulfilled') this.#audit(oid, file.value);
      // Packed or pruned since it was listed.
      else if (!isAbsent(file.reason)) this.#tell(oid, file.reason);
    }
  }

  #audit(oid: Oid, bytes: Uint8Array): void {
    try {
      const { kind, body } = decodeLoose(bytes);
      const actualOid = hashObject(this.#algorithm, kind, body);
      if (actualOid !== oid) {
        const path = this.#path(oid);
        const message = `it holds ${kind} ${actualOid}`;
        this.#visitor.damage({ area: 'object', path, oid, actualOid, isPacked: false, message });
        return;
      }
      this.#visitor.content(kind, body, false, () => oid);
      this.#visitor.present(oidToBytes(oid), 0, kind, false);
    } catch (error) {
      this.#tell(oid, error);
    }
  }

  #tell(oid: Oid, error: unknown): void {
    if (!isDamage(error)) throw error;
    const path = this.#path(oid);
    this.#visitor.damage({ area: 'object', path, oid, isPacked: false, message: error.message, cause: error });
  }

  #path(oid: Oid): string {
    return joinPath(this.#directory, `${oid.slice(0, 2)}/${oid.slice(2)}`);
  }
}
