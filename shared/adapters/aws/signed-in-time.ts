import type { PutItemCommand } from '@aws-sdk/client-dynamodb';

/** An append may follow only a read of the tail that is not older than this. */
export const tailLifetimeMs = 5 * 60_000;
/** Signatures bear whole seconds: one may seem so much older than it is. */
const roundedMs = 1_000;

/**
 * Fails the command with `stale` where the time that its signature bears is not within the lifetime of a tail read at `readAt` (ms since
 * 1970). By that time and no other: the service itself refuses the request when it has grown old on the way.
 */
export function signedInTime(command: PutItemCommand, readAt: number, stale: () => Error): void {
  command.middlewareStack.addRelativeTo(
    <A, R>(next: (args: A) => Promise<R>) =>
      (args: A): Promise<R> => {
        const signedAt = signatureTime(args);
        if (signedAt - readAt > tailLifetimeMs || signedAt < readAt - roundedMs) throw stale();
        return next(args);
      },
    { name: 'refuseStaleTail', relation: 'after', toMiddleware: 'httpSigningMiddleware' },
  );
}

/** What a signed request says of its time (whole seconds, ISO 8601 in its basic form), ms. */
function signatureTime(args: unknown): number {
  const { headers } = (args as { request: { headers: Record<string, string> } }).request;
  const [, day, time] = /^(\d{8})T(\d{6})Z$/.exec(headers['x-amz-date'] ?? '') ?? [];
  if (day === undefined || time === undefined) throw new Error('an append was not signed');
  const [year, month, date] = [day.slice(0, 4), day.slice(4, 6), day.slice(6)];
  return Date.parse(`${year}-${month}-${date}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}Z`);
}
