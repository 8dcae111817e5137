/**
 * Keeps a stream of events readable: repeats become a count, floods of similar ones become one line, and what still is too much is dropped.
 *
 * - More than 10 different messages of one source, object, type and reason within 10 minutes are shown as one event,
 *   `(combined from similar events): …`.
 * - The same event again raises the count of the one that is stored.
 * - One source may tell about one object 25 times at once, and then once in five minutes.
 *
 * @source staging/src/k8s.io/client-go/tools/record/events_cache.go v1.36
 */
const REMEMBERED = 4096;
const SIMILAR_MAX = 10;
const SIMILAR_WINDOW_MS = 10 * 60_000;
const BURST = 25;
const REFILL_MS = 5 * 60_000;

export interface Occurrence {
  /** Source and object. */
  subject: string;
  type: string;
  reason: string;
  message: string;
}

export interface Stored {
  name: string;
  namespace: string;
  count: number;
}

export interface Verdict {
  message: string;
  /** Events of one key are one stored event with a count. */
  key: string;
}

export class EventCorrelator {
  readonly #similar = new Bounded<{ messages: Set<string>; last: number }>();
  readonly #stored = new Bounded<Stored>();
  readonly #tokens = new Bounded<{ tokens: number; last: number }>();

  /** undefined: drop it. */
  judge(event: Occurrence, now: number): Verdict | undefined {
    const group = `${event.subject}|${event.type}|${event.reason}`;
    const combined = this.#isFlood(group, event.message, now);
    const key = combined ? group : `${group}|${event.message}`;
    if (!this.#takeToken(event.subject, now)) return undefined;
    return { message: combined ? `(combined from similar events): ${event.message}` : event.message, key };
  }

  /** What is stored under a key already, and is to be counted up. */
  stored(key: string): Stored | undefined {
    return this.#stored.get(key);
  }

  remember(key: string, stored: Stored): void {
    this.#stored.set(key, stored);
  }

  #isFlood(group: string, message: string, now: number): boolean {
    let record = this.#similar.get(group);
    if (!record || now - record.last > SIMILAR_WINDOW_MS) record = { messages: new Set(), last: now };
    record.last = now;
    this.#similar.set(group, record);
    if (record.messages.has(message)) return false;
    if (record.messages.size >= SIMILAR_MAX) return true;
    record.messages.add(message);
    return false;
  }

  #takeToken(subject: string, now: number): boolean {
    const bucket = this.#tokens.get(subject) ?? { tokens: BURST, last: now };
    bucket.tokens = Math.min(BURST, bucket.tokens + (now - bucket.last) / REFILL_MS);
    bucket.last = now;
    this.#tokens.set(subject, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }
}

/** A map that forgets what was set longest ago. */
class Bounded<V> {
  readonly #map = new Map<string, V>();

  get(key: string): V | undefined {
    return this.#map.get(key);
  }

  set(key: string, value: V): void {
    this.#map.delete(key);
    this.#map.set(key, value);
    if (this.#map.size > REMEMBERED) this.#map.delete(this.#map.keys().next().value!);
  }
}
