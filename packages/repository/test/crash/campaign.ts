import { createHash } from 'node:crypto';
import { hashName, Random } from '../../../../test/fuzz/lib/random.js';
import { type DiskImage, listPaths, losePower, pendingCounts } from '../support/disk-image.js';
import { drawLoss, LOSE_ALL, lossVariants } from '../support/power-loss-states.js';
import { checkState, type Expected, LIVES, probeSteps } from './check.js';
import { canFail, FAULTS, runWithFault } from './faults.js';
import { FOLLOWING } from './lives.js';
import { Recording } from './recording.js';
import type { Scenario } from './scenarios.js';

/** A crash that can be made: `id` makes the same one again, with the scenario and the seed. */
interface Crash {
  readonly id: string;
  readonly about: string;
  make(): Promise<{ readonly image: DiskImage; readonly expected: Expected }>;
}

/** How a state came about: a process that died, a call that failed, a power loss, a crash in the recovery of one of these. */
export type CrashKind = 'stop' | 'fault' | 'loss' | 'recovery';

/** A state that broke a promise. */
export interface Failure {
  readonly id: string;
  readonly about: string;
  readonly problem: string;
}

/** What became of the crashes of one scenario. */
export interface Tally {
  readonly scenario: string;
  readonly seed: number;
  /** Different states that were checked, in all and by how they came about. */
  readonly states: number;
  readonly kinds: Readonly<Record<CrashKind, number>>;
  /** States that came up again, and were not checked again. */
  readonly repeated: number;
  /** The most that opening a repository cost, recovery included. */
  readonly openCalls: number;
  readonly openMs: number;
  readonly seconds: number;
  readonly failures: readonly Failure[];
}

/** Both together, as a tally of the first one's scenario. */
export function addTally(one: Tally, other: Tally | undefined): Tally {
  if (other === undefined) return one;
  return {
    ...one,
    states: one.states + other.states,
    kinds: {
      stop: one.kinds.stop + other.kinds.stop,
      fault: one.kinds.fault + other.kinds.fault,
      loss: one.kinds.loss + other.kinds.loss,
      recovery: one.kinds.recovery + other.kinds.recovery,
    },
    repeated: one.repeated + other.repeated,
    openCalls: Math.max(one.openCalls, other.openCalls),
    openMs: Math.max(one.openMs, other.openMs),
    seconds: one.seconds + other.seconds,
    failures: [...other.failures, ...one.failures],
  };
}

export interface CampaignOptions {
  readonly seed: number;
  /** Different states to check; a scenario that has fewer ends earlier. */
  readonly states: number;
  /** One crash alone, by its id. */
  readonly only?: string | undefined;
  readonly maxFailures?: number;
}

/** Rounds of drawing that find nothing new before a scenario counts as known. */
const MAX_IDLE_ROUNDS = 20;

/** States after a power loss or in a recovery of which one is checked thoroughly. */
const THOROUGH_ONE_IN = 4;

type MutableTally = { -readonly [Field in keyof Tally]: Tally[Field] } & {
  readonly kinds: Record<CrashKind, number>;
  readonly failures: Failure[];
};

/** Crashes of one scenario, each checked. */
export class Campaign {
  readonly tally: MutableTally;
  readonly #scenario: Scenario;
  readonly #options: CampaignOptions;
  readonly #seen = new Set<string>();
  readonly #recording: Recording;

  private constructor(scenario: Scenario, recording: Recording, options: CampaignOptions) {
    this.#scenario = scenario;
    this.#recording = recording;
    this.#options = options;
    this.tally = {
      scenario: scenario.name,
      seed: options.seed,
      states: 0,
      kinds: { stop: 0, fault: 0, loss: 0, recovery: 0 },
      repeated: 0,
      openCalls: 0,
      openMs: 0,
      seconds: 0,
      failures: [],
    };
  }

  static async open(scenario: Scenario, options: CampaignOptions): Promise<Campaign> {
    return new Campaign(scenario, await Recording.make(scenario), options);
  }

