/** Long answers onto a stream: lists in slices that yield, watches with a bounded queue. */
import { pipeline, type Readable, type Writable } from "node:stream";
import type { EncodedWatch } from "../negotiation/encode.ts";

/** A watcher that lags this many bytes behind is dropped. */
const MAX_QUEUE_BYTES = 16 << 20;

/** Writes slice after slice, letting others run in between. */
export function writeChunks(stream: Writable, chunks: Iterator<Uint8Array>): void {
  const next = () => {
    if (stream.destroyed) return;
    try {
      const { done, value } = chunks.next();
      if (done) stream.end();
      else if (stream.write(value)) setImmediate(next);
      else stream.once("drain", next);
    } catch (error) {
      stream.destroy(error as Error); // the answer has begun: all that can be told is that it is not whole
    }
  };
  next();
}

/** Runs the watch until it ends or the client goes. Frames of one tick leave in one write. */
export function writeWatch(stream: Writable, watch: EncodedWatch): void {
  let corked = false;
  let ended = false;
  const stop = watch({
    write(frame) {
      if (stream.destroyed || ended) return false;
      if (!corked) {
        corked = true;
        stream.cork();
        process.nextTick(() => {
          corked = false;
          stream.uncork();
        });
      }
      stream.write(frame);
      if (stream.writableLength <= MAX_QUEUE_BYTES) return true;
      stream.destroy();
      return false;
    },
    end() {
      if (ended) return;
      ended = true;
      stream.end();
    },
  });
  stream.once("close", () => {
    ended = true;
    stop();
  });
}

/** Bytes of a backend as they come; an end on either side ends the other. */
export function writeStream(stream: Writable, source: Readable): void {
  pipeline(source, stream, () => {}); // whichever side broke, both are destroyed by now
}
