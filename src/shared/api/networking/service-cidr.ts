import { invalidValue, required, type FieldError } from "../../apimachinery/field-error.ts";
import { validateCidr } from "../../apimachinery/validation-ip.ts";
import { parseCidr } from "../../lib/ip.ts";
import { age } from "../cells.ts";
import type { ServiceCIDR as T } from "../generated/networking-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

const FIELD = "spec.cidrs";
const IMMUTABLE = "field is immutable";

export const ServiceCIDR = defineKind<T>({
  ...facts["networking.k8s.io/v1/servicecidrs"],
  cells: (object, context) => [object.metadata.name, (object.spec?.cidrs ?? []).join(","), age(object, context)],
  // An update is judged by what it changes: ranges stay, a second family may come.
  validate: ({ metadata, spec }) => (metadata.resourceVersion ? [] : validateRanges(spec?.cidrs)),
  validateUpdate({ spec: { cidrs = [] } }, old) {
    const was = old.spec.cidrs ?? [];
    const grows = was.length === 1 && cidrs.length === 2;
    if (was.length !== cidrs.length && !grows) return [invalidValue(FIELD, cidrs, IMMUTABLE)];
    const changed = was.flatMap((cidr, i) => (cidr === cidrs[i] ? [] : [invalidValue(`${FIELD}[${i}]`, cidrs[i], IMMUTABLE)]));
    return grows ? [...changed, ...validateRanges(cidrs)] : changed;
  },
});
export type ServiceCIDR = T;

function validateRanges(cidrs: readonly string[] = []): FieldError[] {
  if (cidrs.length === 0) return [required(FIELD, "at least one CIDR required")];
  if (cidrs.length > 2) return [invalidValue(FIELD, { CIDRs: cidrs }, "may only hold up to 2 values")];
  const errors = cidrs.flatMap((cidr, i) => validateCidr(`${FIELD}[${i}]`, cidr));
  const [first, second] = cidrs.map((cidr) => parseCidr(cidr)?.family);
  const text = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";
  return first && first === second ? [...errors, invalidValue(FIELD, cidrs, text)] : errors;
}
