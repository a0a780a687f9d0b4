import { deflate } from './deflate.js';
import type { DeflateSoon } from './types.js';

/** `deflate` for those who can wait. */
export const deflateSoon: DeflateSoon = deflate;
