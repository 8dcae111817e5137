/** Reads a request body with a limit. */
import type { Readable } from "node:stream";
import { badRequest, requestEntityTooLarge } from "../../../shared/apimachinery/errors.ts";

const nothing = Buffer.alloc(0);

/**
 * @param length what the client announced: with that many bytes the body is complete, and the stream is left paused before its end
 *   (an HTTP/2 stream whose end was seen is destroyed while its answer is still being written, which costs an Error each)
 */
export function readBody(stream: Readable, limit: number, length?: number): Promise<Uint8Array> {
  if (stream.readableEnded) return Promise.resolve(nothing);
  return new Promise((resolve, reject) => {
    let first: Buffer | undefined;
    let chunks: Buffer[] | undefined;
    let size = 0;
    let done = false;
    stream.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        if (!done) reject(requestEntityTooLarge(`Request entity too large: limit is ${limit}`));
        done = true;
      } else if (!first) first = chunk;
      else (chunks ??= [first]).push(chunk);
      if (size === length && !done) {
        stream.pause();
        finish();
      }
    });
    const finish = () => {
      done = true;
      resolve(chunks ? Buffer.concat(chunks, size) : (first ?? nothing));
    };
    stream.on("end", finish);
    stream.on("close", () => {
      if (!done) reject(badRequest("unexpected EOF"));
    });
  });
}
