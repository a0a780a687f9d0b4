import { decodeUtf8 } from '@git-kv/objects';
import type { PktLine } from '../pkt-line/line.js';
import { ProgressLines } from '../progress-lines.js';
import { parseErrorLine, remoteFailure } from '../remote-words.js';
import { decodeSidebandLine, type LineSource, type OnRemoteProgress } from '../sideband.js';

/**
 * The lines of an answer all of which comes in a sideband (`sideband-all`): those of band 1, without the byte that names it.
 * Progress goes to `onProgress`; lines that only keep the connection alive are passed over.
 * @throws from `read`: {RemoteError} for band 3 and for an ERR line; {MalformedError} for what is no sideband
 * @see gitprotocol-v2(5), "sideband-all"
 */
export class SidebandLines implements LineSource {
  readonly #lines: LineSource;
  readonly #progress: ProgressLines;

  constructor(lines: LineSource, onProgress?: OnRemoteProgress) {
    this.#lines = lines;
    this.#progress = new ProgressLines(onProgress);
  }

  get offset(): number {
    return this.#lines.offset;
  }

  async read(): Promise<PktLine | undefined> {
    for (;;) {
      const line = await this.#lines.read();
      if (line?.kind !== 'data') return line;
      const failure = parseErrorLine(line.payload);
      if (failure !== undefined) throw failure;
      const { band, content } = decodeSidebandLine(line.payload, this.offset);
      if (band === 3) throw remoteFailure(decodeUtf8(content));
      if (band === 2) this.#progress.push(content);
      else if (content.length > 0) return { kind: 'data', payload: content };
    }
  }

  close(): Promise<void> {
    return this.#lines.close();
  }
}
