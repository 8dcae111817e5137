/**
 * Files of one volume that are in each other's way: `p` and `p/q`, or one path twice.
 *
 * @source pkg/api/pod/warnings.go warningsForOverlappingVirtualPaths v1.36
 */
import type { Volume, VolumeProjection } from "../../generated/core-v1.ts";

interface File {
  path: string;
  /** Who brings it, where several do. */
  source: string;
}

const quote = (text: string | undefined) => JSON.stringify(text ?? "");

export function overlapWarnings(volumes: readonly Volume[]): string[] {
  return volumes.flatMap(({ name, configMap, secret, downwardAPI, projected }) => {
    const told = (what: string, files: readonly File[]) =>
      overlaps(files).map((text) => `volume ${quote(name)} (${what}): overlapping paths: ${text}`);
    if (configMap?.items) return told(`ConfigMap ${quote(configMap.name)}`, filesOf(configMap.items, ""));
    if (secret?.items) return told(`Secret ${quote(secret.secretName)}`, filesOf(secret.items, ""));
    if (downwardAPI?.items) return told("DownwardAPI", filesOf(downwardAPI.items, ""));
    const sources = projected?.sources ?? [];
    const empty = sources.some((source) => !Object.values(source).some((one) => one !== undefined));
    return [
      ...(empty ? [`volume ${quote(name)} (Projected) has no sources provided`] : []),
      ...told("Projected", sources.flatMap(projectedFiles)),
    ];
  });
}

const filesOf = (items: readonly { path?: string }[], source: string): File[] => items.map(({ path = "" }) => ({ path, source }));

function projectedFiles(source: VolumeProjection): File[] {
  const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle: bundle, podCertificate } = source;
  if (configMap?.items) return filesOf(configMap.items, `ConfigMap ${quote(configMap.name)}`);
  if (secret?.items) return filesOf(secret.items, `Secret ${quote(secret.name)}`);
  if (downwardAPI?.items) return filesOf(downwardAPI.items, "DownwardAPI");
  if (serviceAccountToken) return filesOf([serviceAccountToken], "ServiceAccountToken");
  if (bundle) return filesOf([bundle], `ClusterTrustBundle ${quote(bundle.name ?? bundle.signerName)}`);
  const named: readonly (readonly [string | undefined, string])[] = [
    [podCertificate?.certificateChainPath, "PodCertificate chain"],
    [podCertificate?.keyPath, "PodCertificate key"],
    [podCertificate?.credentialBundlePath, "PodCertificate credential bundle"],
  ];
  return named.flatMap(([path, what]) => (path ? [{ path, source: what }] : []));
}

function overlaps(files: readonly File[]): string[] {
  const trimmed = files.map(({ path, source }) => ({ path: path.replace(/\/+$/, ""), source }));
  return trimmed.flatMap((file, i) =>
    trimmed
      .slice(0, i)
      .filter((other) => isWithin(file.path, other.path) || isWithin(other.path, file.path))
      .map((other) => `${print(file)} with ${print(other)}`),
  );
}

const isWithin = (inner: string, outer: string) => inner !== "" && outer !== "" && `${inner}/`.startsWith(`${outer}/`);

const print = ({ path, source }: File) => (source ? `${quote(path)} (${source})` : quote(path));
