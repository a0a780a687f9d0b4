import type { DiskImage } from '../support/disk-image.js';
import { type FsCall, PowerLossFs } from '../support/power-loss-fs.js';
import type { Expected } from './check.js';
import { CRASHING, openAnew } from './lives.js';
import type { Scenario } from './scenarios.js';

/** A scenario that ran to its end without a fault. */
export class Recording {
  /** What the disk was at first, and after every change. */
  readonly history: readonly DiskImage[];
  readonly calls: readonly FsCall[];
  /** Places in the history at which each step began and was acknowledged. */
  readonly #begun: readonly number[];
  readonly #acknowledged: readonly number[];

  private constructor(fs: PowerLossFs, begun: readonly number[], acknowledged: readonly number[]) {
    this.history = fs.history;
    this.calls = fs.calls;
    this.#begun = begun;
    this.#acknowledged = acknowledged;
  }

  static async make(scenario: Scenario): Promise<Recording> {
    const fs = new PowerLossFs(scenario.base, { record: true });
    const begun: number[] = [];
    const acknowledged: number[] = [];
    const repository = await openAnew(fs, scenario.options, CRASHING);
    for (const step of scenario.steps) {
      begun.push(fs.history.length - 1);
      await step.run(repository);
      acknowledged.push(fs.history.length - 1);
    }
    await repository.close();
    return new Recording(fs, begun, acknowledged);
  }

  /** What must hold of a crash after change `at`. */
  expectedAt(at: number): Expected {
    const count = (places: readonly number[]): number => places.filter((place) => place <= at).length;
    return { acknowledged: count(this.#acknowledged), begun: count(this.#begun) };
  }
}
