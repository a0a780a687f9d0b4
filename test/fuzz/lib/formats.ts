import { decodeUtf8, type HashAlgorithm, hashAlgorithm, type ObjectKind } from '@git-kv/objects';
import { hashNameOf } from './repair.js';
import { allSamples } from './samples.js';
import type { Seed } from './target.js';

/** The algorithm that a variant speaks of. */
export const algorithmOfVariant = (variant: string | undefined): HashAlgorithm => hashAlgorithm(hashNameOf(variant));

/** Every sample object of one kind, as a seed whose variant is its object format. */
export function objectSeeds(kind: ObjectKind): Seed[] {
  return allSamples().flatMap(({ format, objects }) =>
    objects.filter((object) => object.kind === kind).map(({ body }) => ({ bytes: body, variant: format })),
  );
}

/** A seed of each text. */
export const textSeeds = (...texts: readonly string[]): Seed[] =>
  texts.map((text) => ({ bytes: new TextEncoder().encode(text) }));

export const textOf = (bytes: Uint8Array): string => decodeUtf8(bytes);
