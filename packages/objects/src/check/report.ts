import type { Oid } from '../oid.js';
import type { CheckFinding, CheckId, CheckRules } from './ids.js';

/** Gathers what is found in one object. */
export class CheckReport {
  readonly rules: CheckRules;
  readonly findings: CheckFinding[] = [];
  readonly #oid: Oid | undefined;

  constructor(rules: CheckRules, oid?: Oid) {
    this.rules = rules;
    this.#oid = oid;
  }

  /**
   * Note a finding, unless its id is ignored. True where it is an error: after one, as in git, the rest of a commit or
   * tag is not looked at, because what follows would be read from the wrong place.
   */
  add(id: CheckId, offset: number | undefined, message: string): boolean {
    const severity = this.rules.severities[id];
    if (severity === 'ignore') return false;
    const place = offset === undefined ? {} : { offset };
    const object = this.#oid === undefined ? {} : { oid: this.#oid };
    this.findings.push({ id, severity, message, ...place, ...object });
    return severity === 'error';
  }
}
