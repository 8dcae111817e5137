/** What the user did or the machine lacks: printed as one line, without a stack. */
export class Failure extends Error {
  override name = "Failure";
}

export function fail(message: string, cause?: unknown): never {
  throw new Failure(message, { cause });
}
