import type { FetchIntoOptions, Progress } from '@git-kv/repository';
import type { Console } from './console.js';
import type { GivenOptions } from './git-options.js';
import { RemoteProgress } from './progress.js';

const INTERVAL_MS = 200;

const TITLES: Readonly<Record<string, string>> = { scan: 'Receiving objects', resolve: 'Resolving deltas' };

/** Shows how far a fetch is: what the remote says, and what is done here. */
export class TransferProgress {
  readonly #remote: RemoteProgress;
  #shown = 0;
  #open: string | undefined;

  constructor(console: Console) {
    this.#remote = new RemoteProgress(console, true);
  }

  /** As git: on a terminal, or where it is asked for; never where quiet is. */
  static for(console: Console, options: GivenOptions): TransferProgress | undefined {
    const given = options.options.findLast(({ name }) => name === 'progress');
    const isWanted = given === undefined ? console.stderr.isTTY && !options.has('quiet') : !given.negated;
    return isWanted ? new TransferProgress(console) : undefined;
  }

  /** For a fetch. */
  get callbacks(): Required<Pick<FetchIntoOptions, 'onProgress' | 'onRemoteProgress'>> {
    return {
      onProgress: (progress) => this.#step(progress),
      onRemoteProgress: (line, transient) => this.#remote.say(line, transient),
    };
  }

  #step({ phase, loaded, total = loaded }: Progress): void {
    const title = TITLES[phase];
    if (title === undefined || total === 0) return;
    const isLast = loaded === total;
    if (isLast ? this.#open === `${title}, done` : performance.now() - this.#shown < INTERVAL_MS) return;
    this.#shown = performance.now();
    this.#open = isLast ? `${title}, done` : title;
    const share = Math.floor((100 * loaded) / total);
    this.#remote.write(`${title}: ${share.toString().padStart(3)}% (${loaded}/${total})${isLast ? ', done.\n' : '\r'}`);
  }

  /** All is out when this returns. */
  async end(): Promise<void> {
    await this.#remote.end();
  }
}
