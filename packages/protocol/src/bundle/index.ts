export { type BundleHeader, type BundlePrerequisite, type BundleRef, serializeBundleHeader } from './header.js';
export {
  BundleHeaderReader,
  type BundleReadOptions,
  type OpenBundle,
  type ParsedBundleHeader,
  parseBundleHeader,
  readBundle,
} from './reader.js';
