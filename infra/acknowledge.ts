import { Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * Accepts one finding of cdk-nag on one construct, with the reason. `finding` names it as cdk-nag does; values that are only known at
 * deployment may be in it.
 */
export function acknowledge(
  construct: IConstruct,
  rule: string,
  finding: { readonly kind: 'Resource' | 'Action' | 'Policy'; readonly value: string } | undefined,
  reason: string,
): void {
  const id = finding
    ? `AwsSolutions-${rule}[${finding.kind}::${flatten(Stack.of(construct).resolve(finding.value))}]`
    : `AwsSolutions-${rule}`;
  Validations.of(construct).acknowledge({ id, reason });
}

/** CloudFormation's functions as cdk-nag writes them: what is looked up stands in angle brackets. */
function flatten(value: unknown): string {
  if (typeof value === 'string') return value;
  const [name, argument] = Object.entries(value as Record<string, unknown>)[0] ?? [];
  if (name === 'Ref') return `<${argument}>`;
  if (name === 'Fn::GetAtt') return `<${(argument as string[]).join('.')}>`;
  if (name === 'Fn::Join') {
    const [delimiter, parts] = argument as [string, unknown[]];
    return parts.map(flatten).join(delimiter);
  }
  throw new Error(`cdk-nag's way of writing ${name} is not known here`);
}
