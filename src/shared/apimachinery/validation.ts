/**
 * How names, labels, annotations and the like must look: each function returns upstream's texts, none where the value is fine.
 *
 * The `is…` functions speak of one value (`string[]`), the `validate…` functions of a field (`FieldError[]` with its path).
 *
 * @source staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go, pkg/api/validate/content and pkg/api/validation v1.36
 */
import { forbidden, invalidValue, notSupported, required, tooLong, type FieldError } from "./field-error.ts";
import type { LabelSelector } from "./meta.ts";

const DNS1123_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const DNS1123_SUBDOMAIN = `${DNS1123_LABEL}(\\.${DNS1123_LABEL})*`;
const DNS1035_LABEL = "[a-z]([-a-z0-9]*[a-z0-9])?";
const UNDERSCORE_LABEL = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
const UNDERSCORE_SUBDOMAIN = `${UNDERSCORE_LABEL}(\\.${UNDERSCORE_LABEL})*`;
const WILDCARD_SUBDOMAIN = `\\*\\.${DNS1123_SUBDOMAIN}`;
const LABEL_KEY = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const LABEL_VALUE = `(${LABEL_KEY})?`;
const C_IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*";
const CONFIG_KEY = "[-._a-zA-Z0-9]+";
const HEADER_NAME = "[-A-Za-z0-9]+";
const PERCENT = "[0-9]+%";
const HTTP_PATH = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";

const whole = (pattern: string) => new RegExp(`^${pattern}$`);
const dns1123Label = whole(DNS1123_LABEL);
const dns1123Subdomain = whole(DNS1123_SUBDOMAIN);
const underscoreSubdomain = whole(UNDERSCORE_SUBDOMAIN);
const dns1035Label = whole(DNS1035_LABEL);
const wildcardSubdomain = whole(WILDCARD_SUBDOMAIN);
const labelKey = whole(LABEL_KEY);
const labelValue = whole(LABEL_VALUE);
const cIdentifier = whole(C_IDENTIFIER);
const configKey = whole(CONFIG_KEY);
const headerName = whole(HEADER_NAME);
const percent = whole(PERCENT);
const httpPath = whole(HTTP_PATH);

/** Length as upstream counts it: bytes of UTF-8. */
export function byteLength(value: string): number {
  let n = value.length;
  for (let i = 0; i < value.length; i++) {
    const c = value.charCodeAt(i);
    if (c >= 0xd800 && c < 0xdc00) n += 1;
    else if (c >= 0x800 && (c < 0xdc00 || c > 0xdfff)) n += 2;
    else if (c >= 0x80) n += 1;
  }
  return n;
}

const maxLenError = (length: number) => `must be no more than ${length} characters`;
const maxBytesError = (length: number) => `must be no more than ${length} bytes`;
const emptyError = () => "must be non-empty";
export const inclusiveRangeError = (low: number, high: number) => `must be between ${low} and ${high}, inclusive`;

/** `msg (e.g. 'a',  or 'b', regex used for validation is '…')`, commas as upstream sets them. */
export function regexError(message: string, pattern: string, ...examples: string[]): string {
  if (examples.length === 0) return `${message} (regex used for validation is '${pattern}')`;
  return `${message} (e.g. ${examples.map((e) => `'${e}', `).join(" or ")}regex used for validation is '${pattern}')`;
}

const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";

export function isDNS1123Label(value: string): string[] {
  const errors = byteLength(value) > 63 ? [maxLenError(63)] : [];
  if (dns1123Label.test(value)) return errors;
  if (dns1123Subdomain.test(value)) return [...errors, "must not contain dots"];
  const text =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
  return [...errors, regexError(text, DNS1123_LABEL, "my-name", "123-abc")];
}

export function isDNS1123Subdomain(value: string): string[] {
  const errors = byteLength(value) > 253 ? [maxLenError(253)] : [];
  if (!dns1123Subdomain.test(value)) errors.push(regexError(SUBDOMAIN_TEXT, DNS1123_SUBDOMAIN, "example.com"));
  return errors;
}

export function isDNS1123SubdomainWithUnderscore(value: string): string[] {
  const errors = byteLength(value) > 253 ? [maxLenError(253)] : [];
  const text =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
  if (!underscoreSubdomain.test(value)) errors.push(regexError(text, UNDERSCORE_SUBDOMAIN, "example.com"));
  return errors;
}

export function isDNS1035Label(value: string): string[] {
  const errors = byteLength(value) > 63 ? [maxLenError(63)] : [];
  const text =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
  if (!dns1035Label.test(value)) errors.push(regexError(text, DNS1035_LABEL, "my-name", "abc-123"));
  return errors;
}

export function isWildcardDNS1123Subdomain(value: string): string[] {
  const errors = byteLength(value) > 253 ? [maxLenError(253)] : [];
  const text =
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
  if (!wildcardSubdomain.test(value)) errors.push(regexError(text, WILDCARD_SUBDOMAIN, "*.example.com"));
  return errors;
}

