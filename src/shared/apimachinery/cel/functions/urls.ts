/** @source staging/src/k8s.io/apiserver/pkg/cel/library/urls.go v1.36 */
import type { FunctionTable } from "../library.ts";
import { CelError, Opaque } from "../values.ts";

class UrlValue extends Opaque {
  readonly celType = "kubernetes.URL";
  readonly url: URL;
  readonly text: string;
  constructor(text: string, url: URL) {
    super();
    this.text = text;
    this.url = url;
  }
  override equals(other: Opaque): boolean {
    return this.text === (other as UrlValue).text;
  }
}

/** Absolute, or a path from the root. */
function parsed(text: string): UrlValue | undefined {
  // eslint-disable-next-line no-control-regex -- what Go refuses
  if (/[\x00-\x1f\x7f\\]/.test(text) || /%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:/.test(text) && !text.startsWith("/")) return undefined;
  const url = URL.parse(text, "relative://");
  return url ? new UrlValue(text, url) : undefined;
}

const scheme = ({ url }: UrlValue) => (url.protocol === "relative:" ? "" : url.protocol.slice(0, -1));
/** What stands there: `URL` leaves out the default port. */
const authority = ({ text }: UrlValue) => /^(?:[^:/]+:)?\/\/(?:[^@/?#]*@)?([^/?#]*)/.exec(text)?.[1] ?? "";

export const urls: FunctionTable = {
  "url(string): kubernetes.URL": (text: string) => {
    const found = parsed(text);
    if (!found)
      throw new CelError(`URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`);
    return found;
  },
  "isURL(string): bool": (text: string) => parsed(text) !== undefined,
  "kubernetes.URL.getScheme(): string": scheme,
  "kubernetes.URL.getHost(): string": authority,
  "kubernetes.URL.getHostname(): string": (of: UrlValue) =>
    authority(of)
      .replace(/:\d*$/, "")
      .replace(/^\[|\]$/g, ""),
  "kubernetes.URL.getPort(): string": (of: UrlValue) => /:(\d*)$/.exec(authority(of))?.[1] ?? "",
  "kubernetes.URL.getEscapedPath(): string": ({ text, url }: UrlValue) => (/^[^:]+:\/\/[^/?#]*$/.test(text) ? "" : url.pathname),
  "kubernetes.URL.getQuery(): map<string, list<string>>": ({ url }: UrlValue) =>
    new Map([...new Set(url.searchParams.keys())].map((key) => [key, url.searchParams.getAll(key)])),
};
