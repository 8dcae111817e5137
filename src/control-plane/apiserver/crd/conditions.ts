/**
 * What a definition's status says: which names it got, whether it is served.
 *
 * @source staging/src/k8s.io/apiextensions-apiserver/pkg/controller/{status/naming_controller,establish/establishing_controller}.go v1.36
 */
import type {
  CustomResourceDefinition as Definition,
  CustomResourceDefinitionCondition as Condition,
  CustomResourceDefinitionNames as Names,
} from "../../../shared/api/generated/apiextensions-v1.ts";
import { deepEqual } from "../../../shared/apimachinery/patch/index.ts";
import { isConditionTrue, setCondition } from "../../../shared/apimachinery/conditions.ts";
import { approvalMessage, approvalOf, approvalText, isProtected } from "./definition/approval.ts";
import { formatTime } from "../../../shared/lib/platform.ts";

export const CLEANUP = "customresourcecleanup.apiextensions.k8s.io";

type Verdict = Omit<Condition, "lastTransitionTime">;

export const isTrue = ({ status }: Definition, type: string) => isConditionTrue(status?.conditions, type);

export function decide({ status }: Definition, verdict: Verdict, now: number): void {
  status.conditions = setCondition<Condition>(status.conditions, verdict, formatTime(now));
}

/** Puts names and conditions of a definition in order, in place. `others`: the rest of its group. */
export function settle(definition: Definition, others: readonly Definition[], usable: boolean, now: number): void {
  const { accepted, verdict } = acceptedNames(definition, others);
  if (!deepEqual(definition.spec.names, definition.status.acceptedNames)) {
    definition.status.acceptedNames = accepted;
    decide(definition, verdict, now);
    if (!isTrue(definition, "Established") && verdict.status !== "True") decide(definition, NOT_ACCEPTED, now);
  }
  const approval = approvalVerdict(definition);
  if (approval) decide(definition, approval, now);
  if (isTrue(definition, "NamesAccepted") && !isTrue(definition, "Established"))
    decide(definition, usable ? ESTABLISHED : INVALID_BUNDLE, now);
}

const APPROVALS = {
  approved: { status: "True", reason: "ApprovedAnnotation" },
  bypassed: { status: "False", reason: "UnapprovedAnnotation" },
  missing: { status: "False", reason: "MissingAnnotation" },
  invalid: { status: "False", reason: "InvalidAnnotation" },
} as const;

/** Of groups that belong to the community. */
function approvalVerdict(definition: Definition): Verdict | undefined {
  if (!isProtected(definition.spec.group)) return undefined;
  const approval = approvalOf(definition);
  const type = "KubernetesAPIApprovalPolicyConformant";
  return { type, ...APPROVALS[approval], message: approvalMessage(approval, approvalText(definition)) };
}

const NOT_ACCEPTED: Verdict = {
  type: "Established",
  status: "False",
  reason: "NotAccepted",
  message: "not all names are accepted",
};
const ESTABLISHED: Verdict = {
  type: "Established",
  status: "True",
  reason: "InitialNamesAccepted",
  message: "the initial names have been accepted",
};
const INVALID_BUNDLE: Verdict = {
  type: "Established",
  status: "False",
  reason: "InvalidCABundle",
  message: "The conversion webhook CABundle is invalid",
};

function acceptedNames(definition: Definition, others: readonly Definition[]): { accepted: Names; verdict: Verdict } {
  const taken = [definition, ...others].map((d) => d.status.acceptedNames ?? { plural: "", kind: "" });
  const resources = new Set(taken.flatMap((n) => [n.plural, n.singular, ...(n.shortNames ?? [])]));
  const kinds = new Set(taken.flatMap((n) => [n.kind, n.listKind]));
  const wanted = definition.spec.names;
  const had = definition.status.acceptedNames ?? { plural: "", kind: "" };
  const accepted: Names = { ...had };
  let verdict: Verdict = { type: "NamesAccepted", status: "True", reason: "NoConflicts", message: "no conflicts found" };
  const conflict = (reason: string, message: string) =>
    void (verdict = { type: "NamesAccepted", status: "False", reason, message });
  const take = (field: "plural" | "singular" | "kind" | "listKind", reason: string, used: Set<string | undefined>) => {
    const name = wanted[field] ?? "";
    if (name !== (had[field] ?? "") && used.has(name)) conflict(reason, inUse(name));
    else if (wanted[field] !== undefined) accepted[field] = name;
  };
  take("plural", "PluralConflict", resources);
  take("singular", "SingularConflict", resources);
  const refused = (wanted.shortNames ?? []).filter((n) => !had.shortNames?.includes(n) && resources.has(n));
  if (refused.length) conflict("ShortNamesConflict", aggregate([...new Set(refused.map(inUse))]));
  else if (wanted.shortNames) accepted.shortNames = wanted.shortNames;
  else delete accepted.shortNames;
  take("kind", "KindConflict", kinds);
  take("listKind", "ListKindConflict", kinds);
  if (wanted.categories) accepted.categories = wanted.categories;
  else delete accepted.categories;
  return { accepted, verdict };
}

const inUse = (name: string) => `${JSON.stringify(name)} is already in use`;

const aggregate = (texts: string[]) => (texts.length === 1 ? texts[0]! : `[${texts.join(", ")}]`);
