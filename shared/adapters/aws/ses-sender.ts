import { SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';

/** Long enough for a message of 40 MB; a lost answer is not asked for again, since mail would go out twice. */
const timeoutMs = 60_000;

/** Sends raw messages by SES v2, in the region where the domains are verified. Throws the SDK's errors. */
export function sesSender(region: string) {
  const client = new SESv2Client({ region, maxAttempts: 1 });
  return async (message: {
    readonly sender: string;
    readonly recipients: readonly string[];
    readonly raw: Uint8Array;
  }): Promise<void> => {
    await client.send(
      new SendEmailCommand({
        FromEmailAddress: message.sender,
        Destination: { ToAddresses: [...message.recipients] },
        Content: { Raw: { Data: message.raw } },
      }),
      { abortSignal: AbortSignal.timeout(timeoutMs) },
    );
  };
}
