/** Bytes of the length that opens every line. */
export const PREFIX_BYTES = 4;

/** Bytes of payload that fit one line: 65520 in all, less the prefix. */
export const MAX_PAYLOAD_BYTES = 65516;

/** One line of the protocol: data, or one of the three control lines. */
export type PktLine =
  | { readonly kind: 'data'; readonly payload: Uint8Array }
  | { readonly kind: 'flush' }
  | { readonly kind: 'delimiter' }
  | { readonly kind: 'response-end' };

/** The lines "0000", "0001" and "0002"; the index is what the prefix says. */
export const CONTROL_LINES: readonly PktLine[] = [{ kind: 'flush' }, { kind: 'delimiter' }, { kind: 'response-end' }];
