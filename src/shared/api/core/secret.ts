import { goSyntaxError } from "../../apimachinery/json-text.ts";
import { invalidValue, required, tooLong, type FieldError } from "../../apimachinery/field-error.ts";
import type { Secret as T } from "../generated/core-v1.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { decodedLength, MAX_DATA_BYTES, validateImmutable, validateKeys } from "./immutable-data.ts";

const SERVICE_ACCOUNT_NAME = "kubernetes.io/service-account.name";

export const Secret = defineKind<T>({
  ...facts["v1/secrets"],
  cells: (secret, context) => [
    secret.metadata.name,
    secret.type ?? "",
    Object.keys(secret.data ?? {}).length,
    age(secret, context),
  ],
  revalidatesMetadata: true,
  immutable: ["type"],
  selectableFields: { type: ({ type }) => type ?? "" },
  setDefaults(secret) {
    takeStringData(secret);
    secret.type ||= "Opaque";
  },
  validate(secret) {
    const { data = {} } = secret;
    const size = Object.values(data).reduce((sum, value) => sum + decodedLength(value), 0);
    return [
      ...validateKeys("data", data),
      ...(size > MAX_DATA_BYTES ? [tooLong("data", MAX_DATA_BYTES)] : []),
      ...validateType(secret),
    ];
  },
  validateUpdate: (secret, old) => validateImmutable(secret, old, ["data"]),
});
export type Secret = T;

/** `stringData` is write-only: it goes over `data` and is gone. */
function takeStringData(secret: T): void {
  if (!secret.stringData) return;
  const data = (secret.data ??= {});
  for (const [key, value] of Object.entries(secret.stringData)) data[key] = Buffer.from(value, "utf8").toString("base64");
  delete secret.stringData;
}

function validateType({ type, data = {}, metadata }: T): FieldError[] {
  const absent = (...keys: string[]) => keys.filter((key) => !(key in data)).map((key) => required(`data[${key}]`));
  switch (type) {
    case "kubernetes.io/service-account-token":
      return metadata.annotations?.[SERVICE_ACCOUNT_NAME] ? [] : [required(`metadata.annotations[${SERVICE_ACCOUNT_NAME}]`)];
    case "kubernetes.io/dockercfg":
      return validateJson(".dockercfg", data);
    case "kubernetes.io/dockerconfigjson":
      return validateJson(".dockerconfigjson", data);
    case "kubernetes.io/basic-auth":
      return "username" in data || "password" in data ? [] : absent("username", "password");
    case "kubernetes.io/ssh-auth":
      return data["ssh-privatekey"] ? [] : [required("data[ssh-privatekey]")];
    case "kubernetes.io/tls":
      return absent("tls.crt", "tls.key");
    default:
      return [];
  }
}

function validateJson(key: string, data: Readonly<Record<string, string>>): FieldError[] {
  if (!(key in data)) return [required(`data[${key}]`)];
  const problem = jsonProblem(Buffer.from(data[key]!, "base64").toString("utf8"));
  return problem ? [invalidValue(`data[${key}]`, "<secret contents redacted>", problem)] : [];
}

function jsonProblem(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && !Array.isArray(value)) return undefined;
    const found = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
    return `json: cannot unmarshal ${found} into Go value of type map[string]interface {}`;
  } catch {
    return goSyntaxError(text);
  }
}