/** Also called a qualified name: `name` or `prefix/name`. */
export function isLabelKey(value: string): string[] {
  const parts = value.split("/");
  const text = regexError(
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    LABEL_KEY,
    "MyName",
    "my.name",
    "123-abc",
  );
  if (parts.length > 2)
    return [`a valid label key ${text} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  const name = parts.at(-1)!;
  const errors = parts.length === 2 ? labelKeyPrefix(parts[0]!) : [];
  if (name === "") errors.push(`name part ${emptyError()}`);
  else if (byteLength(name) > 63) errors.push(`name part ${maxBytesError(63)}`);
  if (!labelKey.test(name)) errors.push(`name part ${text}`);
  return errors;
}

function labelKeyPrefix(prefix: string): string[] {
  if (prefix === "") return [`prefix part ${emptyError()}`];
  const errors = byteLength(prefix) > 253 ? [`prefix part ${maxBytesError(253)}`] : [];
  if (!dns1123Subdomain.test(prefix)) errors.push(`prefix part ${regexError(SUBDOMAIN_TEXT, DNS1123_SUBDOMAIN, "example.com")}`);
  return errors;
}

export const isQualifiedName = isLabelKey;

export function isLabelValue(value: string): string[] {
  const errors = byteLength(value) > 63 ? [maxBytesError(63)] : [];
  const text =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  if (!labelValue.test(value)) errors.push(regexError(text, LABEL_VALUE, "MyValue", "my_value", "12345"));
  return errors;
}

export function isCIdentifier(value: string): string[] {
  const text =
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'";
  return cIdentifier.test(value) ? [] : [regexError(text, C_IDENTIFIER, "my_name", "MY_NAME", "MyName")];
}

export function isPathSegmentName(name: string): string[] {
  if (name === "." || name === "..") return [`may not be '${name}'`];
  return isPathSegmentPrefix(name);
}

export const isPathSegmentPrefix = (name: string): string[] =>
  ["/", "%"].filter((c) => name.includes(c)).map((c) => `may not contain '${c}'`);

export const isInRange = (value: number, low: number, high: number): string[] =>
  value >= low && value <= high ? [] : [inclusiveRangeError(low, high)];

export const isValidPortNum = (port: number): string[] => isInRange(port, 1, 65535);
export const isValidUserId = (id: number): string[] => isInRange(id, 0, 2147483647);
export const isValidGroupId = isValidUserId;

export function isValidPortName(port: string): string[] {
  const errors = byteLength(port) > 15 ? [maxLenError(15)] : [];
  if (!/^[-a-z0-9]+$/.test(port)) errors.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (!/[a-z]/.test(port)) errors.push("must contain at least one letter (a-z)");
  if (port.includes("--")) errors.push("must not contain consecutive hyphens");
  if (port.startsWith("-") || port.endsWith("-")) errors.push("must not begin or end with a hyphen");
  return errors;
}

export function isValidPercent(value: string): string[] {
  return percent.test(value)
    ? []
    : [regexError("a valid percent string must be a numeric string followed by an ending '%'", PERCENT, "1%", "93%")];
}

export function isHTTPHeaderName(value: string): string[] {
  return headerName.test(value)
    ? []
    : [regexError("a valid HTTP header must consist of alphanumeric characters or '-'", HEADER_NAME, "X-Header-Name")];
}

/** What v1.36 asks of environment variable names: printable ASCII without `=`. */
export function isRelaxedEnvVarName(value: string): string[] {
  const errors = value === "" ? [`environment variable name ${emptyError()}`] : [];
  if (!/^[\x20-\x3c\x3e-\x7e]*$/.test(value))
    errors.push("a valid environment variable name must consist only of printable ASCII characters other than '='");
  return errors;
}

export function isConfigMapKey(value: string): string[] {
  const errors = byteLength(value) > 253 ? [maxLenError(253)] : [];
  const text = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
  if (!configKey.test(value)) errors.push(regexError(text, CONFIG_KEY, "key.name", "KEY_NAME", "key-name"));
  return [...errors, ...parentPrefix(value)];
}

function parentPrefix(value: string): string[] {
  if (value === "." || value === "..") return [`must not be '${value}'`];
  return value.startsWith("..") ? ["must not start with '..'"] : [];
}

export function validateFullyQualifiedName(field: string, name: string): FieldError[] {
  if (name === "") return [required(field)];
  const errors = isDNS1123Subdomain(name);
  if (errors.length) return [invalidValue(field, name, errors.join(","))];
  return name.split(".").length < 3
    ? [invalidValue(field, name, "should be a domain with at least three segments separated by dots")]
    : [];
}

export function validateFullyQualifiedDomainName(field: string, name: string): FieldError[] {
  if (name === "") return [required(field)];
  const bare = name.endsWith(".") ? name.slice(0, -1) : name;
  const errors = isDNS1123Subdomain(bare);
  if (errors.length) return [invalidValue(field, bare, errors.join(","))];
  const labels = bare.split(".");
  if (labels.length < 2) return [invalidValue(field, bare, "should be a domain with at least two segments separated by dots")];
  for (const label of labels) {
    const wrong = isDNS1123Label(label);
    if (wrong.length) return [invalidValue(field, label, wrong.join(","))];
  }
  return [];
}

/** `acme.io/foo`. */
export function validateDomainPrefixedPath(field: string, value: string): FieldError[] {
  if (value === "") return [required(field)];
  const slash = value.indexOf("/");
  if (slash <= 0 || slash === value.length - 1)
    return [invalidValue(field, value, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  const [host, path] = [value.slice(0, slash), value.slice(slash + 1)];
  const errors = isDNS1123Subdomain(host).map((m) => invalidValue(field, host, m));
  if (!httpPath.test(path)) errors.push(invalidValue(field, path, regexError("Invalid path", HTTP_PATH)));
  return errors;
}

export const validateLabelName = (field: string, name: string): FieldError[] =>
  isLabelKey(name).map((m) => invalidValue(field, name, m));

/** In key order: upstream's order is random. */
export function validateLabels(field: string, labels: Readonly<Record<string, string>> | undefined): FieldError[] {
  const errors: FieldError[] = [];
  for (const key in labels) {
    if (!labelKey.test(key) || key.length > 63) errors.push(...validateLabelName(field, key));
    const value = labels[key]!;
    if (!labelValue.test(value) || value.length > 63)
      for (const m of isLabelValue(value)) errors.push(invalidValue(field, value, m));
  }
  return errors;
}

const MAX_ANNOTATIONS_BYTES = 256 * 1024;

/** Keys are qualified names whose case does not matter; values are free; all together at most 256 KiB. */
export function validateAnnotations(field: string, annotations: Readonly<Record<string, string>> | undefined): FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  for (const key in annotations) {
    if (!labelKey.test(key) || key.length > 63)
      for (const m of isLabelKey(key.toLowerCase())) errors.push(invalidValue(field, key, m));
    size += byteLength(key) + byteLength(annotations[key]!);
  }
  if (size > MAX_ANNOTATIONS_BYTES) errors.push(tooLong(field, MAX_ANNOTATIONS_BYTES));
  return errors;
}

export interface LabelSelectorOptions {
  allowInvalidLabelValue?: boolean;
  allowUnknownOperator?: boolean;
}

export function validateLabelSelector(
  field: string,
  selector: LabelSelector | undefined,
  options: LabelSelectorOptions = {},
): FieldError[] {
  if (!selector) return [];
  const errors = validateLabels(`${field}.matchLabels`, selector.matchLabels);
  (selector.matchExpressions ?? []).forEach((e, i) =>
    errors.push(...validateRequirement(`${field}.matchExpressions[${i}]`, e, options)),
  );
  return errors;
}

function validateRequirement(
  field: string,
  requirement: { key: string; operator: string; values?: string[] },
  options: LabelSelectorOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  const values = requirement.values ?? [];
  if (requirement.operator === "In" || requirement.operator === "NotIn") {
    if (values.length === 0) errors.push(required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (requirement.operator === "Exists" || requirement.operator === "DoesNotExist") {
    if (values.length > 0)
      errors.push(forbidden(`${field}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  } else if (!options.allowUnknownOperator)
    errors.push(invalidValue(`${field}.operator`, requirement.operator, "not a valid selector operator"));
  errors.push(...validateLabelName(`${field}.key`, requirement.key));
  if (!options.allowInvalidLabelValue)
    values.forEach((v, i) => errors.push(...isLabelValue(v).map((m) => invalidValue(`${field}.values[${i}]`, v, m))));
  return errors;
}

