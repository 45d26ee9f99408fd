import { CodeBuildClient, StartBuildCommand } from '@aws-sdk/client-codebuild';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';

/**
 * Starts the build of the image and leaves: the build itself tells CloudFormation how it ended, so that nothing waits and nothing
 * polls. Only a build that could not be started is answered for here.
 */
export async function handler(event: CloudFormationCustomResourceEvent): Promise<void> {
  const source: string = event.ResourceProperties.Source;
  const answer = async (fields: { readonly Status: string; readonly Reason?: string }) => {
    const physical = event.RequestType === 'Create' ? source : event.PhysicalResourceId;
    const response = await fetch(event.ResponseURL, {
      method: 'PUT',
      body: JSON.stringify({
        ...fields,
        PhysicalResourceId: physical,
        StackId: event.StackId,
        RequestId: event.RequestId,
        LogicalResourceId: event.LogicalResourceId,
      }),
    });
    if (!response.ok) throw new Error(`CloudFormation took the answer with ${response.status}`);
  };
  if (event.RequestType === 'Delete') return answer({ Status: 'SUCCESS' });
  const variables = {
    RESPONSE_URL: event.ResponseURL,
    STACK_ID: event.StackId,
    REQUEST_ID: event.RequestId,
    RESOURCE_ID: event.LogicalResourceId,
    SOURCE: source,
  };
  try {
    await new CodeBuildClient().send(
      new StartBuildCommand({
        projectName: event.ResourceProperties.Project,
        environmentVariablesOverride: Object.entries(variables).map(([name, value]) => ({ name, value })),
      }),
    );
  } catch (cause) {
    await answer({ Status: 'FAILED', Reason: String(cause) });
  }
}
