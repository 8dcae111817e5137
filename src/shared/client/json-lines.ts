/** A byte stream of JSON values, one a line: what a watch sends. */

const NEWLINE = 0x0a;

/** Yields each value as soon as its line is complete; an incomplete last line is dropped (the connection broke inside it). */
export async function* readJsonLines<T>(stream: AsyncIterable<Buffer>): AsyncIterable<T> {
  let parts: Buffer[] = [];
  for await (const chunk of stream) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      parts.push(chunk.subarray(from, end));
      const line = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
      parts = [];
      from = end + 1;
      if (line.length) yield JSON.parse(line.toString()) as T;
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
  }
}
