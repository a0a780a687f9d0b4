/**
 * Where the kernels keep what does not fit their registers: the memory below the module's own data (see MEMORY_BASE in
 * scripts/build-assembly.mjs). Everything here is written before it is read in each call, but for the vectors.
 */

/** The expanded messages of four blocks: of four messages, or of one. */
export const WORDS: usize = 1024;
/** The states of four messages: five or eight times four words. */
export const LANE_STATES: usize = WORDS + 80 * 16;
/** The same after the block, before step 58, and before step 65. */
export const AFTER: usize = LANE_STATES + 128;
export const STATES_58: usize = AFTER + 80;
export const STATES_65: usize = STATES_58 + 80;
/** The vectors that the filter left, by lane. */
export const LANE_VECTORS: usize = STATES_65 + 80;
/** Blocks that wait to be looked at, four for each equal step, and how many they are. */
export const SUSPECTS: usize = LANE_VECTORS + 16;
export const SUSPECT_COUNTS: usize = SUSPECTS + 8 * 128;
/** The expanded messages of four other blocks. */
export const OTHER_WORDS: usize = SUSPECT_COUNTS + 16;
/** For each lane: message, next address, blocks left there, whether it is the tail. */
export const LANES: usize = OTHER_WORDS + 80 * 16;
/** For each lane the last bytes of its message, with their padding: two blocks. */
export const TAILS: usize = LANES + 4 * 16;
/** The state of one message: up to eight words. */
export const STATE: usize = TAILS + 4 * 128;
/** The same, of the message that is left alone at the end of a batch. */
export const SINGLE: usize = STATE + 32;
/** For each vector the message differences: eighty words. Written by the loader, from src/collision/vectors.ts. */
export const DIFFERENCES: usize = SINGLE + 32;
/** For each vector the step before which both messages have one state. */
export const EQUAL_STEPS: usize = DIFFERENCES + 32 * 320;

/** Not a message: the lane has nothing to do. */
export const NO_MESSAGE: u32 = 0xffffffff;
/** How many messages one call takes at most. */
export const MAX_MESSAGES: u32 = 1024;
/** The messages: address and size of each. */
export const MESSAGES: usize = EQUAL_STEPS + 128;
/** Their digests, twenty or thirty-two bytes each. */
export const DIGESTS: usize = MESSAGES + MAX_MESSAGES * 8;
/** Whether an attack was found, a byte for each. */
export const FOUND: usize = DIGESTS + MAX_MESSAGES * 32;
/** The messages in the order in which they are hashed. */
export const ORDER: usize = FOUND + MAX_MESSAGES;
/** How many messages there are of a size. */
export const BUCKETS: usize = ORDER + MAX_MESSAGES * 4;

/** Decoding tables of inflate, in the format of src/inflate/table.ts: of the last dynamic block, */
export const LITERALS: usize = BUCKETS + 160;
export const DISTANCES: usize = LITERALS + 2400 * 4;
/** of its code lengths, */
export const CODE_LENGTH_CODES: usize = DISTANCES + 512 * 4;
/** and of the fixed codes. */
export const FIXED_LITERALS: usize = CODE_LENGTH_CODES + 128 * 4;
export const FIXED_DISTANCES: usize = FIXED_LITERALS + 512 * 4;
/** What each symbol stands for: 288, 32 and 19 entries without a code length. Written by the loader. */
export const SYMBOLS: usize = FIXED_DISTANCES + 32 * 4;
export const DISTANCE_SYMBOLS: usize = SYMBOLS + 288 * 4;
export const CODE_LENGTH_SYMBOLS: usize = DISTANCE_SYMBOLS + 32 * 4;
/** Code length by symbol, distances after literals; a byte each. */
export const LENGTHS: usize = CODE_LENGTH_SYMBOLS + 32 * 4;
/** Symbols that have a code, ascending: two bytes each. */
export const USED: usize = LENGTHS + 320;
/** The same of one code, by code length, then by value. */
export const SORTED: usize = USED + 320 * 2;
/** How many codes there are of a length, and where those of a length begin. */
export const COUNTS: usize = SORTED + 320 * 2;
export const OFFSETS: usize = COUNTS + 16 * 4;
/** What inflate tells besides its status: bytes consumed, bytes produced. */
export const RESULT: usize = OFFSETS + 18 * 4;
/** Sixteen tables of crc32. */
export const CRC_TABLES: usize = (RESULT + 16 + 63) & ~63;
/** Bytes from elsewhere that a kernel needs beside those of the arena. */
export const SCRATCH: usize = CRC_TABLES + 16 * 1024;
export const SCRATCH_BYTES: usize = 65536;
/** Of deflate: the last place of each hash, and for each place of the window how far before it that of the same hash is. */
export const HEADS: usize = SCRATCH + SCRATCH_BYTES;
export const PREVIOUS: usize = HEADS + 32768 * 4;
/** What is in a block, a word each. */
export const BLOCK_SYMBOLS: u32 = 16384;
export const BLOCK: usize = PREVIOUS + 32768 * 2;
/** How often each symbol occurs: literals and lengths, distances, code lengths. */
export const LITERAL_FREQUENCIES: usize = BLOCK + BLOCK_SYMBOLS * 4;
export const DISTANCE_FREQUENCIES: usize = LITERAL_FREQUENCIES + 288 * 4;
export const LENGTH_FREQUENCIES: usize = DISTANCE_FREQUENCIES + 32 * 4;
/** Their codes, */
export const LITERAL_CODES: usize = LENGTH_FREQUENCIES + 32 * 4;
export const DISTANCE_CODES: usize = LITERAL_CODES + 288 * 4;
export const LENGTH_CODES: usize = DISTANCE_CODES + 32 * 4;
/** the lengths of these, distances after literals, with room for those of distances beside, */
export const LITERAL_LENGTHS: usize = LENGTH_CODES + 32 * 4;
export const DISTANCE_LENGTHS: usize = LITERAL_LENGTHS + 320;
export const LENGTH_LENGTHS: usize = DISTANCE_LENGTHS + 32;
/** and the lengths as the head of a block has them. */
export const RUNS: usize = LENGTH_LENGTHS + 32;
/** Sorted frequencies, and the tree over them. */
export const KEYS: usize = RUNS + 320 * 4;
export const NODES: usize = KEYS + 288 * 4;
export const CODE_COUNTS: usize = NODES + 288 * 4;
export const NEXT_CODES: usize = CODE_COUNTS + 17 * 4;
/** The codes of blocks that name none, made when first needed. */
export const FIXED_LITERAL_CODES: usize = NEXT_CODES + 17 * 4;
export const FIXED_DISTANCE_CODES: usize = FIXED_LITERAL_CODES + 288 * 4;
/** A number for each byte, for the rolling hash of deltas. Written by the loader, from src/delta-create.ts. */
export const BYTE_HASHES: usize = (FIXED_DISTANCE_CODES + 32 * 4 + 63) & ~63;
/** The first byte that is not used: at most MEMORY_BASE in scripts/build-assembly.mjs. */
export const LAYOUT_END: usize = BYTE_HASHES + 256 * 4;
