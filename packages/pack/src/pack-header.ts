/** "PACK", as a number. */
export const PACK_SIGNATURE = 0x5041434b;

/** Bytes of the header of a pack. */
export const PACK_HEADER_SIZE = 12;
