// What every supported runtime has, declared here so that nothing more can be used by accident.

interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
}

declare function setTimeout(callback: () => void, delayMs: number): unknown;
