import { LimitError } from '@git-kv/objects';

/** Caps on what the peer may ask us to hold. Each is an option; an error names the limit, the value and the cap. */
export interface ProtocolLimits {
  /** Refs in one advertisement or `ls-refs` answer. */
  readonly maxRefs: number;
  /** Bytes of one advertisement or `ls-refs` answer. */
  readonly maxRefsBytes: number;
  /** Lines of capabilities in one message. */
  readonly maxCapabilities: number;
  /** `want` and `want-ref` lines of one request: a mirror's first fetch names each tip. At a server, `maxRequestBytes` is met first. */
  readonly maxWants: number;
  /** `have`, `shallow` and `deepen-not` lines of one request, and acknowledgments and shallow lines of one answer. */
  readonly maxObjectLines: number;
  /** Bytes of one request of protocol v2, framing included: also over a pipe, where no HTTP body has a cap. */
  readonly maxRequestBytes: number;
  /** Requests of one negotiation. */
  readonly maxRounds: number;
  /** `ref-prefix` lines of one `ls-refs` request. */
  readonly maxRefPrefixes: number;
  /** Commands of one push. */
  readonly maxCommands: number;
  readonly maxPushOptions: number;
  /** Bytes of one push option. */
  readonly maxPushOptionBytes: number;
}

/** The caps that hold where none are given. */
export const DEFAULT_PROTOCOL_LIMITS: ProtocolLimits = {
  maxRefs: 1_000_000,
  maxRefsBytes: 256 * 1024 * 1024,
  maxCapabilities: 1024,
  maxWants: 1_000_000,
  maxObjectLines: 100_000,
  maxRequestBytes: 10 * 1024 * 1024,
  maxRounds: 256,
  maxRefPrefixes: 65_536,
  maxCommands: 10_000,
  maxPushOptions: 1024,
  maxPushOptionBytes: 4096,
};

/** The defaults with `limits` laid over them. */
export function protocolLimits(limits: Partial<ProtocolLimits> | undefined): ProtocolLimits {
  return limits === undefined ? DEFAULT_PROTOCOL_LIMITS : { ...DEFAULT_PROTOCOL_LIMITS, ...limits };
}

/** Check a count against its cap. @throws {LimitError} where `actual` is over the limit called `name` */
export function assertWithin(limits: ProtocolLimits, name: keyof ProtocolLimits, actual: number): void {
  if (actual > limits[name]) throw new LimitError(name, actual, limits[name]);
}
