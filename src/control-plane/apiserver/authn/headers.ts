/** Header values as HTTP libraries give them: repeated headers joined with a comma and a blank, or as a list. */

export function headerValues(value: string | readonly string[] | undefined): string[] {
  if (value === undefined) return [];
  return typeof value === "string" ? value.split(", ") : [...value];
}

/** Keys travel percent-encoded in header names. What does not decode stays as it is. */
export function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
