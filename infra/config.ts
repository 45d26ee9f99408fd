import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { exposedPorts } from './ports.ts';

const hostName = z
  .string()
  .regex(
    /^(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+$/,
    'is a host name in lower case, such as mail.example.com',
  );
const days = (fallback: number, max = 3650) => z.int().min(1).max(max).default(fallback);

/** Which of the mail services a task runs. The small profile runs all of them in one. */
const taskSize = z.strictObject({
  /** In units of a 1,024th of a processor, as Fargate sells them. */
  cpu: z.union([z.literal(256), z.literal(512), z.literal(1024), z.literal(2048), z.literal(4096)]),
  /** In MiB; not every pair with `cpu` is on sale. */
  memory: z.int().min(512).max(30_720),
  tasks: z.strictObject({ min: z.int().min(1).max(200), max: z.int().min(1).max(200) }),
  /** What a task should hold at most; more of them are started beyond. */
  connectionsPerTask: z.int().min(100).max(50_000).default(8000),
});

/** Sessions of SMTP are short and work all the time: a listener takes 2,000 of them at once, whatever there is to be had. */
const smtpTaskSize = taskSize.extend({ connectionsPerTask: z.int().min(100).max(1600).default(1000) });

/** Memory in MiB that Fargate sells with so much processor. */
const memoryOnSale: Readonly<Record<number, readonly [min: number, max: number]>> = {
  256: [512, 2048],
  512: [1024, 4096],
  1024: [2048, 8192],
  2048: [4096, 16_384],
  4096: [8192, 30_720],
};

const schema = z
  .strictObject({
    /** Begins the name of every stack; several installations of one region differ in it. */
    name: z.string().regex(/^[a-z][a-z0-9-]{1,20}$/, 'is 2 to 21 of a-z, 0-9 and -'),
    account: z
      .string()
      .regex(/^\d{12}$/)
      .optional(),
    region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/),
    /** What clients connect to, and what the certificate is for. */
    hostname: hostName,
    /** The Route 53 zone that `hostname` lies in. Without it, the DNS records are printed for you to set. */
    hostedZone: z.strictObject({ id: z.string().regex(/^Z[A-Z0-9]{5,31}$/), name: hostName }).optional(),
    /** 'keep' where mail is real: nothing that holds it can be deleted by a mistaken command. */
    mail: z.enum(['keep', 'disposable']).default('keep'),
    certificate: z.discriminatedUnion('kind', [
      /** A public certificate of ACM's that may be exported; renewed by ACM, brought to the tasks by a Lambda. */
      z.strictObject({ kind: z.literal('acm') }),
      /** You put PEM text into the secret whose name the stack prints: {"cert": "…", "key": "…"}. */
      z.strictObject({ kind: z.literal('own') }),
    ]),
    image: z.discriminatedUnion('kind', [
      /** Built at deployment from this checkout, by CodeBuild on ARM. */
      z.strictObject({ kind: z.literal('codebuild') }),
      /** Built elsewhere and pushed to ECR. */
      z.strictObject({
        kind: z.literal('digest'),
        repository: z.string().min(2),
        digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
      }),
    ]),
    services: z.discriminatedUnion('profile', [
      z.strictObject({ profile: z.literal('small'), all: taskSize }),
      z.strictObject({
        profile: z.literal('large'),
        imap: taskSize,
        pop3: taskSize,
        submission: smtpTaskSize,
      }),
    ]),
    features: z.strictObject({
      /** Changes reach clients on other tasks within a second, instead of 15. */
      valkey: z.boolean().default(false),
      /** Take mail by SMTP on port 25 instead of by SES. */
      ownMx: z.boolean().default(false),
      /** Ports 143, 110 and 587 beside 993, 995 and 465. */
      startTlsPorts: z.boolean().default(false),
      /** Accounts' mail may go on to addresses in domains of others, by SES. */
      forwardOutside: z.boolean().default(false),
      /** The admin API, behind API Gateway. Without it, the command line works on the tables. */
      adminApi: z.boolean().default(true),
      /** No task has a public address; interface endpoints are paid for instead. */
      privateSubnets: z.boolean().default(false),
    }),
    network: z
      .strictObject({
        cidr: z
          .string()
          .regex(/^\d{1,3}(\.\d{1,3}){3}\/(1[6-9]|2[0-2])$/)
          .default('10.90.0.0/20'),
        zones: z.union([z.literal(2), z.literal(3)]).default(2),
      })
      .prefault({}),
    receiving: z
      .strictObject({
        /**
         * Calls at once of the function that delivers what SES received: a call delivers up to ten messages in about three quarters of a second.
         * A new AWS account has ten for all its functions.
         */
        concurrency: z.int().min(2).max(1000).default(5),
      })
      .prefault({}),
    retention: z
      .strictObject({
        /** How long an expunged message can be brought back. */
        expungedDays: days(14, 90),
        trashDays: days(30),
        junkDays: days(30),
        logDays: z
          .union([z.literal(7), z.literal(14), z.literal(30), z.literal(90), z.literal(365)])
          .default(30),
      })
      .prefault({}),
    /** Of what owners of full accounts are told. */
    noticeLanguage: z.enum(['en', 'de']).default('en'),
    /** Alarms are mailed here: best an address that this installation does not serve. */
    alarmEmail: z.email().optional(),
  })
  .superRefine((config, context) => {
    const sizes = Object.entries(config.services).filter(([name]) => name !== 'profile');
    for (const [name, size] of sizes as [string, z.infer<typeof taskSize>][]) {
      const path = ['services', name];
      const [min, max] = memoryOnSale[size.cpu] ?? [0, 0];
      if (size.memory < min || size.memory > max || (size.memory % 1024 !== 0 && size.memory !== 512))
        context.addIssue({
          code: 'custom',
          path: [...path, 'memory'],
          message: `with cpu ${size.cpu} Fargate sells ${min} to ${max} MiB, in steps of 1024`,
        });
      if (size.tasks.max < size.tasks.min)
        context.addIssue({ code: 'custom', path: [...path, 'tasks', 'max'], message: 'is less than min' });
    }
    // Subnets of 256 addresses, and the place of a third zone is kept free.
    const blocks = 2 ** (24 - Number(config.network.cidr.split('/')[1]));
    if ((config.features.privateSubnets || config.features.valkey) && blocks < 6)
      context.addIssue({
        code: 'custom',
        path: ['network', 'cidr'],
        message: 'has no room for private subnets beside the public ones: choose /21 or wider',
      });
    const ports = exposedPorts(config).length;
    if (config.services.profile === 'small' && ports > targetGroups)
      context.addIssue({
        code: 'custom',
        path: ['features', 'startTlsPorts'],
        message: `makes ${ports} ports of one service, and ECS attaches ${targetGroups} target groups to one: choose the profile large`,
      });
    const { hostedZone, hostname } = config;
    if (hostedZone && hostname !== hostedZone.name && !hostname.endsWith(`.${hostedZone.name}`))
      context.addIssue({
        code: 'custom',
        path: ['hostname'],
        message: `is not in the zone ${hostedZone.name}`,
      });
    if (config.certificate.kind === 'acm' && !hostedZone)
      context.addIssue({
        code: 'custom',
        path: ['certificate'],
        message: 'ACM validates over DNS: name the hostedZone, or bring a certificate of your own',
      });
    if (!config.features.ownMx && !receivingRegions.has(config.region))
      context.addIssue({
        code: 'custom',
        path: ['region'],
        message: `SES receives no mail in ${config.region}: choose another region, or features.ownMx`,
      });
  });

/** At most so many belong to one service of ECS. */
const targetGroups = 5;

/** Where SES has receiving endpoints, as of November 2026. */
export const receivingRegions: ReadonlySet<string> = new Set([
  ...['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2', 'ca-central-1', 'sa-east-1'],
  ...['eu-west-1', 'eu-west-2', 'eu-west-3', 'eu-central-1', 'eu-north-1', 'eu-south-1'],
  ...['ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3', 'ap-south-1', 'ap-southeast-1', 'ap-southeast-2'],
  ...['ap-southeast-3', 'me-south-1', 'af-south-1', 'il-central-1'],
]);

/** An installation, checked: the one file that says what is deployed. */
export type Config = z.infer<typeof schema>;
export type TaskSize = z.infer<typeof taskSize>;

/** The error is one line a complaint, with the place in the file that it is about. */
export function parseConfig(json: unknown): Config {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => `  ${path.join('.') || '(all)'}: ${message}`);
  throw new Error(`the configuration is not right:\n${lines.join('\n')}`);
}

export function readConfig(file: string): Config {
  try {
    return parseConfig(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new Error(`${file}: ${(cause as Error).message}`);
  }
}
