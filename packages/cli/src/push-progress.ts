import type { PushRefsOptions } from '@git-kv/repository';
import type { Console } from './console.js';
import type { GivenOptions } from './git-options.js';
import { RemoteProgress } from './progress.js';

const INTERVAL_MS = 200;

const TITLES: Readonly<Record<string, string>> = { deltas: 'Compressing objects', write: 'Writing objects' };

type PushCallbacks = Pick<PushRefsOptions, 'onRemoteProgress' | 'onProgress' | 'onPackSent'>;

/** Shows how far a push is, in git's words: what the remote says, and what is done here. */
export class PushProgress {
  readonly #remote: RemoteProgress;
  readonly #isOn: boolean;
  #shown = 0;
  #writingSince: number | undefined;
  #title: string | undefined;

  /** As git: on a terminal, or where it is asked for; where quiet is, only if it is asked for. */
  constructor(console: Console, options: GivenOptions) {
    const given = options.options.findLast(({ name }) => name === 'progress');
    this.#isOn = given === undefined ? console.stderr.isTTY && !options.has('quiet') : !given.negated;
    this.#remote = new RemoteProgress(console, this.#isOn);
  }

  /** For a push. */
  get callbacks(): PushCallbacks {
    const remote: PushCallbacks = { onRemoteProgress: (line, transient) => this.#remote.say(line, transient) };
    if (!this.#isOn) return remote;
    return {
      ...remote,
      onProgress: ({ phase, loaded, total = loaded }) => {
        if (phase === 'count') this.write(`Enumerating objects: ${loaded}, done.\n`);
        else this.#step(TITLES[phase] ?? phase, loaded, total);
      },
      onPackSent: ({ objectCount, packSize, deltaCount, reusedCount, reusedDeltaCount }) => {
        if (objectCount > 0) {
          const seconds = Math.max(1, performance.now() - (this.#writingSince ?? performance.now())) / 1000;
          const speed = `${humanBytes(packSize)} | ${humanBytes(packSize / seconds)}/s`;
          this.write(`Writing objects: 100% (${objectCount}/${objectCount}), ${speed}, done.\n`);
        }
        const reused = `reused ${reusedCount} (delta ${reusedDeltaCount}), pack-reused 0`;
        this.write(`Total ${objectCount} (delta ${deltaCount}), ${reused}\n`);
      },
    };
  }

  #step(title: string, loaded: number, total: number): void {
    const isWriting = title === TITLES.write;
    if (isWriting) this.#writingSince ??= performance.now();
    const isLast = loaded === total;
    // The last line of what is written says how much it was.
    if (isLast ? isWriting || this.#title === `${title}, done` : performance.now() - this.#shown < INTERVAL_MS) return;
    this.#shown = performance.now();
    this.#title = isLast ? `${title}, done` : title;
    const share = total === 0 ? 100 : Math.floor((100 * loaded) / total);
    this.write(`${title}: ${share.toString().padStart(3)}% (${loaded}/${total})${isLast ? ', done.\n' : '\r'}`);
  }

  /** A line of our own, in the same order as what the remote says. */
  write(text: string): void {
    this.#remote.write(text);
  }

  /** All is out when this returns. */
  async end(): Promise<void> {
    await this.#remote.end();
  }
}

const UNITS: readonly string[] = ['KiB', 'MiB', 'GiB'];

/** Bytes as git shows them: `373 bytes`, `6.21 MiB`. */
function humanBytes(bytes: number): string {
  if (bytes <= 1024) return Math.round(bytes) === 1 ? '1 byte' : `${Math.round(bytes)} bytes`;
  let [value, unit] = [bytes / 1024, 0];
  for (; value > 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${value.toFixed(2)} ${UNITS[unit]}`;
}
