import { isGitError, LimitError, NotFoundError, type Oid, type RawObject } from '@git-kv/objects';
import { type FetchOptions, hasCapability, hasFeature, type UploadPackClient } from '@git-kv/protocol';
import type { ReadOptions } from '../object-store.js';
import { pause } from '../walk/turns.js';

/** What is asked of a session with a promisor remote. */
export type PromisorClient = Pick<UploadPackClient, 'capabilities' | 'fetch' | 'close'>;

/** How a promisor remote is reached. Called when the first object is missing, and again after a connection that failed. */
export type ConnectPromisor = (options: { readonly signal?: AbortSignal }) => Promise<PromisorClient>;

/** How missing objects are asked for. */
export interface BackFillOptions {
  /** Objects asked for in one request at most (default 8192). */
  readonly maxBatchObjects?: number;
  /** Requests in all, the one that connects among them (default: any number). One more is LIMIT_EXCEEDED, `requests`. */
  readonly maxRequests?: number;
  /** Bytes of pack in one answer at most (default 2 GiB). */
  readonly maxPackBytes?: number;
  /** Bytes that the objects of an answer may inflate to however short it is (default 64 MiB): above it, 200 times as many as it has. */
  readonly freeInflatedBytes?: number;
}

/** How a connection that may be no good is told from one that is. */
export interface ConnectionRules {
  /** Whether connecting costs no request. */
  readonly isConnectingFree?: () => boolean;
  /** Whether a failure may be the connection's, so that another one is worth a try. */
  readonly mayReconnect?: (error: unknown) => boolean;
  /** Let go of a connection that is open and that nobody asked for. */
  readonly forgetEntered?: () => Promise<void>;
}

/** Takes in what a remote sent. */
export interface PackIntake {
  /** @returns of the wants those that arrived, others maybe, with their bodies where these are not kept elsewhere */
  take(
    pack: AsyncIterable<Uint8Array>,
    wants: readonly Oid[],
    options: ReadOptions,
  ): Promise<ReadonlyMap<Oid, RawObject | undefined>>;
}

/** What became of an object that was asked for. */
export type FillOutcome =
  | { readonly status: 'here'; readonly object: RawObject | undefined }
  /** The remote says that it has no such object. */
  | { readonly status: 'refused' }
  /** The remote sent a pack without it. */
  | { readonly status: 'withheld' };

/** An object that somebody waits for. */
interface Want {
  readonly oid: Oid;
  readonly outcome: Promise<FillOutcome>;
  readonly resolve: (outcome: FillOutcome) => void;
  readonly reject: (error: unknown) => void;
  /** Where nobody waits any more, it is not asked for. */
  waiters: number;
  /** Of the request that asks for it. */
  request: AbortController | undefined;
}

const MAX_BATCH_OBJECTS = 8192;

/** Wants of one batch that a remote may refuse before the rest of it is given up. */
const MAX_REFUSALS = 16;

/**
 * Requests for the same wants, as long as some of them come. git leaves out of a filtered answer what a tree names that is wanted
 * too, be it wanted itself or not; the second time that tree is not among the wants.
 */
const MAX_ROUNDS = 8;

const HERE_NOTHING: ReadonlyMap<Oid, RawObject | undefined> = new Map();

/**
 * Brings missing objects from a remote, as few requests as it can: those that are asked for in one turn of the event loop, or while
 * another request is under way, go together, and none is asked for twice at a time. Requests go one after another.
 */
export class BackFill {
  readonly #connect: ConnectPromisor;
  readonly #intake: PackIntake;
  readonly #options: BackFillOptions;
  readonly #rules: ConnectionRules;
  readonly #wants = new Map<Oid, Want>();
  /** Look-ups under way: a miss waits for those that began before it, which may miss too. */
  readonly #looks = new Set<Promise<unknown>>();
  #client: Promise<PromisorClient> | undefined;
  #queue: Want[] = [];
  #isPumping = false;
  /** Requests go one at a time, whoever asks. */
  #turn: Promise<unknown> = Promise.resolve();
  #filter: 'tree:0' | 'blob:none' = 'tree:0';
  #requestCount = 0;

  constructor(connect: ConnectPromisor, intake: PackIntake, options: BackFillOptions, rules: ConnectionRules = {}) {
    const { maxBatchObjects = MAX_BATCH_OBJECTS } = options;
    if (!(maxBatchObjects >= 1)) throw new RangeError(`Cannot ask for ${maxBatchObjects} objects at a time`);
    this.#connect = connect;
    this.#intake = intake;
    this.#options = options;
    this.#rules = rules;
  }

