/**
 * CreateOptions, UpdateOptions, PatchOptions and DeleteOptions of a request, from its query or (deletes) its body.
 *
 * @source staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/{types.go,validation/validation.go} v1.36
 */
import { ApiError, badRequest, invalid } from "../../../shared/apimachinery/errors.ts";
import { forbidden, invalidValue, notSupported, required, type FieldError } from "../../../shared/apimachinery/field-error.ts";
import { validateDryRun, validateWriteOptions } from "../../../shared/apimachinery/validation.ts";
import { isTrue } from "../chain/request-info.ts";

export type FieldValidation = "Ignore" | "Warn" | "Strict";

export interface WriteOptions {
  dryRun: boolean;
  fieldManager: string;
  fieldValidation: FieldValidation;
  /** Of an apply: take fields from their owners. */
  force: boolean;
  /** As admission sees them. */
  asObject: Record<string, unknown>;
}

export interface Preconditions {
  uid?: string;
  resourceVersion?: string;
}

export interface DeleteOptions {
  dryRun: boolean;
  gracePeriodSeconds?: number;
  propagationPolicy?: "Orphan" | "Background" | "Foreground";
  orphanDependents?: boolean;
  preconditions?: Preconditions;
  asObject: Record<string, unknown>;
}

type OptionsKind = "CreateOptions" | "UpdateOptions" | "PatchOptions" | "DeleteOptions";

const META = "meta.k8s.io";

export function invalidOptions(kind: OptionsKind | "ListOptions", errors: readonly FieldError[]): ApiError {
  return invalid({ group: META, resource: kind }, "", errors);
}

/** `apply`: the patch is a server-side apply, which needs a manager; nothing else may force. */
export function writeOptions(query: URLSearchParams, kind: OptionsKind, apply?: boolean): WriteOptions {
  if (query.size === 0 && !apply) return plain[kind];
  const dryRun = query.getAll("dryRun");
  const fieldManager = query.get("fieldManager") ?? "";
  const fieldValidation = query.get("fieldValidation") ?? "";
  const force = query.has("force") ? isTrue(query, "force") : undefined;
  const errors: FieldError[] = [];
  if (kind === "PatchOptions") {
    if (apply && !fieldManager) errors.push(required("fieldManager", "is required for apply patch"));
    if (!apply && force !== undefined) errors.push(forbidden("force", "may not be specified for non-apply patch"));
  }
  errors.push(...validateWriteOptions({ fieldManager, dryRun, fieldValidation }));
  if (errors.length) throw invalidOptions(kind, errors);
  return {
    dryRun: dryRun.length > 0,
    fieldManager,
    fieldValidation: (fieldValidation || "Warn") as FieldValidation,
    force: force ?? false,
    asObject: {
      kind,
      apiVersion: `${META}/v1`,
      ...(dryRun.length && { dryRun }),
      ...(kind === "PatchOptions" && force !== undefined && { force }),
      ...(fieldManager && { fieldManager }),
      ...(fieldValidation && { fieldValidation }),
    },
  };
}

const plainOptions = (kind: OptionsKind): WriteOptions => ({
  dryRun: false,
  fieldManager: "",
  fieldValidation: "Warn",
  force: false,
  asObject: Object.freeze({ kind, apiVersion: `${META}/v1` }),
});

const plain: Record<OptionsKind, WriteOptions> = {
  CreateOptions: plainOptions("CreateOptions"),
  UpdateOptions: plainOptions("UpdateOptions"),
  PatchOptions: plainOptions("PatchOptions"),
  DeleteOptions: plainOptions("DeleteOptions"),
};

const INT64 = 1n << 63n;

/** undefined: not given. Throws 400. */
export function integerOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const fault = (why: string) => badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: ${why}`);
  if (!/^[+-]?\d+$/.test(text)) throw fault("invalid syntax");
  const value = BigInt(text.replace("+", ""));
  if (value >= INT64 || value < -INT64) throw fault("value out of range");
  return Number(value);
}

/** The query as DeleteOptions. */
export function deleteOptionsOfQuery(query: URLSearchParams): DeleteOptions {
  const object: Record<string, unknown> = {};
  const grace = integerOf(query, "gracePeriodSeconds");
  if (grace !== undefined) object.gracePeriodSeconds = grace;
  if (query.has("dryRun")) object.dryRun = query.getAll("dryRun");
  if (query.has("propagationPolicy")) object.propagationPolicy = query.get("propagationPolicy");
  if (query.has("orphanDependents")) object.orphanDependents = isTrue(query, "orphanDependents");
  const preconditions = Object.fromEntries(["uid", "resourceVersion"].flatMap((n) => (query.has(n) ? [[n, query.get(n)]] : [])));
  if (Object.keys(preconditions).length) object.preconditions = preconditions;
  return deleteOptions(object);
}

const POLICIES = ["Foreground", "Background", "Orphan"];

export function deleteOptions(object: Record<string, unknown>): DeleteOptions {
  const { gracePeriodSeconds, orphanDependents, propagationPolicy, dryRun, preconditions } = object as {
    gracePeriodSeconds?: number;
    orphanDependents?: boolean;
    propagationPolicy?: DeleteOptions["propagationPolicy"];
    dryRun?: string[];
    preconditions?: Preconditions;
  };
  const errors: FieldError[] = [];
  if (orphanDependents !== undefined && propagationPolicy !== undefined)
    errors.push(
      invalidValue("propagationPolicy", propagationPolicy, "orphanDependents and deletionPropagation cannot be both set"),
    );
  if (propagationPolicy !== undefined && !POLICIES.includes(propagationPolicy)) errors.push(unknownPolicy(propagationPolicy));
  errors.push(...validateDryRun(dryRun));
  if (errors.length) throw invalidOptions("DeleteOptions", errors);
  return {
    dryRun: (dryRun?.length ?? 0) > 0,
    gracePeriodSeconds,
    propagationPolicy,
    orphanDependents,
    preconditions,
    asObject: { kind: "DeleteOptions", apiVersion: `${META}/v1`, ...object },
  };
}

/** Listed in this order, with a "nil" that cannot be sent. */
function unknownPolicy(value: string): FieldError {
  const text = [...POLICIES, "nil"].map((p) => JSON.stringify(p)).join(", ");
  return {
    ...notSupported("propagationPolicy", value, []),
    message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${text}`,
  };
}
