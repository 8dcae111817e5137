/**
 * Priority levels: shares, queues, and the two that every server has.
 *
 * @source pkg/apis/flowcontrol/validation/validation.go v1.36
 */
import { forbidden, invalidValue, notSupported, required, type FieldError } from "../../apimachinery/field-error.ts";
import { deepEqual } from "../../apimachinery/patch/index.ts";
import type {
  LimitResponse,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec as Spec,
  QueuingConfiguration,
} from "../generated/flowcontrol-v1.ts";
import { mandatoryPriorityLevels } from "./mandatory.ts";
import { validateConditions } from "./validation.ts";

const MAX_QUEUES = 10_000_000;
const MAX_HASH_BITS = 60;
/** It may be changed a member of, unlike other mandatory objects. */
const EXEMPT = "exempt";

export function validatePriorityLevel({ metadata, spec = {} as Spec, status }: PriorityLevelConfiguration): FieldError[] {
  const { name } = metadata;
  return [...validateSpec(name, spec), ...validateMandatory(name, spec), ...validateConditions(status?.conditions)];
}

function validateSpec(name: string, spec: Spec): FieldError[] {
  const { type = "", exempt, limited } = spec;
  const errors: FieldError[] = [];
  if ((name === EXEMPT) !== (type === "Exempt"))
    errors.push(invalidValue("spec.type", type, "must be 'Exempt' if and only if `name` is 'exempt'"));
  if (type === "Exempt") {
    if (limited) errors.push(forbidden("spec.limited", "must be nil if the type is not Limited"));
    return exempt ? [...errors, ...validateShares("spec.exempt", exempt)] : errors;
  }
  if (type !== "Limited") {
    const unknown = notSupported("spec.type", type, ["Exempt", "Limited"]);
    return [...errors, unknown];
  }
  if (exempt) errors.push(forbidden("spec.exempt", "must be nil if the type is Limited"));
  if (!limited) return [...errors, required("spec.limited", "must not be empty when type is Limited")];
  return [...errors, ...validateLimited(limited)];
}

interface Shares {
  nominalConcurrencyShares?: number;
  lendablePercent?: number;
}

function validateShares(path: string, { nominalConcurrencyShares: shares = 0, lendablePercent: lent = 0 }: Shares): FieldError[] {
  const errors: FieldError[] = [];
  if (shares < 0) errors.push(invalidValue(`${path}.nominalConcurrencyShares`, shares, "must be a non-negative integer"));
  if (lent < 0 || lent > 100) errors.push(invalidValue(`${path}.lendablePercent`, lent, "must be between 0 and 100, inclusive"));
  return errors;
}

function validateLimited(limited: NonNullable<Spec["limited"]>): FieldError[] {
  const path = "spec.limited";
  const { nominalConcurrencyShares, lendablePercent, borrowingLimitPercent: borrowed = 0 } = limited;
  const errors = [
    ...validateShares(path, { nominalConcurrencyShares }),
    ...validateResponse(`${path}.limitResponse`, limited.limitResponse ?? ({} as LimitResponse)),
    ...validateShares(path, { lendablePercent }),
  ];
  if (borrowed < 0)
    errors.push(invalidValue(`${path}.borrowingLimitPercent`, borrowed, "if specified, must be a non-negative integer"));
  return errors;
}

function validateResponse(path: string, { type, queuing }: LimitResponse): FieldError[] {
  const at = `${path}.queuing`;
  if (type === "Reject") return queuing ? [forbidden(at, "must be nil if limited.limitResponse.type is not Limited")] : [];
  if (type !== "Queue") return [notSupported(`${path}.type`, type ?? "", ["Queue", "Reject"])];
  return queuing ? validateQueuing(at, queuing) : [required(at, "must not be empty if limited.limitResponse.type is Limited")];
}

function validateQueuing(path: string, queuing: QueuingConfiguration): FieldError[] {
  const { queueLengthLimit: length = 0, queues = 0, handSize: hand = 0 } = queuing;
  const errors: FieldError[] = [];
  const refuse = (name: string, value: number, text: string) => errors.push(invalidValue(`${path}.${name}`, value, text));
  if (length <= 0) refuse("queueLengthLimit", length, "must be positive");
  if (queues <= 0) refuse("queues", queues, "must be positive");
  else if (queues > MAX_QUEUES) refuse("queues", queues, `must not be greater than ${MAX_QUEUES}`);
  const entropy = Math.ceil(Math.log2(queues) * hand);
  if (hand <= 0) refuse("handSize", hand, "must be positive");
  else if (hand > queues) refuse("handSize", hand, `should not be greater than queues (${queues})`);
  else if (entropy > MAX_HASH_BITS) {
    const text = `required entropy bits of deckSize ${queues} and handSize ${hand} should not be greater than ${MAX_HASH_BITS}`;
    refuse("handSize", hand, text);
  }
  return errors;
}

function validateMandatory(name: string, spec: Spec): FieldError[] {
  const fixed = mandatoryPriorityLevels[name];
  if (!fixed) return [];
  if (name !== EXEMPT)
    return deepEqual(spec, fixed) ? [] : [invalidValue("spec", spec, `spec of '${name}' must equal the fixed value`)];
  const { exempt: _free, ...rest } = spec;
  const text = `spec of '${name}' except the 'spec.exempt' field must equal the fixed value`;
  return deepEqual(rest, fixed) ? [] : [invalidValue("spec", spec, text)];
}
