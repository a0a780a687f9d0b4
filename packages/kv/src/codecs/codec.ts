/**
 * Turns values into the bytes of a file and back. Equal values are to give equal bytes, so that writing a value that is there
 * already changes nothing; and what was encoded is to decode to an equal value.
 */
export interface Codec<T> {
  /** In a buffer that the caller may keep. @throws {InvalidValueError} INVALID_VALUE for what the format cannot hold */
  encode(value: T): Uint8Array;
  /** May keep views into `bytes`. @throws {MalformedError} for bytes that are not in the format */
  decode(bytes: Uint8Array): T;
}

/** A codec that may have to wait, for a schema say. Every {@link Codec} is one. */
export interface AsyncCodec<T> {
  encode(value: T): Uint8Array | Promise<Uint8Array>;
  decode(bytes: Uint8Array): T | Promise<T>;
}
