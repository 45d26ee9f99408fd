import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installFolder, installGoProgram, onceInstalled, runInstaller } from '../../support/install-once.ts';

/** The classes and native libraries of DynamoDB Local, by Maven. Answers their folder. */
export async function installDynamoDbLocal(): Promise<string> {
  const folder = join(installFolder, 'dynamodb-local');
  const pom = fileURLToPath(new URL('./pom.xml', import.meta.url));
  await onceInstalled(folder, (draft) =>
    runInstaller('mvn', [
      ...['-q', '-B', '-f', pom],
      ...['dependency:copy-dependencies', `-DoutputDirectory=${draft}`],
    ]),
  );
  return folder;
}

/** versitygw, which holds S3's rules more strictly than s3rver, from its module. Answers its path. */
export const installVersityGateway = (): Promise<string> =>
  installGoProgram('versitygw', 'github.com/versity/versitygw/cmd/versitygw@v1.8.0');
