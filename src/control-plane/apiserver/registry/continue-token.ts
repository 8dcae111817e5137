/**
 * Where a list goes on: the revision of its first page and the first key of the next, relative to the list's own prefix.
 *
 * @source staging/src/k8s.io/apiserver/pkg/storage/continue.go v1.36
 */
import { badRequest } from "../../../shared/apimachinery/errors.ts";

export interface ContinueToken {
  /** -1: in the present, at the price of consistency. */
  revision: number;
  /** Key below the prefix; the page begins with the first key that is not before it. */
  start: string;
}

const VERSION = "meta.k8s.io/v1";

export function encodeContinue({ revision, start }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: VERSION, rv: revision, start })).toString("base64url");
}

/** Throws 400. */
export function decodeContinue(token: string): ContinueToken {
  const fields = parse(token);
  if (fields.v !== VERSION)
    throw invalid(`encoded token is not valid: server does not recognize this encoded version ${JSON.stringify(fields.v ?? "")}`);
  if (!fields.start) throw invalid("encoded token is not valid: encoded start key empty (version meta.k8s.io/v1)");
  if (!fields.rv) throw invalid(`incorrect encoded start resourceVersion (version meta.k8s.io/v1)`);
  if (fields.start.split("/").includes("..")) throw invalid(`${fields.start}: path contains '..'`);
  return { revision: fields.rv, start: fields.start };
}

function parse(token: string): { v?: string; rv?: number; start?: string } {
  try {
    return JSON.parse(Buffer.from(token, "base64url").toString()) as object;
  } catch {
    throw invalid("continue key is not valid: illegal base64 data at input byte 0");
  }
}

const invalid = (why: string) => badRequest(`continue key is not valid: ${why}`);
