/** Two versions of one file, and the one both came from. */
export interface MergeInput {
  /** Components joined by "/". */
  readonly path: string;
  /** `undefined` where both sides added the file. */
  readonly base: Uint8Array | undefined;
  readonly ours: Uint8Array;
  readonly theirs: Uint8Array;
  /** What the sides are called where a conflict is written into the file. */
  readonly labels: MergeLabels;
  /** Length of the marks of a conflict: git's 7, and more where versions are drafts with marks of their own. */
  readonly markerSize: number;
  /** 0 for what is asked for; above, a base is made of bases: what cannot be merged there is drawn, or left as it was. */
  readonly depth: number;
}

/** What the two sides are called. */
export interface MergeLabels {
  readonly ours: string;
  readonly theirs: string;
}

/** What a driver made of two versions. */
export type MergeResult =
  | { readonly status: 'merged'; readonly body: Uint8Array }
  /** `body` is a draft for a person, such as one with conflict markers; without it, ours stands. */
  | { readonly status: 'conflict'; readonly kind: 'contents' | 'binary'; readonly body?: Uint8Array };

/** Merges two versions of a file. Only asked where both sides changed it, each in its own way. */
export type MergeDriver = (input: MergeInput) => MergeResult | Promise<MergeResult>;
