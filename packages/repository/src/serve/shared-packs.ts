import type { PackObjectsSummary } from '@git-kv/pack';

/** Bytes of packs that are kept for several clients, in all of this process. */
const MAX_HELD_BYTES = 64 * 2 ** 20;

/** What is told of a pack when it is written. */
export type PackCounts = Pick<PackObjectsSummary, 'deltaCount' | 'reusedCount' | 'reusedDeltaCount'>;

/** A pack as one client gets it. */
export interface PackReading {
  readonly objectCount: number;
  readonly chunks: AsyncGenerator<Uint8Array, PackCounts, undefined>;
  /** To be called in the end, however far it was read. */
  close(): void;
}

/** Lists and writes a pack. */
export type MakePack = (signal: AbortSignal | undefined) => Promise<PackReading>;

/** By store, the packs that are being made or read now. */
const RUNS = /* @__PURE__ */ new WeakMap<object, Map<string, PackRun>>();

let heldBytes = 0;

/**
 * A pack of which `key` says all: who asks while somebody else gets the same waits until it is made, and reads it from memory. That is
 * for packs of at most `maxBytes`; larger ones are made for each, and streamed. Nothing is kept once all who asked have theirs.
 */
export async function openSharedPack(
  store: object,
  key: string,
  make: MakePack,
  { maxBytes, signal }: { readonly maxBytes: number; readonly signal?: AbortSignal | undefined },
): Promise<PackReading> {
  const runs = RUNS.get(store) ?? new Map<string, PackRun>();
  RUNS.set(store, runs);
  const known = runs.get(key);
  if (known !== undefined) {
    const reading = await known.follow(signal);
    return reading ?? (await make(signal));
  }
  const run = new PackRun(make, maxBytes, () => {
    if (runs.get(key) === run) runs.delete(key);
  });
  runs.set(key, run);
  return await run.lead(signal);
}

/** One pack on its way into memory, and those who read it. */
class PackRun {
  readonly #maxBytes: number;
  readonly #forget: () => void;
  readonly #abort = new AbortController();
  readonly #settled: Promise<void>;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #readers = 0;
  /** All who asked have gone: what still comes is not kept. */
  #isLeft = false;
  #objectCount: number | undefined;
  #state: 'making' | 'whole' | 'too large' | 'failed' = 'making';
  #counts: PackCounts | undefined;
  #failure: unknown;
  /** What is not in memory of a pack that is too large. */
  #rest: PackReading['chunks'] | undefined;
  #wake: () => void = () => undefined;
  #change: Promise<void>;

  constructor(make: MakePack, maxBytes: number, forget: () => void) {
    this.#maxBytes = maxBytes;
    this.#forget = forget;
    this.#change = this.#nextChange();
    this.#settled = this.#run(make);
  }

  /** For the first to ask: what there is, as it comes. */
  async lead(signal: AbortSignal | undefined): Promise<PackReading> {
    this.#readers++;
    const wait = new Waiting(signal);
    try {
      while (this.#objectCount === undefined && this.#state === 'making') await wait.for(this.#change);
      if (this.#objectCount === undefined) throw this.#failure;
      return this.#reading(this.#objectCount, wait);
    } catch (error) {
      wait.end();
      this.#release();
      throw error;
    }
  }

  /** For others: the pack when it is whole, or `undefined` where it cannot be shared. */
  async follow(signal: AbortSignal | undefined): Promise<PackReading | undefined> {
    this.#readers++;
    const wait = new Waiting(signal);
    try {
      await wait.for(this.#settled);
      if (this.#state === 'whole') return this.#reading(this.#objectCount ?? 0, wait);
    } catch (error) {
      wait.end();
      this.#release();
      throw error;
    }
    wait.end();
    this.#release();
    return undefined;
  }

  #reading(objectCount: number, wait: Waiting): PackReading {
    let isOpen = true;
    const close = (): void => {
      if (!isOpen) return;
      isOpen = false;
      wait.end();
      this.#release();
    };
    return { objectCount, chunks: this.#read(wait), close };
  }

  async *#read(wait: Waiting): PackReading['chunks'] {
    for (let at = 0; ; ) {
      const chunk = this.#chunks[at];
      if (chunk !== undefined) {
        at++;
        yield chunk;
      } else if (this.#state === 'making') await wait.for(this.#change);
      else if (this.#state === 'failed') throw this.#failure;
      else break;
    }
    // Only who was first reads a pack that is too large.
    if (this.#rest !== undefined) return yield* this.#rest;
    return this.#counts as PackCounts;
  }

  /** Never rejects. */
  async #run(make: MakePack): Promise<void> {
    try {
      const { objectCount, chunks } = await make(this.#abort.signal);
      this.#objectCount = objectCount;
      for (;;) {
        this.#announce();
        // Not every engine looks at the signal between chunks.
        if (this.#isLeft) await chunks.return(this.#counts as PackCounts);
        this.#abort.signal.throwIfAborted();
        const step = await chunks.next();
        if (step.done === true) {
          this.#counts = step.value;
          this.#state = 'whole';
          break;
        }
        this.#keep(step.value);
        if (this.#isLeft) continue;
        if (this.#bytes <= this.#maxBytes && heldBytes <= MAX_HELD_BYTES) continue;
        this.#rest = chunks;
        this.#state = 'too large';
        break;
      }
    } catch (error) {
      this.#failure = error;
      this.#state = 'failed';
    }
    if (this.#state !== 'whole') this.#forget();
    this.#announce();
  }

  #keep(chunk: Uint8Array): void {
    if (this.#isLeft) return;
    this.#chunks.push(new Uint8Array(chunk)); // it may be a view of what an engine uses again
    this.#bytes += chunk.length;
    heldBytes += chunk.length;
  }

  #release(): void {
    if (--this.#readers > 0) return;
    this.#isLeft = true;
    this.#forget();
    heldBytes -= this.#bytes;
    this.#bytes = 0;
    this.#chunks = [];
    if (this.#state === 'making') this.#abort.abort();
    void this.#rest?.return(this.#counts as PackCounts);
  }

  #announce(): void {
    this.#wake();
    this.#change = this.#nextChange();
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** Waits that end when a client goes away. */
class Waiting {
  readonly #signal: AbortSignal | undefined;
  readonly #aborted: Promise<never> | undefined;
  #stop: () => void = () => undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    if (signal === undefined) return;
    this.#aborted = new Promise((_, reject) => {
      this.#stop = () => reject(signal.reason);
      signal.addEventListener('abort', this.#stop, { once: true });
    });
    this.#aborted.catch(() => undefined); // heard of only where somebody waits
  }

  /** @throws the signal's reason */
  async for(promise: Promise<void>): Promise<void> {
    this.#signal?.throwIfAborted();
    await (this.#aborted === undefined ? promise : Promise.race([promise, this.#aborted]));
  }

  end(): void {
    this.#signal?.removeEventListener('abort', this.#stop);
  }
}
