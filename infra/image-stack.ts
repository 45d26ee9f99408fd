import { CustomResource, Duration, IgnoreMode, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { BuildSpec, LinuxArmBuildImage, Project, Source } from 'aws-cdk-lib/aws-codebuild';
import { Repository, TagMutability } from 'aws-cdk-lib/aws-ecr';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { checkout, imageSources } from './bundle.ts';
import type { Config } from './config.ts';
import { MailFunction } from './function.ts';
import { tell } from './parameters.ts';

export interface ImageStackProps extends StackProps {
  readonly config: Config;
}

/** The answer to CloudFormation, written by the build: the image's digest, or where to read why there is none. */
const answer = [
  'DIGEST=$(docker inspect --format "{{index .RepoDigests 0}}" $IMAGE_REPOSITORY:$SOURCE | cut -d@ -f2 || true)',
  'if [ "$CODEBUILD_BUILD_SUCCEEDING" = 1 ] && [ -n "$DIGEST" ]; then STATUS=SUCCESS; else STATUS=FAILED; fi',
  `jq -n --arg status "$STATUS" --arg digest "$DIGEST" --arg source "$SOURCE" --arg stack "$STACK_ID" --arg request "$REQUEST_ID" --arg resource "$RESOURCE_ID" --arg log "see build $CODEBUILD_BUILD_ID" '{Status: $status, Reason: $log, PhysicalResourceId: $source, StackId: $stack, RequestId: $request, LogicalResourceId: $resource, Data: {Digest: $digest}}' > answer.json`,
  'curl --fail --silent --show-error --retry 5 --request PUT --header "content-type:" --data-binary @answer.json "$RESPONSE_URL"',
];

/** The container image, built on ARM from this checkout: what deploys it needs neither Docker nor an ARM machine. */
export class ImageStack extends Stack {
  constructor(scope: Construct, id: string, { config, ...props }: ImageStackProps) {
    super(scope, id, props);
    const repository = new Repository(this, 'Images', {
      imageScanOnPush: true,
      imageTagMutability: TagMutability.MUTABLE,
      emptyOnDelete: true,
      removalPolicy: RemovalPolicy.DESTROY,
      lifecycleRules: [{ maxImageCount: 20, description: 'Enough to go back to' }],
    });
    const source = new Asset(this, 'Source', {
      path: checkout,
      // Everything but these: patterns as in a .dockerignore, where the last that matches decides.
      ignoreMode: IgnoreMode.DOCKER,
      exclude: ['*', ...imageSources.map((path) => `!${path}`)],
    });
    const project = new Project(this, 'Build', {
      description: 'Builds the container image of Restante',
      source: Source.s3({ bucket: source.bucket, path: source.s3ObjectKey }),
      environment: { buildImage: LinuxArmBuildImage.AMAZON_LINUX_2023_STANDARD_3_0, privileged: true },
      environmentVariables: { IMAGE_REPOSITORY: { value: repository.repositoryUri } },
      timeout: Duration.minutes(20),
      queuedTimeout: Duration.minutes(10),
      buildSpec: BuildSpec.fromObject({
        version: '0.2',
        phases: {
          pre_build: {
            commands: [
              'aws ecr get-login-password | docker login --username AWS --password-stdin $(dirname $IMAGE_REPOSITORY)',
            ],
          },
          build: {
            commands: [
              'docker build --tag $IMAGE_REPOSITORY:$SOURCE .',
              'docker push $IMAGE_REPOSITORY:$SOURCE',
            ],
          },
          post_build: { commands: answer },
        },
      }),
    });
    repository.grantPullPush(project);
    acknowledge(
      project,
      'CB3',
      undefined,
      'docker build needs a privileged environment; it lives for one build and holds no secret.',
    );
    acknowledge(
      project,
      'CB4',
      undefined,
      'The artefact is an image in ECR, which encrypts it; the build keeps none of its own.',
    );
    this.#acknowledgeGrants(project);

    const start = new MailFunction(this, 'StartBuild', {
      config,
      bundle: 'start-build',
      description: 'starts the build of the image at deployment',
      memory: 256,
      timeout: Duration.seconds(30),
    });
    start.role.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['codebuild:StartBuild'], resources: [project.projectArn] }),
    );
    const built = new CustomResource(this, 'Built', {
      serviceToken: start.lambda.functionArn,
      resourceType: 'Custom::ContainerImage',
      properties: { Project: project.projectName, Source: source.assetHash },
      serviceTimeout: Duration.minutes(35),
    });
    built.node.addDependency(start);
    tell(this, config, 'image/repository', repository.repositoryName);
    tell(this, config, 'image/uri', `${repository.repositoryUri}@${built.getAttString('Digest')}`);
  }

  /** What CDK's own grants contain, none of it wider than this project, its logs and its one source object. */
  #acknowledgeGrants(project: Project): void {
    const { partition, region, account } = this;
    const findings = [
      ['Resource', '*', 'ECR knows no resource for its sign-in token.'],
      ['Action', 's3:GetObject*', 'Reads of the one source object, as CDK grants them.'],
      ['Action', 's3:GetBucket*', 'Reads of the one source object, as CDK grants them.'],
      ['Action', 's3:List*', 'Reads of the one source object, as CDK grants them.'],
      [
        'Resource',
        `arn:${partition}:logs:${region}:${account}:log-group:/aws/codebuild/${project.projectName}:*`,
        'Streams of its own log.',
      ],
      [
        'Resource',
        `arn:${partition}:codebuild:${region}:${account}:report-group/${project.projectName}-*`,
        'Reports of its own.',
      ],
    ] as const;
    const role = project.role!;
    for (const [kind, value, reason] of findings) acknowledge(role, 'IAM5', { kind, value }, reason);
  }
}
