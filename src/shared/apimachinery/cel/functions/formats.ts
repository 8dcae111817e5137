/** @source staging/src/k8s.io/apiserver/pkg/cel/library/format.go v1.36 */
import { isDNS1035Label, isDNS1123Label, isDNS1123Subdomain, isLabelValue, isQualifiedName } from "../../validation.ts";
import type { FunctionTable } from "../library.ts";
import { Opaque, Optional } from "../values.ts";

class Format extends Opaque {
  readonly celType = T;
  readonly faults: (text: string) => string[];
  constructor(faults: (text: string) => string[]) {
    super();
    this.faults = faults;
  }
}

const T = "kubernetes.NamedFormat";
/** A prefix may end in a dash: something follows it. */
const prefix = (check: (text: string) => string[]) => (text: string) => check(text.replace(/-$/, "a"));
const like = (pattern: RegExp, message: string) => (text: string) => (pattern.test(text) ? [] : [message]);

const FORMATS: Record<string, (text: string) => string[]> = {
  dns1123Label: isDNS1123Label,
  dns1123Subdomain: isDNS1123Subdomain,
  dns1035Label: isDNS1035Label,
  qualifiedName: isQualifiedName,
  dns1123LabelPrefix: prefix(isDNS1123Label),
  dns1123SubdomainPrefix: prefix(isDNS1123Subdomain),
  dns1035LabelPrefix: prefix(isDNS1035Label),
  labelValue: isLabelValue,
  uri: (text) => (URL.canParse(text) || /^\/\S*$/.test(text) ? [] : [`parse ${JSON.stringify(text)}: invalid URI for request`]),
  uuid: like(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i, "does not match the UUID format"),
  byte: like(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, "invalid base64"),
  date: (text) => (/^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) ? [] : ["invalid date"]),
  datetime: (text) =>
    /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text))
      ? []
      : ["invalid datetime"],
};

const all = new Map(Object.entries(FORMATS).map(([name, faults]) => [name, new Format(faults)]));

export const formats: FunctionTable = {
  ...(Object.fromEntries([...all].map(([name, format]) => [`format::${name}(): ${T}`, () => format])) as FunctionTable),
  [`format::named(string): optional<${T}>`]: (name: string) => new Optional(all.has(name), all.get(name)),
  [`${T}.validate(string): optional<list<string>>`]: ({ faults }: Format, text: string) => {
    const found = faults(text);
    return new Optional(found.length > 0, found);
  },
};