const PLAIN_ASCII = /^[ -~]*$/;
const NOT_PRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

export function validateFieldManager(field: string, manager: string): FieldError[] {
  if (manager.length <= 128 && PLAIN_ASCII.test(manager)) return [];
  const errors = byteLength(manager) > 128 ? [tooLong(field, 128)] : [];
  for (const m of manager.matchAll(NOT_PRINTABLE)) {
    const code = m[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
    errors.push(
      invalidValue(field, manager, `invalid character U+${code} (at position ${byteLength(manager.slice(0, m.index))})`),
    );
  }
  return errors;
}

/** The options every write takes. */
export function validateWriteOptions(options: {
  fieldManager?: string;
  dryRun?: readonly string[];
  fieldValidation?: string;
}): FieldError[] {
  const errors = validateFieldManager("fieldManager", options.fieldManager ?? "");
  errors.push(...validateDryRun(options.dryRun));
  const validation = options.fieldValidation ?? "";
  if (!FIELD_VALIDATIONS.includes(validation)) errors.push(notSupported("fieldValidation", validation, FIELD_VALIDATIONS));
  return errors;
}

const FIELD_VALIDATIONS = ["", "Ignore", "Strict", "Warn"];

export const validateDryRun = (dryRun: readonly string[] | undefined): FieldError[] =>
  (dryRun ?? []).every((v) => v === "All") ? [] : [notSupported("dryRun", dryRun, ["All"])];
