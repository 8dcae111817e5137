/**
 * Links in what a proxied backend answers: it knows nothing of the path it is reached by, so that a link to `/x` has to lead to
 * `<path of the proxy>/x`.
 *
 * @source staging/src/k8s.io/apimachinery/pkg/util/proxy/transport.go v1.36
 */

/** Elements and their attributes that hold a URL. */
const LINKS: Readonly<Record<string, readonly string[]>> = {
  a: ["href"],
  applet: ["codebase"],
  area: ["href"],
  audio: ["src"],
  base: ["href"],
  blockquote: ["cite"],
  body: ["background"],
  button: ["formaction"],
  command: ["icon"],
  del: ["cite"],
  embed: ["src"],
  form: ["action"],
  frame: ["longdesc", "src"],
  head: ["profile"],
  html: ["manifest"],
  iframe: ["longdesc", "src"],
  img: ["longdesc", "src", "usemap"],
  input: ["src", "usemap", "formaction"],
  ins: ["cite"],
  link: ["href"],
  object: ["classid", "codebase", "data", "usemap"],
  q: ["cite"],
  script: ["src"],
  source: ["src"],
  video: ["poster", "src"],
};

export interface ProxyPlace {
  /** Path of the proxy, without a slash at its end. */
  prefix: string;
  /** Host and port of the backend, and of the API server: links to either are the proxy's. */
  hosts: readonly string[];
}

export function rewriteUrl(text: string, { prefix, hosts }: ProxyPlace): string {
  const match = /^(?:([a-z][a-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(.*)$/i.exec(text);
  const [, scheme, host, path = "", rest = ""] = match ?? [];
  if ((scheme && !host) || (host && !hosts.includes(host)) || !path.startsWith("/") || path.startsWith(prefix)) return text;
  return `${prefix}${path}${rest}`;
}

export function rewriteHtml(html: string, place: ProxyPlace): string {
  return html.replace(/<([a-z]+)(\s[^<>]*)>/gi, (tag, name: string, attributes: string) => {
    const links = LINKS[name.toLowerCase()];
    if (!links) return tag;
    const changed = attributes.replace(
      /([a-z]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)/gi,
      (attribute, key: string, equals: string, value: string) => {
        if (!links.includes(key.toLowerCase())) return attribute;
        const quote = /^["']/.test(value) ? value[0]! : "";
        return `${key}${equals}${quote}${rewriteUrl(quote ? value.slice(1, -1) : value, place)}${quote}`;
      },
    );
    return `<${name}${changed}>`;
  });
}
