export type * from './object-store.js';
export type * from './ref-store.js';
export type * from './repository.js';
