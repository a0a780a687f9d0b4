import type { AccessDecision } from './access.js';

/**
 * What `authorize` returned, which need not be written in TypeScript: a denial always has a reason.
 * @throws {TypeError} for what is no decision
 */
export function checkDecision<Identity>(decision: AccessDecision<Identity>): AccessDecision<Identity> {
  switch (decision.kind) {
    case 'allow':
    case 'authenticate':
      return decision;
    case 'deny':
      return { kind: 'deny', reason: String(decision.reason ?? '') || 'access is denied' };
    default:
      throw new TypeError(`Cannot authorize: ${JSON.stringify(decision)} is no decision`);
  }
}
