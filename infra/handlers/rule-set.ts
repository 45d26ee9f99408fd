import {
  DescribeActiveReceiptRuleSetCommand,
  SESClient,
  SetActiveReceiptRuleSetCommand,
} from '@aws-sdk/client-ses';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';

type Sender = Pick<SESClient, 'send'>;
type Answer = { readonly Status: 'SUCCESS' | 'FAILED'; readonly Reason?: string };

/**
 * Makes a receipt rule set the active one of the region, or stops receiving when it is deleted. There is one active set a region: where
 * another is active (a person's, WorkMail's), that one stays and the deployment fails with its name.
 */
export async function activate(ses: Sender, event: CloudFormationCustomResourceEvent): Promise<Answer> {
  const ours: string = event.ResourceProperties.RuleSet;
  const active = (await ses.send(new DescribeActiveReceiptRuleSetCommand({}))).Metadata?.Name;
  if (event.RequestType === 'Delete') {
    if (active === ours) await ses.send(new SetActiveReceiptRuleSetCommand({}));
    return { Status: 'SUCCESS' };
  }
  const before = event.RequestType === 'Update' ? event.OldResourceProperties.RuleSet : undefined;
  if (active !== undefined && active !== ours && active !== before)
    return {
      Status: 'FAILED',
      Reason: `the receipt rule set "${active}" is active in this region and was left so: deactivate it, or deploy to another region`,
    };
  if (active !== ours) await ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: ours }));
  return { Status: 'SUCCESS' };
}

export async function handler(event: CloudFormationCustomResourceEvent): Promise<void> {
  const answer = await activate(new SESClient(), event).catch(
    (cause: unknown): Answer => ({ Status: 'FAILED', Reason: String(cause) }),
  );
  const response = await fetch(event.ResponseURL, {
    method: 'PUT',
    body: JSON.stringify({
      ...answer,
      PhysicalResourceId: 'active-receipt-rule-set',
      StackId: event.StackId,
      RequestId: event.RequestId,
      LogicalResourceId: event.LogicalResourceId,
    }),
  });
  if (!response.ok) throw new Error(`CloudFormation took the answer with ${response.status}`);
}
