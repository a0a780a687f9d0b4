import type { ProtocolLimits, PushCommand } from '@git-kv/protocol';
import type { OnServeFailure } from './failure-words.js';
import type { PushHooks } from './push-hooks.js';
import type { ReceiveRules } from './push-judgement.js';
import type { RefVisibility } from './visible-refs.js';

/** What `authorize` of a push answers: a text refuses it and says why; `undefined` and an identity, which hooks are told of, let it go on. */
export type PushVerdict = string | undefined | { readonly identity: unknown };

/** How one push is taken in. */
export interface ServeReceivePackOptions extends RefVisibility {
  readonly signal?: AbortSignal;
  readonly limits?: Partial<ProtocolLimits>;
  readonly rules?: ReceiveRules;
  /**
   * The client may keep its side open after the pack, as git does over `git://`: the pack ends with its trailer. Default: it ends with
   * the request.
   */
  readonly isOpenEnded?: boolean;
  /** Bytes of pack accepted at most (default 2 GiB). */
  readonly maxPackBytes?: number;
  /** Bytes that the pack's entries may inflate to together (default 4 GiB). */
  readonly maxInflatedBytes?: number;
  /** Bytes that they may inflate to however small the pack is (default 64 MiB): above it, 200 times as many as the pack has. */
  readonly freeInflatedBytes?: number;
  /** Bytes of one object (default 512 MiB). */
  readonly maxObjectBytes?: number;
  /** Asked once, when the whole request but its pack is parsed, about every ref it would change. */
  readonly authorize?: (commands: readonly PushCommand[]) => Promise<PushVerdict> | PushVerdict;
  readonly hooks?: PushHooks;
  /** Milliseconds that one call of a hook may take before it counts as failed (default 60,000). */
  readonly hookTimeoutMs?: number;
  readonly onFailure?: OnServeFailure;
  /** Milliseconds of silence after which the client hears that this side is still at work (default 5000). */
  readonly keepAliveMs?: number;
}
