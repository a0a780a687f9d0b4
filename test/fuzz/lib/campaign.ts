import { isGitError } from '../../../packages/objects/src/error.js';
import { allowedGrowth, collectGarbage, MAX_MS, usedBytes } from './meter.js';
import { latin1, type MutateOptions, mutate } from './mutate.js';
import { hashName, Random } from './random.js';
import type { FuzzTarget, Seed } from './target.js';

/** What an execution must not do. */
export interface Problem {
  readonly kind: 'crash' | 'slow' | 'memory';
  /** One line. */
  readonly message: string;
  readonly stack?: string | undefined;
}

/** Bytes for a target, with the variant that goes with them. */
export type FuzzInput = Seed;

/** What a stretch of runs came to. */
export interface Tally {
  executions: number;
  accepted: number;
  /** Bytes that one execution added to the memory in use, at most. */
  peakGrowth: number;
  /** Milliseconds that one execution took, at most. */
  slowestMs: number;
}

/** The seeded runs of one target. Run N of a seed is always the same bytes, so that it can be made again alone. */
export class Campaign {
  readonly target: FuzzTarget;
  readonly seed: number;
  readonly tally: Tally = { executions: 0, accepted: 0, peakGrowth: 0, slowestMs: 0 };
  readonly #stream: number;
  readonly #seeds: readonly Seed[];
  readonly #options: MutateOptions;

  private constructor(target: FuzzTarget, seed: number, seeds: readonly Seed[]) {
    this.target = target;
    this.seed = seed;
    this.#stream = hashName(target.name);
    this.#seeds = seeds;
    this.#options = {
      others: seeds.map(({ bytes }) => bytes),
      ...(target.dictionary === undefined ? {} : { dictionary: target.dictionary.map(latin1) }),
      ...(target.isText === undefined ? {} : { isText: target.isText }),
    };
  }

  static async open(target: FuzzTarget, seed: number): Promise<Campaign> {
    // Copied: a mutant must never change what another begins from, and `slice` of a Buffer is no copy.
    const seeds = (await target.seeds()).map((seed) => ({ ...seed, bytes: new Uint8Array(seed.bytes) }));
    if (seeds.length === 0) throw new Error(`Cannot fuzz ${target.name}: it has no seeds`);
    return new Campaign(target, seed, seeds);
  }

  /** The bytes of run `run`: the seeds themselves first, mutants after. */
  input(run: number): FuzzInput {
    const whole = this.#seeds[run];
    if (whole !== undefined) return whole;
    const random = new Random(this.seed, (this.#stream + Math.imul(run, 0x9e3779b1)) >>> 0);
    const { bytes, variant } = random.pick(this.#seeds);
    const plainly = (piece: Uint8Array): Uint8Array => mutate(piece, random, this.#options);
    const mutant = this.target.mutate?.(bytes, random, plainly) ?? plainly(bytes);
    const repaired = random.oneIn(2) ? this.target.repair?.(mutant, variant, random) : undefined;
    return { bytes: repaired ?? mutant, variant };
  }

  /** Execute run `run` and count it. */
  async run(run: number): Promise<Problem | undefined> {
    const input = this.input(run);
    let measured = await execute(this.target, input);
    // A busy machine and the garbage collector make a single measurement long: what looks bad is measured again.
    for (let again = 0; again < 2 && isSuspect(measured, input); again++) {
      await collectGarbage();
      measured = await execute(this.target, input);
    }
    const { tally } = this;
    tally.executions++;
    if (measured.accepted) tally.accepted++;
    tally.peakGrowth = Math.max(tally.peakGrowth, measured.growth);
    tally.slowestMs = Math.max(tally.slowestMs, measured.elapsedMs);
    return judge(measured, input);
  }
}

interface Measured {
  readonly accepted: boolean;
  readonly problem: Problem | undefined;
  readonly elapsedMs: number;
  readonly growth: number;
}

/** One execution of one input, measured. */
async function execute(target: FuzzTarget, { bytes, variant }: FuzzInput): Promise<Measured> {
  let accepted = false;
  let problem: Problem | undefined;
  const usedBefore = usedBytes();
  const startedAt = performance.now();
  try {
    const waiting = target.execute(bytes, variant);
    if (waiting !== undefined) await waiting;
    accepted = true;
  } catch (error) {
    problem = problemOf(error);
  }
  const elapsedMs = performance.now() - startedAt;
  return { accepted, problem, elapsedMs, growth: usedBytes() - usedBefore };
}

const isSuspect = ({ problem, elapsedMs, growth }: Measured, { bytes }: FuzzInput): boolean =>
  problem === undefined && (elapsedMs > MAX_MS || growth > allowedGrowth(bytes.length));

function judge({ problem, elapsedMs, growth }: Measured, { bytes }: FuzzInput): Problem | undefined {
  if (problem !== undefined) return problem;
  if (elapsedMs > MAX_MS) return { kind: 'slow', message: `took ${Math.round(elapsedMs)} ms` };
  if (growth <= allowedGrowth(bytes.length)) return undefined;
  return { kind: 'memory', message: `took ${Math.round(growth / 2 ** 20)} MiB for ${bytes.length} bytes of input` };
}

/** What is wrong with an error: nothing, where it is the typed refusal that a decoder owes for bad bytes. */
function problemOf(error: unknown): Problem | undefined {
  if (isGitError(error) && typeof error.code === 'string' && error.message.startsWith('Cannot ')) return undefined;
  if (!(error instanceof Error)) return { kind: 'crash', message: `threw ${String(error)}` };
  const [message] = `${error.name}: ${error.message}`.split('\n');
  return { kind: 'crash', message: (message ?? '').slice(0, 300), stack: error.stack };
}

/** Execute one input alone: what a saved case is replayed with. */
export async function replay(target: FuzzTarget, input: FuzzInput): Promise<Problem | undefined> {
  return judge(await execute(target, input), input);
}
