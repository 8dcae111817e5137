/**
 * ListOptions of a list or watch, checked as upstream checks them.
 *
 * @source staging/src/k8s.io/apimachinery/pkg/apis/meta/internalversion/validation/validation.go v1.36
 */
import { forbidden, notSupported, type FieldError } from "../../../shared/apimachinery/field-error.ts";
import { isTrue } from "../chain/request-info.ts";
import { integerOf, invalidOptions } from "./options.ts";

export type Match = "" | "Exact" | "NotOlderThan";

export interface ListOptions {
  resourceVersion: string;
  match: Match;
  /** 0: all. */
  limit: number;
  continue: string;
  /** undefined and 0: the server decides; a negative one is over at once. */
  timeoutSeconds: number | undefined;
  allowWatchBookmarks: boolean;
  sendInitialEvents: boolean | undefined;
}

const none: ListOptions = Object.freeze({
  resourceVersion: "",
  match: "",
  limit: 0,
  continue: "",
  timeoutSeconds: undefined,
  allowWatchBookmarks: false,
  sendInitialEvents: undefined,
});

export function listOptions(query: URLSearchParams, watch: boolean): ListOptions {
  if (query.size === 0) return none;
  const options: ListOptions = {
    resourceVersion: query.get("resourceVersion") ?? "",
    match: (query.get("resourceVersionMatch") ?? "") as Match,
    limit: Math.max(0, integerOf(query, "limit") ?? 0),
    continue: query.get("continue") ?? "",
    timeoutSeconds: integerOf(query, "timeoutSeconds"),
    allowWatchBookmarks: isTrue(query, "allowWatchBookmarks"),
    sendInitialEvents: query.has("sendInitialEvents") ? isTrue(query, "sendInitialEvents") : undefined,
  };
  const errors = watch ? watchErrors(options) : listErrors(options);
  if (errors.length) throw invalidOptions("ListOptions", errors);
  return options;
}

const MATCH = "resourceVersionMatch";
const INITIAL = "sendInitialEvents";
const WITH_CONTINUE = "resourceVersionMatch is forbidden when continue is provided";

function listErrors({ match, resourceVersion, continue: token, sendInitialEvents }: ListOptions): FieldError[] {
  const errors: FieldError[] = [];
  if (match) {
    if (!resourceVersion) errors.push(forbidden(MATCH, "resourceVersionMatch is forbidden unless resourceVersion is provided"));
    if (token) errors.push(forbidden(MATCH, WITH_CONTINUE));
    if (match !== "Exact" && match !== "NotOlderThan")
      errors.push(notSupported(MATCH, match, ["Exact", "NotOlderThan", ""], "given"));
    if (match === "Exact" && resourceVersion === "0")
      errors.push(forbidden(MATCH, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
  }
  if (sendInitialEvents !== undefined) errors.push(forbidden(INITIAL, "sendInitialEvents is forbidden for list"));
  return errors;
}

function watchErrors({ match, continue: token, sendInitialEvents, resourceVersion }: ListOptions): FieldError[] {
  const errors: FieldError[] = [];
  // A watch from the present counts as one that asked for initial events.
  if (!match && sendInitialEvents === undefined && (resourceVersion === "" || resourceVersion === "0") && token)
    errors.push(forbidden(MATCH, WITH_CONTINUE));
  if (sendInitialEvents !== undefined && match !== "NotOlderThan")
    errors.push(forbidden(MATCH, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
  if (!match) return errors;
  if (sendInitialEvents === undefined)
    errors.push(forbidden(MATCH, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
  if (match !== "NotOlderThan") errors.push(notSupported(MATCH, match, ["NotOlderThan"]));
  if (token) errors.push(forbidden(MATCH, WITH_CONTINUE));
  return errors;
}
