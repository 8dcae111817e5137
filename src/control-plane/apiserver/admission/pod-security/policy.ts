/**
 * What a namespace's labels ask for: a level and the version of its rules, for each of enforce, audit and warn.
 *
 * @source staging/src/k8s.io/pod-security-admission/api/helpers.go v1.36
 */
import { invalidValue, type FieldError } from "../../../../shared/apimachinery/field-error.ts";

/** From lax to strict. */
const LEVELS = ["privileged", "baseline", "restricted"] as const;
export type Level = (typeof LEVELS)[number];

export interface LevelVersion {
  level: Level;
  /** Minor version 1.x; Infinity is the latest. */
  version: number;
}

export interface Policy {
  enforce: LevelVersion;
  audit: LevelVersion;
  warn: LevelVersion;
}

export const strictness = (level: Level) => LEVELS.indexOf(level);

export const describe = ({ level, version }: LevelVersion) => `${level}:${version === Infinity ? "latest" : `v1.${version}`}`;

const PREFIX = "pod-security.kubernetes.io/";

/** The policy, and the labels that make no sense. A policy is always there: a bad enforce level counts as the strictest. */
export function policyOf(labels: Readonly<Record<string, string>> = {}): { policy: Policy; errors: FieldError[] } {
  const errors: FieldError[] = [];
  const read = (mode: keyof Policy): { level: Level | undefined; version: number | undefined } => {
    const level = labels[PREFIX + mode];
    const version = labels[`${PREFIX}${mode}-version`];
    return {
      level: level === undefined ? undefined : parseLevel(mode, level, errors),
      version: version === undefined ? undefined : parseVersion(mode, version, errors),
    };
  };
  const enforce = read("enforce");
  const audit = read("audit");
  const warn = read("warn");
  const or = ({ level = "privileged", version = Infinity }: Partial<LevelVersion>): LevelVersion => ({ level, version });
  const policy = { enforce: or(enforce), audit: or(audit), warn: or(warn) };
  const enforceIsValid = enforce.level !== undefined && labels[`${PREFIX}enforce`] === enforce.level;
  // Who is refused pods would like to know of it when the template is written.
  if (warn.level === undefined && enforceIsValid && strictness(policy.enforce.level) > strictness(policy.warn.level)) {
    policy.warn = { level: policy.enforce.level, version: warn.version ?? policy.enforce.version };
  }
  return { policy, errors };
}

function parseLevel(mode: keyof Policy, text: string, errors: FieldError[]): Level {
  if ((LEVELS as readonly string[]).includes(text)) return text as Level;
  errors.push(invalidValue(`metadata.labels[${PREFIX}${mode}]`, text, `must be one of ${LEVELS.join(", ")}`));
  return mode === "enforce" ? "restricted" : "privileged";
}

function parseVersion(mode: keyof Policy, text: string, errors: FieldError[]): number {
  if (text === "latest") return Infinity;
  const minor = /^v1\.(0|[1-9]\d*)$/.exec(text)?.[1];
  if (minor !== undefined) return Number(minor);
  errors.push(invalidValue(`metadata.labels[${PREFIX}${mode}-version]`, text, 'must be "latest" or "v1.x"'));
  return Infinity;
}
