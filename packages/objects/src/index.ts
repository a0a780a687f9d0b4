export * from './error.js';
export * from './frame.js';
export * from './hash.js';
export * from './kind.js';
export * from './oid.js';
