/** What tables say of volumes and claims alike. */
const SHORT: readonly (readonly [mode: string, text: string])[] = [
  ["ReadWriteOnce", "RWO"],
  ["ReadOnlyMany", "ROX"],
  ["ReadWriteMany", "RWX"],
  ["ReadWriteOncePod", "RWOP"],
];

export const accessModesText = (modes: readonly string[] = []): string =>
  SHORT.filter(([mode]) => modes.includes(mode))
    .map(([, text]) => text)
    .join(",");

const CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class";

/** An annotation names the class of old volumes. */
export const classText = (
  { annotations }: { annotations?: Readonly<Record<string, string>> },
  className: string | undefined,
): string => annotations?.[CLASS_ANNOTATION] ?? className ?? "";
