import { randomUUID } from 'node:crypto';
import type { ObjectFilterKind } from '@git-kv/protocol';
import type { UploadRules } from '@git-kv/repository';
import { Config } from '@git-kv/repository/file';
import type { GitConfig } from './git-config.js';

const FILTERS: readonly ObjectFilterKind[] = ['blob:none', 'blob:limit', 'tree', 'object:type', 'combine'];

/**
 * What the configuration of a repository says of fetches, with git's defaults.
 * @see git-config(1), uploadpack.* and uploadpackfilter.*
 */
export function uploadRules({ entries }: Pick<GitConfig, 'entries'>): UploadRules {
  const config = new Config(entries);
  const filters: Partial<Record<ObjectFilterKind, boolean>> = {};
  for (const kind of FILTERS) {
    const isAllowed = config.getBoolean('uploadpackfilter', 'allow', kind);
    if (isAllowed !== undefined) filters[kind] = isAllowed;
  }
  const maxTreeDepth = config.getInteger('uploadpackfilter', 'maxdepth', 'tree');
  if (maxTreeDepth !== undefined) filters.tree ??= true;
  const unborn = config.get('lsrefs', 'unborn');
  const allowsAny = config.getBoolean('uploadpack', 'allowanysha1inwant') === true;
  return {
    allowFilter: config.getBoolean('uploadpack', 'allowfilter') ?? false,
    filters,
    allowOtherFilters: config.getBoolean('uploadpackfilter', 'allow') ?? true,
    ...(maxTreeDepth !== undefined && { maxTreeDepth }),
    allowRefInWant: config.getBoolean('uploadpack', 'allowrefinwant') ?? false,
    allowSidebandAll: config.getBoolean('uploadpack', 'allowsidebandall') ?? false,
    ...((unborn === 'allow' || unborn === 'ignore') && { unborn }),
    ...(allowsAny && { allowAnyWant: true }),
    allowTipWant: config.getBoolean('uploadpack', 'allowtipsha1inwant') ?? false,
    allowReachableWant: config.getBoolean('uploadpack', 'allowreachablesha1inwant') ?? false,
    ...(config.getBoolean('transfer', 'advertisesid') === true && { sessionId: randomUUID() }),
  };
}
