/** The lines of one version, by ids, and those of them that the other version does not have. */
export interface Version {
  readonly ids: Int32Array;
  /** 1 for a changed line; one longer than `ids`. */
  readonly changed: Uint8Array;
}

/** Half-open ranges of lines, one of each version. */
export interface Stretch {
  readonly oldStart: number;
  readonly oldEnd: number;
  readonly newStart: number;
  readonly newEnd: number;
}
