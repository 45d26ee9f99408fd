/** How long the store may be silent before a server that has served says that it cannot, ms. */
const tolerated = 3 * 60_000;
/** How long an answer is waited for, ms: less than a balancer waits for its own. */
const patience = 2_000;

/**
 * Tells whether a server can do its work as far as the store goes. Until the store has answered once: whether it answers. From then on a store that is
 * silent for minutes is all servers' trouble, and none of them is better off for being replaced: what replaces it would find the same, and
 * its clients would all come back at once. At most one question is under way.
 */
export function createStoreCheck(
  ask: () => Promise<unknown>,
  now: () => number = Date.now,
): () => Promise<boolean> {
  let answeredAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;
  const askOnce = async (): Promise<void> => {
    try {
      await ask();
      answeredAt = now();
    } catch {
      // What matters is how long ago the last answer is.
    } finally {
      asking = undefined;
    }
  };
  return async () => {
    asking ??= askOnce();
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patience).unref();
    });
    await Promise.race([asking, enough]);
    clearTimeout(timer);
    return now() - answeredAt < tolerated;
  };
}
