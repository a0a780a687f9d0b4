import type { ByteSource, PackStorage } from '@git-kv/pack';
import type { DiskFile } from './disk.js';
import { fileSource } from './file-source.js';

/** Bytes gathered before they are written: the network delivers small pieces, the disk likes large ones. */
const BUFFER_BYTES = 1 << 18;

/** A {@link PackStorage} in a file. The file belongs to the caller, who closes it. */
export class FilePackStorage implements PackStorage {
  readonly #file: DiskFile;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #buffered = 0;
  #written = 0;

  constructor(file: DiskFile) {
    this.#file = file;
  }

  /** Bytes appended so far. */
  get size(): number {
    return this.#written + this.#buffered;
  }

  async append(bytes: Uint8Array): Promise<void> {
    if (this.#buffered + bytes.length > BUFFER_BYTES) await this.flush();
    if (bytes.length > BUFFER_BYTES) {
      await this.#file.write(bytes, this.#written);
      this.#written += bytes.length;
      return;
    }
    this.#buffer.set(bytes, this.#buffered);
    this.#buffered += bytes.length;
  }

  async overwrite(offset: number, bytes: Uint8Array): Promise<void> {
    if (offset < 0 || offset + bytes.length > this.size) {
      throw new RangeError(`Cannot overwrite ${bytes.length} bytes at ${offset}: the pack has ${this.size}`);
    }
    await this.flush();
    await this.#file.write(bytes, offset);
  }

  async source(): Promise<ByteSource> {
    await this.flush();
    const { close: _, ...source } = fileSource(this.#file, this.#written);
    return source;
  }

  /** Hand everything appended to the file. */
  async flush(): Promise<void> {
    if (this.#buffered === 0) return;
    await this.#file.write(this.#buffer.subarray(0, this.#buffered), this.#written);
    this.#written += this.#buffered;
    this.#buffered = 0;
  }
}
