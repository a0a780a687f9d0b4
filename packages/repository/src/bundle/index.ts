export { type CreateBundleOptions, type CreatedBundle, createBundle } from './create.js';
export { type UnbundleSummary, unbundle } from './unbundle.js';
export { type BundleVerdict, verifyBundle } from './verify.js';
