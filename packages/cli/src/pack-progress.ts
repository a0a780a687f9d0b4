import type { PackObjectsSummary, PackProgress } from '@git-kv/pack';
import type { Console } from './console.js';

/** Milliseconds between two counts on the terminal. */
const INTERVAL_MS = 200;

const TITLES: Readonly<Record<string, string>> = { deltas: 'Compressing objects', write: 'Writing objects' };

/** Says on standard error how far a pack is, in git's words. */
export class PackProgressLines {
  readonly #console: Console;
  readonly #isOn: boolean;
  #shown = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(console: Console, isOn: boolean) {
    this.#console = console;
    this.#isOn = isOn;
  }

  counted(count: number): void {
    this.#say(`Enumerating objects: ${count}, done.\n`);
  }

  step({ phase, loaded, total = loaded }: PackProgress): void {
    const isLast = loaded === total;
    if (!isLast && performance.now() - this.#shown < INTERVAL_MS) return;
    this.#shown = performance.now();
    const share = total === 0 ? 100 : Math.floor((100 * loaded) / total);
    this.#say(`${TITLES[phase] ?? phase}: ${share}% (${loaded}/${total})${isLast ? ', done.\n' : '\r'}`);
  }

  async end({ objectCount, deltaCount, reusedCount, reusedDeltaCount }: PackObjectsSummary): Promise<void> {
    const reused = `reused ${reusedCount} (delta ${reusedDeltaCount}), pack-reused 0`;
    this.#say(`Total ${objectCount} (delta ${deltaCount}), ${reused}\n`);
    await this.#last;
  }

  #say(text: string): void {
    if (!this.#isOn) return;
    // Nobody reads: the work goes on.
    this.#last = this.#last.then(() => this.#console.stderr.write(text)).catch(() => undefined);
  }
}
