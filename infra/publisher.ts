import { Aws } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Topic } from 'aws-cdk-lib/aws-sns';

/** Lets a service publish for this account: a topic's own policy takes the place of the one that lets whoever belongs to the account. */
export function letPublish(topic: Topic, service: string): void {
  topic.addToResourcePolicy(
    new PolicyStatement({
      principals: [
        new ServicePrincipal(service, {
          conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
        }),
      ],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
    }),
  );
}
