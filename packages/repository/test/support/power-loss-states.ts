import type { Random } from '../../../../test/fuzz/lib/random.js';
import {
  type DiskImage,
  type FileInode,
  type Loss,
  losePower,
  pendingNames,
  SECTOR_BYTES,
  tearFile,
} from './disk-image.js';

/** What a power loss may leave of a disk, under a name that tells which. */
export interface LossVariant {
  readonly name: string;
  readonly loss: Loss;
}

const LAST = (_directory: number, _name: string, values: number): number => values - 1;
const DURABLE = (): number => 0;
const synced = (_inode: number, file: FileInode): Uint8Array => file.durable;
const written = (_inode: number, file: FileInode): Uint8Array => file.bytes;
const cut = (_inode: number, file: FileInode): Uint8Array =>
  tearFile(file, Math.ceil((file.durable.length + file.bytes.length) / 2), (_sector, writes) => writes);
const withoutBytes = (_inode: number, file: FileInode): Uint8Array => tearFile(file, file.bytes.length, () => 0);
const everySecond =
  (rest: number) =>
  (_inode: number, file: FileInode): Uint8Array =>
    tearFile(file, file.bytes.length, (sector, writes) => (sector % 2 === rest ? writes : 0));

/** The disk as it is, all of it durable: what a clean shutdown leaves. */
export const KEEP_ALL: Loss = { entry: LAST, content: written };

/** All that was not synchronised is gone. */
export const LOSE_ALL: Loss = { entry: DURABLE, content: synced };

/** The kinds of loss that file systems are known for, each by itself, and each pending name lost or kept alone. */
export function lossVariants(image: DiskImage): LossVariant[] {
  const variants: LossVariant[] = [
    { name: 'nothing unsynced', loss: LOSE_ALL },
    { name: 'names without data', loss: { entry: LAST, content: synced } },
    { name: 'data without names', loss: { entry: DURABLE, content: written } },
    { name: 'names with half of the data', loss: { entry: LAST, content: cut } },
    { name: 'names with zeros for data', loss: { entry: LAST, content: withoutBytes } },
    { name: 'names with the even sectors', loss: { entry: LAST, content: everySecond(0) } },
    { name: 'names with the odd sectors', loss: { entry: LAST, content: everySecond(1) } },
    { name: 'half of the data without names', loss: { entry: DURABLE, content: cut } },
  ];
  for (const one of pendingNames(image)) {
    const isOne = (directory: number, name: string): boolean => directory === one.directory && name === one.name;
    const lose = (directory: number, name: string, values: number): number => (isOne(directory, name) ? 0 : values - 1);
    const keep = (directory: number, name: string, values: number): number => (isOne(directory, name) ? values - 1 : 0);
    variants.push(
      { name: `all but the name ${one.name}`, loss: { entry: lose, content: written } },
      { name: `the name ${one.name} alone`, loss: { entry: keep, content: synced } },
    );
  }
  return variants;
}

/** Any of the states that a power loss may leave: every name, every size and every sector drawn by itself. */
export function drawLoss(random: Random): Loss {
  // Some losses take nearly everything and some nearly nothing: states near the two ends tell most.
  const lost = 1 + random.below(15);
  const isLost = (): boolean => random.below(16) < lost;
  return {
    entry: (_directory, _name, values) => (isLost() ? random.below(values) : values - 1),
    content: (_inode, file) => {
      const growth = file.bytes.length - file.durable.length;
      const size = isLost() ? file.durable.length + random.below(growth + 1) : file.bytes.length;
      // Sizes often end where a sector does.
      const rounded = random.oneIn(2) ? size - (size % SECTOR_BYTES) : size;
      return tearFile(file, rounded, (_sector, writes) => (isLost() ? random.below(writes + 1) : writes));
    },
  };
}

/** The states of the kinds in {@link lossVariants}, each under its name. */
export function* lossStates(image: DiskImage): Generator<readonly [name: string, state: DiskImage]> {
  for (const { name, loss } of lossVariants(image)) yield [name, losePower(image, loss)];
}
