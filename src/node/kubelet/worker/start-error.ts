/** Why a container could not be started: the waiting reason and message of its status, and when another try makes sense. */
export class StartError extends Error {
  readonly reason: string;
  /** Milliseconds since the epoch; undefined: the usual pause. */
  readonly retryAt: number | undefined;

  constructor(reason: string, message: string, retryAt?: number) {
    super(message);
    this.name = "StartError";
    this.reason = reason;
    this.retryAt = retryAt;
  }
}
