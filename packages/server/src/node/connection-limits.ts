/** Bounds on the connections of a listening server. */
export interface ConnectionLimits {
  /** Connections at a time; more are closed at once (default 256). */
  readonly maxConnections?: number;
  /** Milliseconds until a client has said what it wants; over ssh, until it has logged in (default 30,000). */
  readonly initTimeoutMs?: number;
  /** Milliseconds without a byte in either direction after which a client that is waited for is let go (default 60,000). */
  readonly idleTimeoutMs?: number;
  /** Bytes a second that a client has to take or give on average while it is waited for (default 128); 0 asks for none. */
  readonly minBytesPerSecond?: number;
  /** Milliseconds of waiting over which that is looked at (default 60,000). */
  readonly rateWindowMs?: number;
}

/** The bounds where none are given. */
export const DEFAULT_CONNECTION_LIMITS: Required<ConnectionLimits> = {
  maxConnections: 256,
  initTimeoutMs: 30_000,
  idleTimeoutMs: 60_000,
  minBytesPerSecond: 128,
  rateWindowMs: 60_000,
};

/** The defaults with what is given laid over them. */
export function connectionLimits(limits: ConnectionLimits): Required<ConnectionLimits> {
  const { maxConnections, initTimeoutMs, idleTimeoutMs, minBytesPerSecond, rateWindowMs } = limits;
  const given = { maxConnections, initTimeoutMs, idleTimeoutMs, minBytesPerSecond, rateWindowMs };
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...DEFAULT_CONNECTION_LIMITS, ...Object.fromEntries(set) };
}
