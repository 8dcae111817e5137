/** What a `resolv.conf` says, in its own order: of several `search` (or `domain`) or `options` lines the last counts. */
export interface ResolvConf {
  servers: string[];
  searches: string[];
  options: string[];
}

export function parseResolvConf(text: string): ResolvConf {
  const config: ResolvConf = { servers: [], searches: [], options: [] };
  for (const line of text.split("\n")) {
    const [keyword, ...values] = line
      .replace(/[#;].*/, "")
      .trim()
      .split(/\s+/);
    if (keyword === "nameserver" && values[0]) config.servers.push(values[0]);
    else if (keyword === "search" || keyword === "domain") config.searches = values.map(withoutFinalDot);
    else if (keyword === "options") config.options = values;
  }
  return config;
}

const withoutFinalDot = (domain: string) => (domain === "." ? domain : domain.replace(/\.$/, ""));
