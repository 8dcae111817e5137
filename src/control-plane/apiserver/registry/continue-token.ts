/**
 * Where a list goes on: the revision of its first page and the first key of the next, relative to the list's own prefix.
 *
 * @source staging/src/k8s.io/apiserver/pkg/storage/continue.go v1.36
 */
import { parseJson } from "../../../shared/apimachinery/decode.ts";
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
  if (fields.v !== VERSION) throw invalid(`server does not recognize this encoded version ${fields.v ?? ""}`);
  if (!fields.rv) throw invalid("incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
  if (!fields.start) throw invalid("encoded start key empty (version meta.k8s.io/v1)");
  if (fields.start.split("/").includes("..")) throw invalid(fields.start);
  return { revision: fields.rv, start: fields.start };
}

function parse(token: string): { v?: string; rv?: number; start?: string } {
  const strange = /[^\w-]/.exec(token)?.index ?? (token.length % 4 === 1 ? token.length - 1 : -1);
  if (strange >= 0) throw invalid(`illegal base64 data at input byte ${strange}`);
  const text = Buffer.from(token, "base64url").toString();
  try {
    return parseJson(text) as object;
  } catch (error) {
    throw invalid((error as Error).message);
  }
}

const invalid = (why: string) => badRequest(`invalid continue token: continue key is not valid: ${why}`);