  /** Every stop; then the known kinds of loss, failing calls, and drawn losses in turns. */
  async run(): Promise<Tally> {
    const startedAt = performance.now();
    const { states } = this.#options;
    await this.#runAll('stop', this.#shuffle([...this.#stops()]), states * 0.25);
    await this.#runAll('loss', this.#shuffle([...this.#knownLosses()]), states * 0.5);
    await this.#runAll('fault', this.#shuffle([...this.#faults(await this.#findCommitPoints())]), states * 0.8);
    for (let round = 0, idle = 0; idle < MAX_IDLE_ROUNDS && !this.#isOver(states); round++) {
      const before = this.tally.states;
      await this.#runAll('loss', this.#drawnLosses(round), states);
      idle = this.tally.states === before ? idle + 1 : 0;
    }
    this.tally.seconds = (performance.now() - startedAt) / 1000;
    return this.tally;
  }

  /** One crash by its id. */
  async runOne(id: string): Promise<Tally> {
    const [base = ''] = id.split('+');
    const round = Number(/^draw-\d+-(\d+)/.exec(base)?.[1] ?? 0);
    const kinds = [
      ['stop', this.#stops()],
      ['loss', this.#knownLosses()],
      ['fault', this.#faults(await this.#findCommitPoints())],
      ['loss', this.#drawnLosses(round)],
    ] as const;
    for (const [kind, crashes] of kinds) {
      for (const crash of crashes) if (crash.id === base) await this.#run(kind, crash);
    }
    return this.tally;
  }

  #isOver(states: number): boolean {
    return this.tally.states >= states || this.tally.failures.length >= (this.#options.maxFailures ?? 5);
  }

  async #runAll(kind: CrashKind, crashes: Iterable<Crash>, states: number): Promise<void> {
    for (const crash of crashes) {
      if (this.#isOver(states)) return;
      await this.#run(kind, crash);
    }
  }

  /** For each step the first change that a process which dies then does not take back. */
  async #findCommitPoints(): Promise<number[]> {
    const points: number[] = [];
    for (const [at, image] of this.#recording.history.entries()) {
      const shown = await probeSteps(this.#scenario, image, this.#recording.expectedAt(at)).catch(() => 0);
      while (points.length < shown) points.push(at);
    }
    return points;
  }

  /** The process died after a change: all that it wrote is there, for as long as the power stays. */
  *#stops(): Generator<Crash> {
    for (const [at, image] of this.#recording.history.entries()) {
      yield {
        id: `stop-${at}`,
        about: `the process dies after change ${at}`,
        make: async () => ({ image, expected: this.#recording.expectedAt(at) }),
      };
    }
  }

  /** A power loss after a change, in each of the ways that are known. */
  *#knownLosses(): Generator<Crash> {
    for (const [at, image] of this.#recording.history.entries()) {
      for (const [way, { name, loss }] of lossVariants(image).entries()) {
        yield {
          id: `loss-${at}-${way}`,
          about: `a power loss after change ${at} leaves ${name}`,
          make: async () => ({ image: losePower(image, loss), expected: this.#recording.expectedAt(at) }),
        };
      }
    }
  }

  /** The same with whatever the seed says. */
  *#drawnLosses(round: number): Generator<Crash> {
    for (const [at, image] of this.#recording.history.entries()) {
      // Where little is pending there are few states, and they soon have been seen.
      if (round >= 2 ** pendingTotal(image)) continue;
      const id = `draw-${at}-${round}`;
      yield {
        id,
        about: `a power loss after change ${at} leaves a part`,
        make: async () => ({
          image: losePower(image, drawLoss(this.#random(id))),
          expected: this.#recording.expectedAt(at),
        }),
      };
    }
  }

  /** Each call fails once in each way, and then the process dies. */
  *#faults(commitPoints: readonly number[]): Generator<Crash> {
    for (const call of this.#recording.calls) {
      for (const [name, fault] of Object.entries(FAULTS)) {
        if (!canFail(call, fault)) continue;
        yield {
          id: `fail-${call.number}-${name}`,
          about: `${call.name} of ${call.path} fails, ${name}`,
          make: () => runWithFault(this.#scenario, call.number, fault, commitPoints),
        };
      }
    }
  }

  async #run(kind: CrashKind, crash: Crash): Promise<void> {
    try {
      const { image, expected } = await crash.make();
      if (!this.#isNew(image, expected, kind)) return;
      const life = kind === 'recovery' ? FOLLOWING + LIVES : FOLLOWING;
      const random = this.#random(crash.id);
      // These differ little from one another: what follows a few of them tells of all.
      const isThorough = kind === 'stop' || kind === 'fault' || random.oneIn(THOROUGH_ONE_IN);
      const isPowerLoss = kind === 'loss' || /loss|draw|lost/.test(crash.id);
      const checked = await checkState(this.#scenario, image, expected, { life, isPowerLoss, isThorough });
      this.tally.openCalls = Math.max(this.tally.openCalls, checked.openCalls);
      this.tally.openMs = Math.max(this.tally.openMs, checked.openMs);
      if (kind === 'recovery') return;
      if (kind === 'fault') await this.#runLosses(crash, 'loss', image, expected, random);
      // The recovery is cut short as well, here and there.
      if (checked.recovery.length > 0) {
        const at = random.below(checked.recovery.length);
        const during = checked.recovery[at] as DiskImage;
        const again = { id: `${crash.id}+stop-${at}`, about: `${crash.about}, and the recovery after change ${at}` };
        await this.#run('recovery', { ...again, make: async () => ({ image: during, expected }) });
        await this.#runLosses({ ...again, id: `${crash.id}+loss-${at}` }, 'recovery', during, expected, random);
      }
    } catch (error) {
      const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.tally.failures.push({ id: crash.id, about: crash.about, problem });
    }
  }

  /** After a crash the power goes too: once with all that is not synchronised, and once with a part. */
  async #runLosses(
    { id, about }: { readonly id: string; readonly about: string },
    kind: CrashKind,
    image: DiskImage,
    expected: Expected,
    random: Random,
  ): Promise<void> {
    for (const [name, loss] of Object.entries({ lost: LOSE_ALL, drawn: drawLoss(random) })) {
      await this.#run(kind, {
        id: `${id}+${name}`,
        about: `${about}, then a power loss`,
        make: async () => ({ image: losePower(image, loss), expected }),
      });
    }
  }

  #isNew(image: DiskImage, expected: Expected, kind: CrashKind): boolean {
    const hash = createHash('sha1').update(JSON.stringify(expected));
    // What is not durable yet is part of a state, and differs from one stop to the next.
    hash.update(JSON.stringify([...pendingCounts(image)]));
    for (const [path, bytes] of listPaths(image)) {
      hash.update(bytes === undefined ? `${path}/` : `${path}=${bytes.length}:`);
      if (bytes) hash.update(bytes);
    }
    const key = hash.digest('base64');
    if (this.#seen.has(key)) {
      this.tally.repeated++;
      return false;
    }
    this.#seen.add(key);
    this.tally.states++;
    this.tally.kinds[kind]++;
    return true;
  }

  #random(id: string): Random {
    return new Random(this.#options.seed, hashName(`${this.#scenario.name} ${id}`));
  }

  #shuffle(crashes: Crash[]): Crash[] {
    const random = this.#random('order');
    for (let at = crashes.length - 1; at > 0; at--) {
      const other = random.below(at + 1);
      [crashes[at], crashes[other]] = [crashes[other] as Crash, crashes[at] as Crash];
    }
    return crashes;
  }
}

function pendingTotal(image: DiskImage): number {
  let total = 0;
  for (const [, count] of pendingCounts(image)) total += count;
  return total;
}
