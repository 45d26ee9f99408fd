import type { SMTPServerDataStream } from 'smtp-server';

/**
 * Within each such stretch of a message so many octets must come: a kilobyte a second, which every line can. Silence alone (RFC 5321 §4.5.3.2.5)
 * does not end who sends an octet a minute, and what came of a message keeps memory that all share.
 */
const stretchMs = 5 * 60_000;
const leastOctets = 300 * 1024;

/** Calls `cut` where a message comes too slowly; what it returns ends the watch. Octets that wait to be read here are not the sender's fault. */
export function watchPace(stream: SMTPServerDataStream, cut: () => void): () => void {
  let before = 0;
  const timer = setInterval(() => {
    const came = stream.byteLength - before;
    before = stream.byteLength;
    if (came < leastOctets && stream.readableLength === 0) cut();
  }, stretchMs);
  timer.unref();
  const stop = () => clearInterval(timer);
  stream.once('end', stop);
  return stop;
}