  /** Requests so far. */
  get requestCount(): number {
    return this.#requestCount;
  }

  get batchSize(): number {
    return this.#options.maxBatchObjects ?? MAX_BATCH_OBJECTS;
  }

  /** Look somewhere nearer, in a way that a miss of another waits for. */
  async look<T>(run: () => Promise<T>): Promise<T> {
    const look = run();
    this.#looks.add(look);
    try {
      return await look;
    } finally {
      this.#looks.delete(look);
    }
  }

  /**
   * Ask for objects.
   * @throws {LimitError} requests, and what the connection and the intake throw; the reason of `signal`
   */
  async fetch(oids: Iterable<Oid>, { signal }: ReadOptions = {}): Promise<Map<Oid, FillOutcome>> {
    signal?.throwIfAborted();
    const mine = new Map<Oid, Want>();
    for (const oid of oids) if (!mine.has(oid)) mine.set(oid, this.#want(oid));
    let leave: (() => void) | undefined;
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(signal?.reason);
      signal?.addEventListener('abort', leave, { once: true });
    });
    left.catch(() => {}); // heard of below, if at all
    try {
      const found = new Map<Oid, FillOutcome>();
      const all = Promise.all([...mine].map(async ([oid, { outcome }]) => found.set(oid, await outcome)));
      await (signal ? Promise.race([all, left]) : all);
      return found;
    } finally {
      if (leave) signal?.removeEventListener('abort', leave);
      for (const want of mine.values()) this.#leave(want);
    }
  }

  /**
   * Make a request of another kind, in turn with the others.
   * @returns what arrived
   */
  request(
    wants: readonly Oid[],
    more: Pick<FetchOptions, 'filter' | 'depth' | 'haves'>,
    options: ReadOptions = {},
  ): Promise<ReadonlyMap<Oid, RawObject | undefined>> {
    const made = this.#turn.then(() => this.#make(wants, () => more, options));
    this.#turn = made.catch(() => {});
    return made;
  }

  /** Let go of the connection. */
  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await closeClient(client);
    await this.#rules.forgetEntered?.();
  }

  #want(oid: Oid): Want {
    let want = this.#wants.get(oid);
    // One that everybody has left is about to be given up.
    if (want === undefined || (want.waiters === 0 && want.request !== undefined)) {
      const { promise: outcome, resolve, reject } = deferred<FillOutcome>();
      outcome.catch(() => {}); // whoever waits hears of it
      want = { oid, outcome, resolve, reject, waiters: 0, request: undefined };
      this.#wants.set(oid, want);
      this.#queue.push(want);
      void this.#pump();
    }
    want.waiters++;
    return want;
  }

  #leave(want: Want): void {
    want.waiters--;
    const { request } = want;
    if (want.waiters > 0 || request === undefined) return;
    for (const other of this.#wants.values()) if (other.request === request && other.waiters > 0) return;
    request.abort();
  }

  async #pump(): Promise<void> {
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      // What others look for now may be missing too; and whoever found that hears of it in a turn of its own.
      await Promise.allSettled([...this.#looks]);
      await pause();
      while (this.#queue.length > 0) {
        const batch = this.#queue.splice(0, this.batchSize).filter((want) => this.#isAwaited(want));
        if (batch.length === 0) continue;
        const filled = this.#turn.then(() => this.#fill(batch));
        this.#turn = filled;
        await filled;
      }
    } finally {
      this.#isPumping = false;
    }
  }

  #isAwaited(want: Want): boolean {
    if (want.waiters > 0) return true;
    this.#forget(want);
    return false;
  }

  #forget(want: Want): void {
    if (this.#wants.get(want.oid) === want) this.#wants.delete(want.oid);
  }

  /** Settle all of `batch`. */
  async #fill(batch: readonly Want[]): Promise<void> {
    const request = new AbortController();
    for (const want of batch) want.request = request;
    const open = new Map(batch.map((want) => [want.oid, want]));
    const settle = (want: Want, outcome: FillOutcome): void => {
      open.delete(want.oid);
      this.#forget(want);
      want.resolve(outcome);
    };
    try {
      for (let refusals = 0, rounds = 1; open.size > 0; ) {
        try {
          const wants = [...open.keys()];
          const arrived = await this.#make(wants, (client) => this.#backFillOptions(client), {
            signal: request.signal,
          });
          const waiting = [...open.values()];
          for (const want of waiting) {
            if (arrived.has(want.oid)) settle(want, { status: 'here', object: arrived.get(want.oid) });
          }
          if (open.size < waiting.length && rounds++ < MAX_ROUNDS) continue;
          for (const want of [...open.values()]) settle(want, { status: 'withheld' });
        } catch (error) {
          if (this.#isFilterRefused(error)) continue;
          const refused = open.get(refusedOid(error) ?? '');
          if (refused === undefined || ++refusals > MAX_REFUSALS) throw error;
          settle(refused, { status: 'refused' });
        }
      }
    } catch (error) {
      for (const want of open.values()) {
        this.#forget(want);
        want.reject(error);
      }
    }
  }

  /** One request, with the connection before it where there is none. One that was idle may be gone: then it is made anew, once. */
  async #make(
    wants: readonly Oid[],
    optionsFor: (client: PromisorClient) => Pick<FetchOptions, 'filter' | 'depth' | 'haves'>,
    { signal }: ReadOptions,
  ): Promise<ReadonlyMap<Oid, RawObject | undefined>> {
    const given = signal ? { signal } : {};
    for (;;) {
      const isReused = this.#client !== undefined;
      const connected = this.client(given);
      try {
        const client = await connected;
        signal?.throwIfAborted();
        this.countRequest();
        const { pack } = await client.fetch({ wants, ...optionsFor(client), ...given });
        if (pack === undefined) return HERE_NOTHING;
        try {
          return await this.#intake.take(pack, wants, given);
        } finally {
          await pack.return?.(); // an intake that gives up lets go of the connection
        }
      } catch (error) {
        // What the remote says leaves the connection as good as it was.
        if (this.#client === connected && !isGitError(error, 'REMOTE_ERROR')) await this.close();
        if (signal?.aborted) throw error;
        if (this.#rules.mayReconnect?.(error)) await this.close();
        else if (!isReused || !isGitError(error, 'TRANSPORT_CLOSED')) throw error;
      }
    }
  }

  /** The connection, made where there is none. */
  client(options: ReadOptions): Promise<PromisorClient> {
    if (this.#client === undefined) {
      if (!this.#rules.isConnectingFree?.()) this.countRequest();
      this.#client = this.#connect(options);
      // One that failed is not kept; whoever waits for it hears why.
      const connected = this.#client;
      connected.catch(() => {
        if (this.#client === connected) this.#client = undefined;
      });
    }
    return this.#client;
  }

  /** The wants and nothing that they lead to: of a tree no entry, of a commit no parent. */
  #backFillOptions({ capabilities }: PromisorClient): Pick<FetchOptions, 'filter' | 'depth'> {
    const isOffered = (feature: string): boolean =>
      hasFeature(capabilities, 'fetch', feature) || hasCapability(capabilities, feature);
    return { ...(isOffered('filter') && { filter: this.#filter }), ...(isOffered('shallow') && { depth: 1 }) };
  }

  /** Some hosts take no filter but those of blobs: then trees bring those below them along. */
  #isFilterRefused(error: unknown): boolean {
    if (this.#filter !== 'tree:0' || !isGitError(error, 'REMOTE_ERROR') || !/filter/.test(error.message)) return false;
    this.#filter = 'blob:none';
    return true;
  }

  /** @throws {LimitError} requests */
  countRequest(): void {
    const { maxRequests = Number.POSITIVE_INFINITY } = this.#options;
    if (this.#requestCount >= maxRequests) throw new LimitError('requests', this.#requestCount + 1, maxRequests);
    this.#requestCount++;
  }
}

/** The error for an object that was promised and cannot be had. */
export function brokenPromise(oid: Oid, status: 'refused' | 'withheld'): NotFoundError {
  const problem = status === 'refused' ? 'does not have it' : 'sent a pack without it';
  return new NotFoundError('PROMISE_BROKEN', oid, `Cannot read object ${oid}: the promisor remote ${problem}`);
}

/** The want that a remote names as it refuses all of them. */
function refusedOid(error: unknown): Oid | undefined {
  return isGitError(error, 'REMOTE_ERROR') ? /not our ref ([0-9a-f]{40,64})/.exec(error.message)?.[1] : undefined;
}

async function closeClient(client: Promise<PromisorClient> | undefined): Promise<void> {
  try {
    await (await client)?.close();
  } catch {
    // What failed before it was open needs no closing, and there is nobody to tell.
  }
}

function deferred<T>(): {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
} {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
