/** Image references: what a short name stands for. */

/** `busybox` → `docker.io/library/busybox:latest`; undefined where it is no reference. */
export function normalizeImage(image: string): string | undefined {
  const match =
    /^((?:[A-Za-z0-9][A-Za-z0-9.-]*(?::\d+)?\/)?[a-z0-9][a-z0-9._/-]*)(?::([\w][\w.-]{0,127}))?(@[A-Za-z0-9]+:[0-9a-fA-F]{32,})?$/.exec(
      image,
    );
  if (!match) return undefined;
  const [, name, tag, digest = ""] = match as unknown as [string, string, string?, string?];
  const first = name.split("/")[0]!;
  const hasHost = name.includes("/") && (/[.:]/.test(first) || first === "localhost");
  const full = hasHost ? name : `docker.io/${name.includes("/") ? name : `library/${name}`}`;
  return `${full}${tag ? `:${tag}` : digest ? "" : ":latest"}${digest}`;
}
