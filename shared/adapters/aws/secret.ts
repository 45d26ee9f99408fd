import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Calls, tableLimits } from './calls.ts';
import { isNamed } from './failure.ts';

/** Reads a secret's text again and again: undefined where nothing was ever put into it. Throws ServiceFailure where it cannot be asked. */
export function secretReader(id: string, region?: string): () => Promise<string | undefined> {
  const client = new SecretsManagerClient({ maxAttempts: 1, ...(region !== undefined && { region }) });
  const calls = new Calls(tableLimits);
  const isMissing = (cause: unknown) => isNamed(cause, 'ResourceNotFoundException');
  return async () => {
    try {
      const answer = await calls.repeat(
        'read a secret',
        (abortSignal) => client.send(new GetSecretValueCommand({ SecretId: id }), { abortSignal }),
        isMissing,
      );
      return answer.SecretString;
    } catch (cause) {
      if (isMissing(cause)) return undefined;
      throw cause;
    }
  };
}
