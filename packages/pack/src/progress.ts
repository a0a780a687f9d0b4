/** What long work tells its caller. `total` is absent where it is not known. */
export interface PackProgress {
  readonly phase: string;
  readonly loaded: number;
  readonly total?: number;
}

/** Give the event loop a turn: long work does so every few dozen milliseconds, so that a host stays alive and can abort. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
