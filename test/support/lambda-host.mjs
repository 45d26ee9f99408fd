// The part of Lambda: loads a bundle and calls its handler with the events that its parent sends.
const { handler } = await import(process.argv[2]);
const minutes = 5 * 60_000;

process.on('message', async ({ id, event }) => {
  const until = Date.now() + minutes;
  const context = { awsRequestId: String(id), getRemainingTimeInMillis: () => until - Date.now() };
  const peak = () => process.resourceUsage().maxRSS * 1024;
  // As there, nothing but what the handler itself waits for keeps the process going.
  process.channel.unref();
  try {
    const value = await handler(event, context);
    process.send({ id, value, peak: peak() });
  } catch (cause) {
    process.send({ id, error: String(cause?.stack ?? cause), peak: peak() });
  } finally {
    process.channel.ref();
  }
});
